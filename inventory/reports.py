"""Today's figures of the stock core, for the first page of the staff workspace."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse

from hub.staff.dashboard import Figure
from hub.stores.models import Store
from inventory.models import StockFile


def figures(stores: QuerySet[Store]) -> list[Figure]:
    """Stock files that wait for a decision, told to those who work for all stores."""
    if Store.objects.filter(active=True).exclude(pk__in=stores.values("pk")).exists():
        return []
    parked = StockFile.objects.filter(status=StockFile.Status.PARKED).count()
    if not parked:
        return []
    link = f"{reverse('admin:inventory_stockfile_changelist')}?status__exact=parked"
    return [Figure("Stock files", str(parked), "would cut much; decide", "warning", link)]
