"""Picking line by line: every scan is checked against what is wanted, and counts once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from hub.trace import actor
from inventory.models import Item, Zone
from inventory.services.regrouping import allocate_more
from orders.actions import ACTOR_CHARACTERS, TokenReused, is_first, lock_parts
from orders.errors import IllegalMove
from orders.models import (
    ActionRecord,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PickEntry,
    ZonePick,
)
from orders.picking.claims import keep, raise_version
from orders.picking.codes import read_code
from orders.picking.errors import FrozenLast, MustScan, PickMismatch, TooMany
from orders.picking.matching import units_of, wanted_among
from orders.picking.working import LATER, is_later, is_open, left, most
from orders.text import clean

REASON_CHARACTERS = 60
SCAN = "scan"


@dataclass(frozen=True)
class Took:
    """What a scan or a count did: ``units`` went onto the line, which now has its fresh counts."""

    line: FulfillmentLine
    units: int
    tote: str = ""

    @property
    def left(self) -> int:
        """How many units are still wanted of it."""
        return max(0, left(self.line))


def scan(
    *, fulfillment: FulfillmentOrder, code: str, by: User, grams: int | None = None, token: str = ""
) -> Took:
    """Count what was scanned onto the line of this part that wants it; as ``scan_among``."""
    took = scan_among(fulfillments=[fulfillment], code=code, by=by, grams=grams, token=token)
    if took.line.fulfillment_id != fulfillment.pk:
        raise TokenReused
    return took


@transaction.atomic
def scan_among(
    *,
    fulfillments: Sequence[FulfillmentOrder],
    code: str,
    by: User,
    grams: int | None = None,
    token: str = "",
) -> Took:
    """Count what was scanned onto the first line, in the order of ``fulfillments``, that wants it.

    ``code`` is a GTIN, another code of the item (which may stand for a case of several), its SKU,
    or a label from the scales; ``grams`` is what goods by weight weigh where the code does not say
    it. The claim on the zone is made or prolonged. Raises UnreadableCode, BadCheckDigit,
    UnknownCode, WrongItem, TooMany, WeightNeeded, FrozenLast, ClaimedElsewhere, IllegalMove; then
    nothing has changed. The same token again shows the first result.
    """
    if before := scanned_before(code=code, token=token):
        return before
    scanned = read_code(code, layout=settings.WEIGHT_BARCODE)
    first = min(fulfillments, key=lambda fulfillment: fulfillment.pk)
    if not is_first(fulfillment=first, action=SCAN, token=token):  # its twin has just ended
        return scanned_before(code=code, token=token) or _refuse_token()
    lines = locked_lines(fulfillments)
    meaning, wanting = wanted_among(lines, scanned)
    units = units_of(meaning, grams)
    line = next((line for line in wanting if line.picked + units <= most(line)), None)
    if line is None:
        wanted = max(0, *map(left, wanting), 0)
        raise TooMany(_too_many(meaning.item, units, wanted), wanted=wanted, sku=meaning.item.sku)
    _check_frozen(line, lines)
    keep(line.fulfillment, line.item.zone, by)
    return _add(line, units, kind=PickEntry.Kind.SCAN, code=scanned.text)


def scanned_before(*, code: str, token: str) -> Took | None:
    """What the first of two equal taps did, whichever parts are picked by now; None: it is the
    first. Raises TokenReused when the token has served something else."""
    record = ActionRecord.objects.filter(token=token).first() if token else None
    if record is None:
        return None
    text = read_code(code, layout=settings.WEIGHT_BARCODE).text
    entries = PickEntry.objects.filter(
        kind=PickEntry.Kind.SCAN, code=text, by=actor()[:ACTOR_CHARACTERS], at__gte=record.at
    )
    entry = entries.select_related("line").order_by("pk").first()
    if record.action != SCAN or entry is None:
        _refuse_token()
    line = fresh_line(entry.line)
    return Took(line, entry.units, _tote(line))


@transaction.atomic
def count(
    *, line: FulfillmentLine, units: int, by: User, reason: str = "", token: str = ""
) -> Took:
    """Count units (grams of goods by weight) onto a line without scanning them.

    Raises MustScan without a ``reason`` when the item has a code that could be scanned, and
    otherwise as ``scan_among``.
    """
    why = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    fulfillment = line.fulfillment
    if not is_first(fulfillment=fulfillment, action="count", token=token):
        return Took(fresh_line(line), units)
    lines = locked_lines([fulfillment])
    line = own_line(lines, line)
    if line.item.gtin and not why:
        raise MustScan
    if units < 1 or line.picked + units > most(line):
        raise TooMany(_too_many(line.item, units, left(line)), wanted=left(line), sku=line.item.sku)
    _check_frozen(line, lines)
    keep(line.fulfillment, line.item.zone, by)
    return _add(line, units, kind=PickEntry.Kind.COUNT, reason=why)


@transaction.atomic
def take_out(*, line: FulfillmentLine, units: int, by: User, token: str = "") -> Took:
    """Take units off a line's count again, while it is picked: they were counted by mistake.

    Raises PickMismatch when the line has not that many.
    """
    if not is_first(fulfillment=line.fulfillment, action="take_out", token=token):
        return Took(fresh_line(line), -units)
    line = own_line(locked_lines([line.fulfillment]), line)
    if not 0 < units <= line.picked:
        raise PickMismatch(f"{line.picked} are counted", lines=[line.pk])
    keep(line.fulfillment, line.item.zone, by)
    FulfillmentLine.objects.filter(pk=line.pk).update(picked=F("picked") - units)
    write_down(line, PickEntry.Kind.COUNT, 0, reason=f"took {units} out")
    return Took(fresh_line(line), -units)


@transaction.atomic
def pick_later(*, line: FulfillmentLine, by: User, token: str = "") -> FulfillmentLine:
    """Put the rest of a line off: the other goods may go ahead, this stays to be picked.

    A scan of it takes that back. Raises PickMismatch when nothing of it is open.
    """
    if not is_first(fulfillment=line.fulfillment, action="later", token=token):
        return fresh_line(line)
    line = own_line(locked_lines([line.fulfillment]), line)
    if not is_open(line):
        raise PickMismatch("nothing of it is left to pick", lines=[line.pk])
    keep(line.fulfillment, line.item.zone, by)
    FulfillmentLine.objects.filter(pk=line.pk).update(short_reason=LATER)
    write_down(line, PickEntry.Kind.LATER, left(line))
    return fresh_line(line)


def locked_lines(fulfillments: Sequence[FulfillmentOrder]) -> list[FulfillmentLine]:
    """The lines of parts that are being picked, which nobody changes until this is over."""
    for order_id in sorted({fulfillment.order_id for fulfillment in fulfillments}):
        lock_parts(order_id)
    for fulfillment in fulfillments:
        fulfillment.refresh_from_db(fields=["status", "version"])
    working = [row for row in fulfillments if row.status == FulfillmentStatus.PICKING]
    if not working:
        raise IllegalMove(
            f"it is {fulfillments[0].status}, so nothing can be picked",
            present_status=fulfillments[0].status,
            version=fulfillments[0].version,
        )
    places = {row.pk: place for place, row in enumerate(working)}
    lines = FulfillmentLine.objects.filter(fulfillment__in=places).select_related(
        "item", "fulfillment", "order_line"
    )
    return sorted(lines, key=lambda line: (places[line.fulfillment_id], line.order_line.number))


def _check_frozen(line: FulfillmentLine, lines: Collection[FulfillmentLine]) -> None:
    others = [one for one in lines if one.item.zone != Zone.FROZEN]
    waiting = sum(1 for one in others if is_open(one) and not is_later(one))
    if line.item.zone == Zone.FROZEN and waiting:
        raise FrozenLast(f"{waiting} other lines come first", open=waiting)


def _add(line: FulfillmentLine, units: int, *, kind: str, code: str = "", reason: str = "") -> Took:
    beyond = line.picked + units - (line.allocated - line.short)
    changes = {"picked": F("picked") + units}
    if beyond > 0:  # goods by weight: what the piece weighs more than was asked for
        allocate_more(reference=line.fulfillment.public_id, item_id=line.item_id, units=beyond)
        changes["allocated"] = F("allocated") + beyond
    if line.short_reason == LATER:
        FulfillmentLine.objects.filter(pk=line.pk).update(short_reason="")
    fits = FulfillmentLine.objects.filter(pk=line.pk)
    if beyond <= 0:
        fits = fits.filter(picked__lte=F("allocated") - F("short") - units)
    if not fits.update(**changes):
        raise TooMany(wanted=0, sku=line.item.sku)
    write_down(line, kind, units, code=code, reason=reason)
    return Took(fresh_line(line), units, _tote(line))


def write_down(
    line: FulfillmentLine, kind: str, units: int, *, code: str = "", reason: str = ""
) -> None:
    """Keep what was done to a line and by whom; readers see that its part has changed."""
    who = actor()[:ACTOR_CHARACTERS]
    PickEntry.objects.create(line=line, kind=kind, units=units, code=code, reason=reason, by=who)
    raise_version(line.fulfillment)


def own_line(lines: Collection[FulfillmentLine], line: FulfillmentLine) -> FulfillmentLine:
    """The line among those just locked; raises PickMismatch when its part is not picked now."""
    found = next((one for one in lines if one.pk == line.pk), None)
    if found is None:
        raise PickMismatch("the line is not being picked", lines=[line.pk])
    return found


def fresh_line(line: FulfillmentLine) -> FulfillmentLine:
    """The line as it is now, with all that tells what is left of it."""
    rows = FulfillmentLine.objects.select_related("item", "fulfillment", "order_line")
    return rows.get(pk=line.pk)


def _refuse_token() -> NoReturn:
    raise TokenReused


def _tote(line: FulfillmentLine) -> str:
    rows = ZonePick.objects.filter(fulfillment=line.fulfillment_id, zone=line.item.zone)
    return rows.values_list("tote", flat=True).first() or ""


def _too_many(item: Item, units: int, wanted: int) -> str:
    unit = " g" if item.unit == "gram" else ""
    if wanted <= 0:
        return f"{item.name}: all that is wanted is there"
    return f"{item.name}: {units}{unit} are too many, {wanted}{unit} are still wanted"
