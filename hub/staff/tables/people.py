# ruff: noqa: ARG002  an override takes all that the library passes
"""People as a table, by their user names, with their roles and stores by name.

There are no passwords in it: who is new gets an invitation to set one of his own.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hub.staff.ranks import outranks, roles_within
from hub.staff.tables.columns import Beside, Field, Kind, Text, Truth, column, wanted
from hub.staff.tables.resource import TableResource
from hub.stores.models import StaffScope, Store

_VALID = UnicodeUsernameValidator()


class Several(Kind):
    """Several names of those that are known, with commas between them."""

    def __init__(self, known: dict[str, Any], what: str) -> None:
        super().__init__()
        self._known, self._what = known, what

    def read(self, text: str) -> list[str]:
        """The names, in order; refuses those that are not known."""
        names = {name.strip() for name in text.split(",") if name.strip()}
        if unknown := sorted(names - self._known.keys()):
            raise ValueError(
                _("there is no %(what)s “%(value)s”")
                % {"what": self._what, "value": ", ".join(unknown)[:80]}
            )
        return sorted(names)

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """With commas."""
        return ", ".join(value or ())


class PersonResource(TableResource):
    """Staff by user name. Nobody gives roles beyond his own, or changes who may do more."""

    keys = ("username",)
    required = ("username",)

    class Meta(TableResource.Meta):
        model = User
        import_id_fields = ("username",)

    def columns(self) -> list[Field]:
        """Names, roles and stores."""
        self._roles = {one.name: one for one in roles_within(self.request)}
        self._stores = {one.code: one for one in Store.objects.filter(active=True)}
        return [
            column("username", Text(_user_name)),
            *(column(name, Text()) for name in ("first_name", "last_name", "email")),
            *(column("is_active", Truth()), column("is_staff", Truth())),
            Beside("roles", Several(self._roles, _("role")), _roles_of),
            Beside("stores", Several(self._stores, _("store")), _stores_of),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[User]:
        """Everybody: the page is for those who work in all stores."""
        return User.objects.prefetch_related("groups", "store_scopes__store")

    def after_init_instance(self, instance: User, new: bool, row: Any, **how: Any) -> None:
        """Who is new is staff and has no password."""
        super().after_init_instance(instance, new, row, **how)
        if new:
            instance.is_staff = True
            instance.set_unusable_password()
        elif outranks(instance, self.request):
            raise ValidationError(_("this person may do more than you"), code="not_allowed")

    def after_save_instance(self, instance: User, row: Any, **how: Any) -> None:
        """The person has just the roles and stores that the file names."""
        roles, stores = wanted(instance, "roles"), wanted(instance, "stores")
        if roles is not None:
            instance.groups.set([self._roles[name] for name in roles])
        if stores is not None:
            _name_for(instance, {self._stores[code].pk for code in stores})


def _name_for(person: User, stores: set[int]) -> None:
    known = {one.store_id: one for one in StaffScope.objects.filter(user=person)}
    for store, scope in known.items():
        if store not in stores:
            scope.delete()
    for store in sorted(stores - known.keys()):
        StaffScope.objects.create(user=person, store_id=store)


def _roles_of(person: User) -> list[str]:
    return sorted(one.name for one in person.groups.all())


def _stores_of(person: User) -> list[str]:
    return sorted(one.store.code for one in person.store_scopes.all() if one.store.active)


def _user_name(text: str) -> str:
    _VALID(text)
    return User.normalize_username(text)
