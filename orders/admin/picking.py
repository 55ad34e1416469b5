"""The pick screen: one line at a time, its scan field in front; then bags and their places."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.staff.scope import StoreWorkAdmin
from hub.stores.models import Store
from inventory.models import BundlePart, ShelfPlace, Zone
from orders.admin import pick_steps
from orders.admin.boards import pick_link, work_link
from orders.admin.exceptions import MOST, Problem, add_source
from orders.admin.glossary import glossary_urls
from orders.admin.parts import part_for, person_of, tapped
from orders.admin.scanner import scanned_link, scanner_urls
from orders.admin.several import several_urls
from orders.admin.unsent import work_page, worker_view
from orders.admin.words import STATUS_TONES, due, local, span
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, PickEntry, ZonePick
from orders.picking.batches import Stop, stops_of
from orders.picking.claims import WALK, claims_of
from orders.picking.cold import limit_of, out_for, too_warm
from orders.picking.errors import UnknownCode
from orders.picking.queue import loads
from orders.picking.working import SHORT_REASONS, is_by_weight, is_later, is_open, left
from orders.reports import TO_PICK

MOST_KEPT = 60  # lines that a page has at hand for the time without contact
PICKABLE = [FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED, FulfillmentStatus.PICKING]


@admin.register(ZonePick)
class ZonePickAdmin(StoreWorkAdmin[ZonePick]):
    """Who picks which zone, and the screen on which that is done."""

    empty_note = gettext_lazy("Claims appear when somebody takes an order from the Pick board.")
    store_path = "fulfillment__store"
    list_display = ["fulfillment", "zone", "picker", "claimed_until", "out_since", "in_since"]
    list_filter = ["zone"]
    list_select_related = ["fulfillment__order", "picker"]
    search_fields = ["=fulfillment__order__external_id"]
    search_help_text = gettext_lazy("Order number")
    ordering = ["-id"]
    fields = [
        *("fulfillment", "zone", "picker", "claimed_until", "out_since", "in_since"),
        *("batch", "tote"),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The pick screen of a part comes before the pages of single rows."""
        wrap = self.admin_site.admin_view
        own = [
            path("part/<int:pk>/", wrap(self.pick_view), name="orders_zonepick_pick"),
            path("part/<int:pk>/step/", wrap(self.step_view), name="orders_zonepick_step"),
            path("worker.js", worker_view, name="orders_zonepick_worker"),
        ]
        more = [*scanner_urls(), *several_urls(), *glossary_urls()]
        return [*own, *more, *super().get_urls()]

    def pick_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is to be done next on this part: claim it, pick its next line, bag it."""
        part = part_for(request, pk)
        if part.status not in TO_PICK:
            return HttpResponseRedirect(work_link(part))
        batch = self._own_batch(request, part)
        if batch:
            return HttpResponseRedirect(reverse("admin:orders_pickbatch_change", args=[batch]))
        context = {
            **self.admin_site.each_context(request),
            **_head(part),
            **_work(request, part),
            "title": f"{part.order.external_id} · {part.store.name}",
            "tokens": {act: secrets.token_urlsafe(16) for act in pick_steps.ACTS},
        }
        return work_page(request, "admin/orders/pick.html", context)

    @method_decorator(require_POST)
    def step_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one step and go back (303); what was refused is said on the page.

        A scanned code that is of no item may be another order's, a bag's or a place's: that opens.
        """
        part, user = part_for(request, pk), person_of(request)
        opened: list[str] = []

        def act() -> str:
            tap = pick_steps.pick_tap_of(request, user)
            try:
                return pick_steps.take(part, tap)
            except UnknownCode:
                if link := scanned_link(request, tap.fields["code"]):
                    opened.append(link)
                    return _("That is no item: its page was opened.")
                raise

        return tapped(request, act, lambda: opened[0] if opened else pick_link(part))

    @staticmethod
    def _own_batch(request: HttpRequest, part: FulfillmentOrder) -> int | None:
        """The batch in which this person picks the part just now."""
        rows = ZonePick.objects.filter(
            fulfillment=part,
            picker=person_of(request),
            batch__closed_at__isnull=True,
            claimed_until__gt=clock.now(),
        )
        if part.status != FulfillmentStatus.PICKING:
            return None
        return rows.exclude(batch=None).values_list("batch_id", flat=True).first()


@admin.register(PickEntry)
class PickEntryAdmin(StoreWorkAdmin[PickEntry]):
    """What pickers scanned, counted by hand and did not find, and why: their history."""

    empty_note = gettext_lazy("Every scan and count while picking is kept here, with who made it.")
    store_path = "line__fulfillment__store"
    list_display = ["at", "order", "item", "kind", "units", "code", "reason", "by"]
    list_filter = ["kind"]
    list_select_related = ["line__item", "line__fulfillment__order"]
    search_fields = ["=line__fulfillment__order__external_id", "=line__item__sku", "=code"]
    search_help_text = gettext_lazy("Order number, SKU or scanned code")
    ordering = ["-id"]
    fields = ("at", "order", "item", "kind", "units", "code", "reason", "by")

    @admin.display(description=gettext_lazy("Order"))
    def order(self, row: PickEntry) -> str:
        """The number the customer knows."""
        return row.line.fulfillment.order.external_id

    @admin.display(description=gettext_lazy("Item"))
    def item(self, row: PickEntry) -> str:
        """What was picked."""
        return str(row.line.item)


def _too_warm(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Chilled and frozen goods that have been out of the cold for too long."""
    now = clock.now()
    rows = too_warm(now).filter(fulfillment__store__in=stores)
    for row in rows.select_related("fulfillment__order", "fulfillment__store")[:MOST]:
        part, out = row.fulfillment, out_for(row, now) or timedelta()
        since = row.out_since or now
        words = _("{order} in {store}: {zone} goods for {span}").format(
            order=part.order.external_id,
            store=part.store.code,
            zone=row.get_zone_display().lower(),
            span=span(out),
        )
        yield Problem(_("Out of the cold for too long"), words, since, pick_link(part), "danger")


add_source(_too_warm)


def _head(part: FulfillmentOrder) -> dict[str, Any]:
    now = clock.now()
    return {
        "fulfillment": part,
        "promised": local(part.promised_at, part.store.timezone),
        "due": due(part.promised_at, now),
        "tone": STATUS_TONES.get(part.status, ""),
        "work_url": work_link(part),
        "step_url": reverse("admin:orders_zonepick_step", args=[part.pk]),
        "cold": _cold(part),
    }


def _work(request: HttpRequest, part: FulfillmentOrder) -> dict[str, Any]:
    user = person_of(request)
    lines = list(part.lines.select_related("item", "order_line", "fulfillment"))
    if part.status not in PICKABLE:
        return _packing(part, lines)
    mine = [claim.zone for claim in claims_of(part, user)]
    zones = loads([part], clock.now())[part.pk].zones
    stops = stops_of((line, "" if line.item.zone in mine else None) for line in lines)
    chosen = request.GET.get("line", "")
    order = [stop for stop in stops if str(stop.shares[0].line.pk) == chosen] + stops
    kept = _shown(order[:1] + stops[:MOST_KEPT]) if mine else []
    return {
        "zones": zones,
        "mine": mine,
        "user_key": user.pk,
        "has_free": any(not zone.picker and not zone.is_done for zone in zones),
        "others": [zone for zone in zones if zone.zone not in mine],
        "stop": kept[0] if kept else None,
        "stops": kept[1:],
        "lines": _listed(part, lines, mine),
        "is_done": not any(is_open(line) and not is_later(line) for line in lines),
        "has_later": any(is_later(line) for line in lines),
        "has_goods": any(line.picked for line in lines),
    }


def _shown(stops: Sequence[Stop]) -> list[dict[str, Any]]:
    """The lines that may fill the screen, each with all that its taps need; one query for all."""
    lines = [stop.shares[0].line for stop in stops]
    parts = defaultdict(list)
    rows = BundlePart.objects.filter(bundle__in={line.item_id for line in lines})
    for row in rows.select_related("part"):
        parts[row.bundle_id].append(row)
    return [
        {
            "line": line,
            "location": stop.location,
            "unit": "g" if is_by_weight(line) else "",
            "left": left(line),
            "wanted": line.allocated - line.short,
            "must_scan": bool(line.item.gtin),
            "reasons": pick_steps.NO_SCAN,
            "shorts": SHORT_REASONS,
            "by_weight": is_by_weight(line),
            "parts": parts[line.item_id],
        }
        for stop, line in zip(stops, lines, strict=True)
    ]


def _listed(
    part: FulfillmentOrder, lines: list[FulfillmentLine], mine: list[str]
) -> list[dict[str, Any]]:
    """All lines with how they stand, the open ones first, in the order of the walk."""
    items = [line.item_id for line in lines]
    rows = ShelfPlace.objects.filter(store=part.store_id, item__in=items)
    places = dict(rows.values_list("item_id", "location"))
    listed = [
        {
            "line": line,
            "location": places.get(line.item_id, ""),
            "unit": "g" if is_by_weight(line) else "",
            "wanted": line.allocated - line.short,
            "is_open": is_open(line),
            "is_later": is_later(line),
            "is_mine": line.item.zone in mine,
        }
        for line in lines
    ]
    return sorted(listed, key=lambda one: (not one["is_open"], _zone_place(one["line"])))


def _zone_place(line: FulfillmentLine) -> tuple[int, int]:
    return WALK.index(Zone(line.item.zone)), line.order_line.number


def _packing(part: FulfillmentOrder, lines: list[FulfillmentLine]) -> dict[str, Any]:
    """How many bags each zone has or may get, and where they stand."""
    bags = list(part.bag_rows.select_related("location"))
    zones = [zone for zone in WALK if any(line.picked and line.item.zone == zone for line in lines)]
    counts = {zone: sum(1 for bag in bags if bag.zone == zone) for zone in zones}
    return {
        "packing": True,
        "bags": bags,
        "bag_zones": [(zone, zone.label, counts[zone] or 1) for zone in zones],
        "all_staged": bool(bags) and all(bag.location_id for bag in bags),
        "lines": [],
    }


def _cold(part: FulfillmentOrder) -> list[dict[str, Any]]:
    """The cold zones whose goods are out, for how long, and whether that is too long."""
    now, found = clock.now(), []
    for row in part.zone_picks.filter(out_since__isnull=False, in_since__isnull=True):
        out, limit = out_for(row, now), limit_of(row.zone)
        if out is not None and limit is not None:
            over = out > limit
            words = _("{zone} goods are out of the cold for {span}").format(
                zone=row.get_zone_display(), span=span(out)
            )
            found.append({"words": words, "over": over, "limit": span(limit)})
    return found
