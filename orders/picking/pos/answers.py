"""What a store's POS tells the hub: it has a pick list, refuses one, works on one, sold goods.

Answers come twice, late and in any order. One that names a part which is not there waits for it,
seven days at most; one that contradicts what is known is refused, for a person to see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from hub import clock
from hub.connectors.pos.reading import moment_of
from hub.errors import ConnectorError, HubError
from hub.events.catalog import FulfillmentAcknowledged
from hub.events.outbox import publish
from hub.stores.models import PosConnection
from orders.models import FulfillmentOrder, FulfillmentStatus, PosList, PosWaiting
from orders.picking.pos.reading import part_at_pos
from orders.picking.pos.receipts import take_receipt
from orders.picking.rejecting import reject
from orders.states import LIVE

NAMED_CHARACTERS = 60
STATUS_CHARACTERS = 20
KEPT = timedelta(days=7)
AT_ONCE = 500
REFUSABLE = frozenset({FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED})


def take_answer(*, connection: PosConnection, body: str) -> None:
    """Do what an answer asks for; types that are not ours change nothing.

    Raises ConnectorError (permanent) for one that cannot be understood or is contradicted by
    what is known; then nothing has changed.
    """
    call = _parsed(body)
    kind, data = str(call.get("type")), call.get("data")
    if kind not in REACTIONS:
        return
    if not isinstance(data, dict):
        raise ConnectorError("the POS sent no data", permanent=True)
    try:
        _take(connection, kind, data)
    except HubError as error:
        raise ConnectorError(f"{error.code}: {error.detail}", permanent=True) from error


def match_waiting(*, fulfillment_id: int) -> int:
    """Carry out what a POS told of the part before it was there; returns how much that was.

    What cannot be carried out stays for a person.
    """
    named = FulfillmentOrder.objects.filter(pk=fulfillment_id).values("public_id")
    found = PosWaiting.objects.filter(named__in=named, matched_at__isnull=True)
    return sum(_match(row) for row in found.select_related("connection").order_by("pk"))


def match_all_waiting() -> int:
    """The same for all parts that are there by now; what is too old is left to a person."""
    open_rows = PosWaiting.objects.filter(matched_at__isnull=True, given_up_at__isnull=True)
    there = FulfillmentOrder.objects.filter(public_id=OuterRef("named"))
    rows = open_rows.filter(Exists(there)).select_related("connection").order_by("pk")
    matched = sum(_match(row) for row in rows[:AT_ONCE])
    now = clock.now()
    open_rows.filter(received_at__lt=now - KEPT).update(given_up_at=now)
    return matched


def dismiss(*, waiting: PosWaiting, by: str) -> bool:
    """Nobody will miss the answer: it is settled. False when it was before."""
    rows = PosWaiting.objects.filter(pk=waiting.pk, matched_at__isnull=True)
    return bool(rows.update(matched_at=clock.now(), dismissed_by=by[:150]))


def _match(row: PosWaiting) -> bool:
    try:
        with transaction.atomic():
            rows = PosWaiting.objects.filter(pk=row.pk, matched_at__isnull=True)
            if not rows.update(matched_at=clock.now()):
                return False
            fulfillment = _named(row.connection, row.named)
            if fulfillment is None:
                raise ConnectorError("it is not there after all", permanent=True)
            REACTIONS[row.type](row.connection, fulfillment, row.data)
    except (ConnectorError, HubError):
        PosWaiting.objects.filter(pk=row.pk).update(given_up_at=clock.now())
        return False
    return True


@transaction.atomic
def _take(connection: PosConnection, kind: str, data: Mapping[str, Any]) -> None:
    named = data.get("fulfillment_id")
    if kind == "receipt.recorded" and named is None:
        take_receipt(connection, None, data)
        return
    if not isinstance(named, str) or not 0 < len(named) <= NAMED_CHARACTERS:
        raise ConnectorError("the POS named no pick list", permanent=True)
    if not named.isprintable():
        raise ConnectorError("the POS named no pick list", permanent=True)
    fulfillment = _named(connection, named)
    if fulfillment is None:
        PosWaiting.objects.create(
            connection=connection, type=kind, named=named, data=data, received_at=clock.now()
        )
    else:
        REACTIONS[kind](connection, fulfillment, data)


def _named(connection: PosConnection, public_id: str) -> FulfillmentOrder | None:
    """The part of that id; raises ConnectorError when it is another store's."""
    rows = FulfillmentOrder.objects.select_related("order", "store")
    fulfillment = rows.filter(public_id=public_id).first()
    if fulfillment and fulfillment.store_id != connection.store_id:
        raise ConnectorError("the POS named no pick list of its store", permanent=True)
    return fulfillment


def _acknowledge(_: PosConnection, fulfillment: FulfillmentOrder, data: Mapping[str, Any]) -> None:
    reference = data.get("pos_reference")
    if fulfillment.pos_reference and reference != fulfillment.pos_reference:
        _require_older(fulfillment, reference)
    rows = FulfillmentOrder.objects.filter(pk=fulfillment.pk, pos_acknowledged_at__isnull=True)
    if rows.update(pos_acknowledged_at=clock.now()) and fulfillment.status in LIVE:
        publish(
            FulfillmentAcknowledged(order_id=fulfillment.order_id, fulfillment_id=fulfillment.pk)
        )


def _is_about_earlier(fulfillment: FulfillmentOrder, data: Mapping[str, Any]) -> bool:
    """Whether it names a revision, or a reference of the part, before the present one."""
    revision, reference = data.get("revision"), data.get("pos_reference")
    if isinstance(revision, int) and revision < part_at_pos(fulfillment.pk).revision:
        return True
    if not reference or not fulfillment.pos_reference or reference == fulfillment.pos_reference:
        return False
    _require_older(fulfillment, reference)
    return True


def _require_older(fulfillment: FulfillmentOrder, reference: object) -> None:
    """No reference at all, or one that names the part itself (of an older revision), is late
    news; any other is somebody else's."""
    own = isinstance(reference, str) and reference.startswith(f"{fulfillment.public_id}.")
    if reference is not None and not own:
        raise ConnectorError("the POS acknowledged another reference", permanent=True)


def _refuse(_: PosConnection, fulfillment: FulfillmentOrder, data: Mapping[str, Any]) -> None:
    """The store's POS will not do it: the store rejects what nobody has begun to collect.

    A refusal of an earlier revision comes too late: the present one is answered by itself.
    """
    if _is_about_earlier(fulfillment, data):
        return
    reason = data.get("reason")
    words = reason if isinstance(reason, str) and reason.strip() else "refused by the POS"
    _note_told(fulfillment, "refused", clock.now())
    if fulfillment.status in REFUSABLE:
        reject(fulfillment=fulfillment, reason=_clean(words))


def _note_status(_: PosConnection, fulfillment: FulfillmentOrder, data: Mapping[str, Any]) -> None:
    """How far the POS is, by its own words and clock; an older word never replaces a younger.

    A clock that goes ahead counts as ours: else its next words would seem old.
    """
    status, at = data.get("status"), moment_of(data.get("at"))
    if not isinstance(status, str) or not 0 < len(status) <= STATUS_CHARACTERS or at is None:
        raise ConnectorError("a status is a short text with a time", permanent=True)
    if not status.isprintable():
        raise ConnectorError("a status is a short text with a time", permanent=True)
    _note_told(fulfillment, status, min(at, clock.now()))


def _note_told(fulfillment: FulfillmentOrder, status: str, at: Any) -> None:
    PosList.objects.get_or_create(fulfillment=fulfillment)
    rows = PosList.objects.filter(fulfillment=fulfillment)
    rows.exclude(told_at__gt=at).update(told=status, told_at=at)


def _clean(words: str) -> str:
    printable = "".join(letter for letter in words if letter.isprintable())
    return printable.strip()[:NAMED_CHARACTERS] or "refused by the POS"


def _parsed(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ConnectorError("the POS sent no JSON object", permanent=True)
    return body


Reaction = Callable[[PosConnection, FulfillmentOrder, Mapping[str, Any]], None]
REACTIONS: dict[str, Reaction] = {
    "pick_list.acknowledged": _acknowledge,
    "pick_list.refused": _refuse,
    "pick_list.status": _note_status,
    "receipt.recorded": take_receipt,
}
