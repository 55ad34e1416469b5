"""What stock checks before customers come to a store: counted lately, every code known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub import clock
from hub.integration.checking import SHOULD, Check, Found
from hub.stores.models import PosConnection, Store
from inventory.models import FeedLayout, StockLevel, StoreFeed, UnmappedCode

COUNTED_WITHIN = timedelta(hours=24)
MINUTE = 60


def _counted(stores: Sequence[Store]) -> Mapping[int, Found]:
    """By its last complete snapshot; a store without one by its newest partial count."""
    told = dict(StoreFeed.objects.filter(store__in=stores).values_list("store", "counted_as_of"))
    rest = [store.pk for store in stores if store.pk not in told]
    rows = StockLevel.objects.filter(store__in=rest, counted_at__isnull=False)
    told |= dict(rows.values_list("store").annotate(Max("counted_at")))
    return {store.pk: _of_age(told.get(store.pk)) for store in stores}


def _of_age(at: datetime | None) -> Found:
    link = reverse("admin:inventory_stockfile_changelist")
    if at is None:
        return Found(False, _("its stock has never been counted"), link)
    hours = (clock.now() - at).total_seconds() / 3600
    said = _("counted %(hours)d hours ago") if hours >= 1 else _("counted within the hour")
    return Found(hours <= COUNTED_WITHIN.total_seconds() / 3600, said % {"hours": int(hours)}, link)


def _feed(stores: Sequence[Store]) -> Mapping[int, Found]:
    rows = {row.store_id: row for row in StoreFeed.objects.filter(store__in=stores)}
    return {store.pk: _punctual(rows.get(store.pk)) for store in stores}


def _punctual(row: StoreFeed | None) -> Found:
    link = reverse("admin:inventory_storefeed_changelist")
    if row is None or not row.expected_minutes:
        return Found(False, _("nobody has said how often its stock should come"), link)
    late = (clock.now() - row.counted_as_of).total_seconds() / MINUTE - row.expected_minutes
    if late > 0:
        return Found(False, _("its stock is %(minutes)d min late") % {"minutes": int(late)}, link)
    said = _("expected every %(minutes)d min, and on time") % {"minutes": row.expected_minutes}
    return Found(True, said, link)


def _mapped(stores: Sequence[Store]) -> Mapping[int, Found]:
    """Codes of the sources that speak for the store alone: its POS, and layouts of its files."""
    sources: dict[int, set[str]] = {}
    till = PosConnection.objects.filter(store__in=stores).values_list("store", "public_id")
    files = FeedLayout.objects.filter(store__in=stores).values_list("store", "source")
    for store, source in (*till, *files):
        sources.setdefault(store, set()).add(source)
    asked = {source for mine in sources.values() for source in mine}
    rows = UnmappedCode.objects.filter(source__in=asked).values_list("source")
    counts = dict(rows.annotate(Count("pk")))
    return {
        store.pk: _known(sum(counts.get(source, 0) for source in sources.get(store.pk, ())))
        for store in stores
    }


def _known(unmapped: int) -> Found:
    said = ngettext(
        "%(count)d code stands for nothing", "%(count)d codes stand for nothing", unmapped
    )
    link = reverse("admin:inventory_unmappedcode_changelist")
    return Found(not unmapped, said % {"count": unmapped} if unmapped else _("all are known"), link)


CHECKS = [
    Check("counted", gettext_lazy("Stock counted within 24 h"), _counted, place=30, compares=True),
    Check("feed", gettext_lazy("Stock comes on time"), _feed, SHOULD, 32, compares=True),
    Check("codes", gettext_lazy("Codes of its sources"), _mapped, place=33, compares=True),
]
