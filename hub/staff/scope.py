# ruff: noqa: ARG002  an override takes all that Django passes
"""Who may see which store's pages: superusers all, everybody else the stores they are named for,
or all when a role says so; on a tablet nobody more than the tablet's."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db import models
from django.http import HttpRequest

from hub.staff.pages import (
    WORK_IN_ALL,
    HubAdmin,
    ReadOnlyAdmin,
    is_named_for_stores,
    is_store_bound,
)
from hub.stores.models import Store
from hub.stores.services import stores_of

M = TypeVar("M", bound=models.Model)


def works_in_stores(request: HttpRequest) -> bool:
    """Whether the person is staff with at least one store; asked once per request."""
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    if user.is_superuser or _works_everywhere(request):
        return True
    known: bool | None = getattr(request, "_works_in_stores", None)
    if known is None:
        known = stores_for(request).exists()
        request._works_in_stores = known  # type: ignore[attr-defined]
    return known


def stores_for(request: HttpRequest) -> models.QuerySet[Store]:
    """The stores whose rows this request may show: the person's, on a tablet only the tablet's."""
    tablet = getattr(request, "tablet", None)
    if tablet is not None:
        return stores_of(request.user).filter(pk=tablet.store_id)
    if _works_everywhere(request):
        return Store.objects.filter(active=True)
    return stores_of(request.user)


def _works_everywhere(request: HttpRequest) -> bool:
    """Whether a role lets the person work in every store, who is named for none."""
    on_tablet = getattr(request, "tablet", None) is not None
    if on_tablet or request.user.is_superuser or not request.user.is_active:
        return False
    return request.user.has_perm(WORK_IN_ALL) and not is_named_for_stores(request)


class ScopedAdmin(HubAdmin[M]):
    """A page of rows that belong to stores; rows of other stores do not exist for the person.

    ``store_path`` is the look-up from a row to its store.
    """

    store_path: ClassVar[str] = "store"

    def is_open_to(self, request: HttpRequest) -> bool:
        """Open to all staff: the queryset says which rows are theirs."""
        return True

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        """The rows of the person's stores."""
        rows = super().get_queryset(request)
        if is_store_bound(request):
            return self.of_stores(rows, stores_for(request))
        return rows

    def of_stores(
        self, rows: models.QuerySet[M], stores: models.QuerySet[Store]
    ) -> models.QuerySet[M]:
        """Narrow the rows to those of ``stores``."""
        return rows.filter(**{f"{self.store_path}__in": stores})

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Only the person's stores can be chosen."""
        if db_field.remote_field.model is Store:
            kwargs["queryset"] = stores_for(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class StoreWorkAdmin(ScopedAdmin[M], ReadOnlyAdmin[M]):
    """A scoped page that everyone who works in a store may read."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Shown to all who work in a store, and to those with Django's permission."""
        return works_in_stores(request) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Readable by all who work in a store, and to those with Django's permission; the
        queryset says which rows."""
        return works_in_stores(request) or super().has_view_permission(request, obj)
