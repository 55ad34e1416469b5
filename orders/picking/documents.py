"""What is printed for a part: the pick list, the labels of its bags, the packing slip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from hub import clock
from inventory.models import Zone
from orders.models import Bag, FulfillmentLine, FulfillmentOrder
from orders.picking.batches import stops_of
from orders.picking.working import WEIGHT, is_by_weight


@dataclass(frozen=True)
class Row:
    """One line of a list: where, what, how much of it (with its unit)."""

    location: str
    name: str
    code: str
    zone: str
    amount: str
    note: str = ""


@dataclass(frozen=True)
class Paper:
    """A pick list or a packing slip in plain values: headings in the language of who prints it,
    goods in the store's or the customer's."""

    title: str
    number: str
    store: str
    customer: str
    promised: datetime
    printed: datetime
    note: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Label:
    """What stands on the label of one bag: ``number`` of ``total``, and its barcode. ``is_cold``
    goods do not stand around."""

    order: str
    customer: str
    store: str
    zone: str
    number: int
    total: int
    barcode: str
    promised: datetime
    is_cold: bool = False


def pick_list(part: FulfillmentOrder) -> Paper:
    """What is left to collect, in the order of zones and shelves; the list that needs no screen."""
    lines = part.lines.select_related("item", "order_line", "fulfillment")
    stops = stops_of((line, "") for line in lines)
    rows = [
        _row(share.line, share.wanted, locale=part.store.locale, location=stop.location)
        for stop in stops
        for share in stop.shares
    ]
    return _paper(part, _("Pick list"), rows, note=part.order.note)


def packing_slip(part: FulfillmentOrder) -> Paper:
    """What the customer gets, and what is missing; nothing about money."""
    lines = list(part.lines.select_related("item", "order_line"))
    locale = part.order.locale or part.store.locale
    rows = [
        _row(line, line.picked, locale=locale, note=_missing(line))
        for line in lines
        if line.picked or line.short
    ]
    return _paper(part, _("Packing slip"), rows)


def labels(part: FulfillmentOrder) -> list[Label]:
    """One label for each bag."""
    bags: list[Bag] = list(part.bag_rows.order_by("number"))
    return [
        Label(
            order=part.order.external_id,
            customer=part.order.contact.name,
            store=part.store.name,
            zone=_(Zone(bag.zone).label),
            number=bag.number,
            total=len(bags),
            barcode=bag.barcode,
            promised=part.promised_at,
            is_cold=bag.zone != Zone.AMBIENT,
        )
        for bag in bags
    ]


def _paper(part: FulfillmentOrder, title: str, rows: Sequence[Row], *, note: str = "") -> Paper:
    return Paper(
        title=title,
        number=part.order.external_id,
        store=f"{part.store.code} {part.store.name}",
        customer=part.order.contact.name,
        promised=part.promised_at,
        printed=clock.now(),
        note=note,
        rows=rows,
    )


def _row(
    line: FulfillmentLine, units: int, *, locale: str, location: str = "", note: str = ""
) -> Row:
    item = line.item
    return Row(
        location=location,
        name=item.name_in(locale),
        code=" · ".join(filter(None, [item.sku, item.gtin])),
        zone=_(Zone(item.zone).label),
        amount=_amount(line, units),
        note=note,
    )


def _missing(line: FulfillmentLine) -> str:
    """Grams that lack a little of what was asked for are no news to anybody."""
    if not line.short or line.short_reason == WEIGHT:
        return ""
    return _("{amount} not available").format(amount=_amount(line, line.short))


def _amount(line: FulfillmentLine, units: int) -> str:
    return f"{units} g" if is_by_weight(line) else f"{units} ×"
