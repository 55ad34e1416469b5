"""Today's figures of the stock core, for the first page of the staff workspace."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.staff.dashboard import Figure
from hub.stores.models import Store
from inventory.models import PullTask, StockFile


def figures(stores: QuerySet[Store]) -> list[Figure]:
    """What waits for a person; nothing where nothing does."""
    return [*_to_pull(stores), *_parked_files(stores)]


def _to_pull(stores: QuerySet[Store]) -> list[Figure]:
    """Recalled goods that still lie on the shelves of these stores."""
    tasks = PullTask.objects.filter(
        store__in=stores, done_at__isnull=True, recall__closed_at__isnull=True
    )
    count = tasks.count()
    link = f"{reverse('admin:inventory_pulltask_changelist')}?done_at__isempty=1"
    return [Figure(_("To pull"), str(count), _("recalled goods"), "danger", link)] if count else []


def _parked_files(stores: QuerySet[Store]) -> list[Figure]:
    """Stock files that wait for a decision, told to those who work for all stores."""
    if Store.objects.filter(active=True).exclude(pk__in=stores.values("pk")).exists():
        return []
    parked = StockFile.objects.filter(status=StockFile.Status.PARKED).count()
    if not parked:
        return []
    link = f"{reverse('admin:inventory_stockfile_changelist')}?status__exact=parked"
    return [Figure(_("Stock files"), str(parked), _("would cut much; decide"), "warning", link)]
