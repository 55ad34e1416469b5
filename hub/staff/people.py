"""Who a person is on a shared tablet."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from hub.staff.models import Tablet, TabletPerson

BACKEND = "hub.staff.people.TabletBackend"


class TabletBackend(BaseBackend):
    """Sessions begun on a tablet see their person narrowed to the store's rights."""

    def get_user(self, user_id: int) -> TabletPerson | None:
        """The person, while active."""
        return TabletPerson.objects.filter(pk=user_id, is_active=True).first()


def people_of(tablet: Tablet) -> QuerySet[TabletPerson]:
    """Who may work on the tablet: active staff named for its store."""
    people = TabletPerson.objects.filter(is_active=True, is_staff=True)
    return people.filter(store_scopes__store=tablet.store_id).order_by(
        "first_name", "last_name", "username"
    )


def switchers_of(tablet: Tablet) -> QuerySet[TabletPerson]:
    """Those of them who have a badge or a PIN."""
    keyed = Q(staff_key__badge_hash__isnull=False) | ~Q(staff_key__pin="")
    return people_of(tablet).filter(keyed, staff_key__isnull=False).select_related("staff_key")


def name_of(person: User) -> str:
    """What colleagues call the person."""
    return person.get_full_name() or person.get_username()


def own_pages(_: HttpRequest) -> list[dict[str, Any]]:
    """What the menu behind one's own name leads to."""
    return [
        {"title": gettext("Badge, PIN and second factor"), "link": reverse("staff:me")},
        {"title": gettext("Change password"), "link": reverse("admin:password_change")},
    ]
