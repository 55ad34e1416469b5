"""Of which stores and days a report is, as the address of the page says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.staff.pages import is_store_bound
from hub.staff.scope import stores_for
from hub.stores.models import Store, StoreGroup
from orders.reporting.reading import View

LENGTHS: dict[int, str | Promise] = {
    7: gettext_lazy("7 days"),
    28: gettext_lazy("28 days"),
    90: gettext_lazy("90 days"),
}
STEPS: dict[str, str | Promise] = {
    "day": gettext_lazy("by day"),
    "week": gettext_lazy("by week"),
}
USUAL_LENGTH = 28
MOST_CHOICES = 200
_DIGITS = 9


@dataclass(frozen=True)
class Choice:
    """One entry of the list of stores and groups."""

    value: str
    words: str


@dataclass(frozen=True)
class Asked:
    """What a person asked for: ``of`` is «», «store:CODE» or «group:7»."""

    view: View
    of: str
    words: str
    length: int

    @property
    def query(self) -> str:
        """The same, for the address of another page."""
        values = {"of": self.of, "days": self.length, "step": self.view.step}
        return urlencode({name: value for name, value in values.items() if value})


def asked_of(request: HttpRequest) -> Asked:
    """The stores and days of the page; 404 for a store or group that is not the person's."""
    of = request.GET.get("of", "").replace("\0", "")
    if code := request.GET.get("code", "").replace("\0", "").strip():
        of = f"store:{code}"
    words, stores, zone = _stores(request, of)
    length = next((days for days in LENGTHS if str(days) == request.GET.get("days")), USUAL_LENGTH)
    step = request.GET.get("step", "")
    last = _today(zone)
    view = View(
        first=last - timedelta(days=length - 1),
        last=last,
        step=step if step in STEPS else "day",
        stores=stores,
    )
    return Asked(view, of, words, length)


def choices_of(request: HttpRequest) -> tuple[list[Choice], bool]:
    """All, groups and stores to choose from, and whether there are more stores than these."""
    visible = stores_seen(request)
    groups = StoreGroup.objects.filter(stores__in=visible).distinct()
    stores = list(visible.order_by("code")[: MOST_CHOICES + 1])
    found = [Choice("", _("All stores"))]
    found += [Choice(f"group:{group.pk}", group.name) for group in groups[:MOST_CHOICES]]
    found += [Choice(f"store:{store.code}", str(store)) for store in stores[:MOST_CHOICES]]
    return found, len(stores) > MOST_CHOICES


def stores_seen(request: HttpRequest) -> QuerySet[Store]:
    """The stores whose reports the person may read: where he works, or all when bound to none."""
    return stores_for(request) if is_store_bound(request) else Store.objects.filter(active=True)


def sees_chain(request: HttpRequest) -> bool:
    """Whether no active store is hidden from the person here."""
    seen = stores_seen(request).values("pk")
    return not Store.objects.filter(active=True).exclude(pk__in=seen).exists()


def _stores(request: HttpRequest, of: str) -> tuple[str, tuple[int, ...] | None, str]:
    """Words, keys (None: the chain) and a time zone."""
    visible = stores_seen(request)
    kind, _colon, value = of.partition(":")
    if kind == "store":
        store = visible.filter(code=value).first()
        if store is None:
            raise Http404
        return str(store), (store.pk,), store.timezone
    if kind == "group":
        return _group(visible, int(value)) if _is_key(value) else _nothing()
    if sees_chain(request):
        zone = visible.values_list("timezone", flat=True).first()
        return _("All stores"), None, zone or "UTC"
    found = list(visible.values_list("pk", "timezone"))
    return _("All your stores"), tuple(key for key, _zone in found), found[0][1] if found else "UTC"


def _group(visible: QuerySet[Store], key: int) -> tuple[str, tuple[int, ...] | None, str]:
    found = list(visible.filter(groups=key).values_list("pk", "timezone"))
    if not found:
        raise Http404
    name = StoreGroup.objects.values_list("name", flat=True).get(pk=key)
    return name, tuple(pk for pk, _zone in found), found[0][1]


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _DIGITS


def _nothing() -> tuple[str, tuple[int, ...] | None, str]:
    raise Http404


def _today(zone: str) -> date:
    """Today where the (first of the) stores are."""
    return clock.now().astimezone(ZoneInfo(zone)).date()
