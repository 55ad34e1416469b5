"""What a scanner may say beside items: an order, a bag, a place, or a command."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.errors import HubError
from hub.staff.chosen import chosen_stores
from hub.staff.scope import stores_for
from hub.stores.models import Store
from orders.admin.boards import pick_link, work_link
from orders.admin.parts import person_of
from orders.models import (
    Bag,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    StagingLocation,
    ZonePick,
)
from orders.picking.barcodes import svg_of
from orders.picking.codes import read_code
from orders.picking.matching import meanings
from orders.picking.queue import ZoneWork, loads, page
from orders.reports import TO_PICK
from orders.states import obstacles

NAME = "orders_zonepick_"
COMMAND = "HUBDO"
MOST_PAGES = 20  # of the queue that are looked through for the next order
MOST_BEGUN = 50
# The words that ``pick.js`` knows, each with what its button does.
COMMANDS = {
    "NEXT": gettext_lazy("Next order"),
    "TAKE": gettext_lazy("Pick it"),
    "ONE": gettext_lazy("One more of what has no barcode"),
    "SHORT": gettext_lazy("Not there…"),
    "LATER": gettext_lazy("Pick later"),
    "YES": gettext_lazy("Yes, do it"),
    "NO": gettext_lazy("No, back"),
    "DONE": gettext_lazy("Picked"),
    "BAG": gettext_lazy("Make the bags"),
    "READY": gettext_lazy("Ready for pickup"),
    "ORDER": gettext_lazy("All about this order"),
}


def scanner_urls() -> list[URLPattern]:
    """The next order, and the sheet of commands."""
    wrap = admin.site.admin_view
    return [
        path("next/", wrap(next_view), name=NAME + "next"),
        path("commands/", wrap(commands_view), name=NAME + "commands"),
    ]


def next_view(request: HttpRequest) -> HttpResponse:
    """Go to the next order to pick in the chosen stores: one's own before those that nobody has,
    and none that is stopped."""
    person = person_of(request)
    found = _next_part(chosen_stores(request), person)
    if found is None:
        messages.success(request, _("Nothing waits for a picker."))
        return HttpResponseRedirect(reverse("admin:orders_fulfillmentorder_pick"))
    return HttpResponseRedirect(pick_link(found))


def _next_part(stores: QuerySet[Store], person: User) -> FulfillmentOrder | None:
    """The first that there is something to do on; only the first pages of a long queue are looked
    through."""
    if own := _first_open(_begun(stores, person), person):
        return own
    for number in range(1, MOST_PAGES + 1):
        rows = page(stores, number=number)
        if not rows:
            return None
        if found := _first_open(rows, None):
            return found
    return None


def _begun(stores: QuerySet[Store], person: User) -> list[FulfillmentOrder]:
    claims = ZonePick.objects.filter(picker=person, claimed_until__gt=clock.now())
    rows = FulfillmentOrder.objects.filter(
        pk__in=claims.values("fulfillment"), store__in=stores, status=FulfillmentStatus.PICKING
    )
    return list(rows.select_related("order").order_by("promised_at", "id")[:MOST_BEGUN])


def _first_open(rows: list[FulfillmentOrder], person: User | None) -> FulfillmentOrder | None:
    """The first with a zone for the person (None: that nobody has), or that waits for its bags."""
    prefetch_related_objects(rows, "order__blocks")
    work = loads(rows, clock.now())
    key = person.pk if person else None
    return next((row for row in rows if _is_open(row, work[row.pk].zones, key)), None)


def _is_open(row: FulfillmentOrder, zones: list[ZoneWork], key: int | None) -> bool:
    has_zone = any(zone.picker_id == key and not zone.is_done for zone in zones)
    if any(one.blocks for one in obstacles(row).values()):
        return has_zone and row.status == FulfillmentStatus.PICKING
    if key is None:
        return has_zone or row.status == FulfillmentStatus.PICKED
    return has_zone or all(zone.is_done for zone in zones)  # which is still to be ended


def commands_view(request: HttpRequest) -> HttpResponse:
    """A sheet to be printed and hung on the cart: each command as a barcode."""
    person_of(request)
    rows = [
        # the bars are made here of a word made here
        (words, COMMAND + name, mark_safe(svg_of(COMMAND + name)))  # noqa: S308
        for name, words in COMMANDS.items()
    ]
    back = reverse("admin:orders_fulfillmentorder_pick")
    return TemplateResponse(request, "admin/orders/commands.html", {"rows": rows, "back": back})


def scanned_link(request: HttpRequest, code: str) -> str:
    """The page of what has this code in the person's stores; empty when nothing has."""
    code = code.replace("\0", "").strip()
    if not code:
        return ""
    part = _part_of(request, code)
    return _page_of(part) if part else _place_link(request, code) or _line_link(request, code)


def _part_of(request: HttpRequest, code: str) -> FulfillmentOrder | None:
    """By a bag, an order's number or id, or the id in a customer's QR code; live ones first."""
    stores = stores_for(request)
    bag = Bag.objects.filter(barcode=code.upper(), fulfillment__store__in=stores).first()
    if bag:
        return FulfillmentOrder.objects.get(pk=bag.fulfillment_id)
    named = Q(order__external_id=code) | Q(order__public_id=code)
    rows = FulfillmentOrder.objects.filter(
        named | Q(public_id=code.partition(".")[0]), store__in=stores
    )
    found = list(rows.order_by("-pk")[:5])
    live = [row for row in found if row.status in [*TO_PICK, FulfillmentStatus.READY]]
    return next(iter(live or found), None)


def _page_of(part: FulfillmentOrder) -> str:
    if part.status in TO_PICK:
        return pick_link(part)
    if part.status == FulfillmentStatus.READY:
        return reverse("admin:orders_handoff_part", args=[part.pk])
    return work_link(part)


def _place_link(request: HttpRequest, code: str) -> str:
    rows = StagingLocation.objects.filter(store__in=stores_for(request), active=True)
    place = rows.filter(code__iexact=code).select_related("store").order_by("pk").first()
    if place is None:
        return ""
    query = urlencode({"store": place.store.code, "place": place.code})
    return f"{reverse('admin:orders_bag_staging')}?{query}"


def _line_link(request: HttpRequest, code: str) -> str:
    """The line of an order that this person picks now and that is of this item."""
    try:
        found = meanings(read_code(code, layout=settings.WEIGHT_BARCODE))
    except HubError:
        return ""
    claimed = ZonePick.objects.filter(
        picker=person_of(request), claimed_until__gt=clock.now()
    ).values("fulfillment")
    rows = FulfillmentLine.objects.filter(
        item__in=found,
        fulfillment__in=claimed,
        fulfillment__store__in=stores_for(request),
        fulfillment__status=FulfillmentStatus.PICKING,
    )
    line = rows.select_related("fulfillment").order_by("pk").first()
    return f"{pick_link(line.fulfillment)}?line={line.pk}" if line else ""
