"""Which stores a person sees on the integrator's pages."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from hub.staff.pages import is_store_bound
from hub.staff.scope import stores_for
from hub.stores.models import Store


def seen_stores(request: HttpRequest) -> QuerySet[Store]:
    """The stores that the person is named for; all for who sees every store."""
    if is_store_bound(request):
        return stores_for(request)
    return Store.objects.filter(active=True)
