"""Keeping a store's POS in step: whatever happened, it is brought to what is true now.

Nothing is said twice that may have been heard: a call whose outcome is unknown is looked up
before it is repeated, and that it is unknown is written down before the call is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection
from django.db.models import QuerySet

from hub import clock
from hub.connectors.pos.base import Known, PickList
from hub.errors import ConnectorError
from hub.events.breakers import PUT_OFF, guarded
from hub.events.leases import NotNow
from orders.models import FulfillmentOrder, FulfillmentStatus, PosList
from orders.picking.pos.pick_lists import PosWork, pick_list_of, work_at_pos
from orders.picking.pos.reading import PosPart
from orders.states import LIVE

SWITCH_SECONDS = 60.0
_DOUBT = """
INSERT INTO orders_poslist (fulfillment_id, revision, in_doubt, told, edited_by)
VALUES (%(part)s, 0, true, '', '')
ON CONFLICT (fulfillment_id) DO UPDATE SET in_doubt = true
"""
# What stands already is not written again.
_NOTE = """
WITH part AS (
    UPDATE orders_fulfillmentorder SET pos_reference = %(reference)s
    WHERE id = %(part)s AND pos_reference <> %(reference)s
)
INSERT INTO orders_poslist AS list (fulfillment_id, revision, in_doubt, pushed_at, told, edited_by)
VALUES (%(part)s, %(revision)s, false, %(now)s, '', '')
ON CONFLICT (fulfillment_id) DO UPDATE
SET revision = excluded.revision, in_doubt = false, withdrawn_at = NULL,
    pushed_at = excluded.pushed_at
WHERE list.revision <> excluded.revision OR list.in_doubt OR list.withdrawn_at IS NOT NULL
   OR list.pushed_at IS NULL
"""
R = TypeVar("R")


@dataclass
class Standing:
    """What the POS has, as far as the hub knows: nothing is a revision of 0."""

    reference: str
    revision: int
    withdrawn: bool = False


def bring_in_step(fulfillment_id: int) -> None:
    """The store's POS has the pick list as it is now, or has it no more when the part is over.

    Does nothing for a store without POS and for goods that were handed over. Raises NotNow while
    the POS is switched off or its breaker is open, and ConnectorError when a call fails.
    """
    work = work_at_pos(fulfillment_id)
    if work is None or work.part.status == FulfillmentStatus.COMPLETED:
        return
    if work.part.is_pos_down:
        raise NotNow(f"{PUT_OFF}the store's POS is switched off", seconds=SWITCH_SECONDS)
    with guarded(work.key, lane=work.lane):
        if work.part.status in LIVE:
            _have(work)
        else:
            _have_not(work)


def forget_standing(fulfillment_id: int) -> None:
    """What the POS has is not believed any more: it is looked up before the next call."""
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT, {"part": fulfillment_id})


def _have(work: PosWork) -> None:
    wanted = pick_list_of(work.part, revision=work.part.revision)
    stands = _standing(work)
    if not stands.revision or stands.withdrawn:
        reference = _told(work, lambda: work.pos.queue(wanted))
    elif stands.revision < wanted.revision:
        reference = _told(work, lambda: _amend(work, stands, wanted))
    else:
        reference = stands.reference
    _note(work.part, reference=reference, revision=wanted.revision)


def _amend(work: PosWork, stands: Standing, wanted: PickList) -> str:
    """Give the POS a later revision; one that cannot amend forgets the old and takes the new."""
    if "amend" in work.pos.can:
        return work.pos.amend(stands.reference, wanted)
    work.pos.cancel(stands.reference, wanted.fulfillment_id)
    return work.pos.queue(wanted)


def _have_not(work: PosWork) -> None:
    stands = _standing(work)
    if not stands.revision or stands.withdrawn:
        return
    _told(work, lambda: work.pos.cancel(stands.reference, work.part.public_id))
    _rows(work.part).update(in_doubt=False, withdrawn_at=clock.now())


def _standing(work: PosWork) -> Standing:
    """What the POS has; asks it when that is not certain."""
    part = work.part
    if part.listed_revision is None:  # told before this was kept, or never
        return Standing(part.pos_reference, 1 if part.pos_reference else 0)
    if part.in_doubt or (part.listed_revision and not part.pos_reference):
        return _looked_up(work, part.listed_revision)
    return Standing(part.pos_reference, part.listed_revision, part.is_withdrawn)


def _looked_up(work: PosWork, listed: int) -> Standing:
    try:
        known = work.pos.status(work.part.public_id)
    except ConnectorError as error:
        if not error.permanent:
            raise
        return _supposed(work, listed)
    if known is None:
        _rows(work.part).update(in_doubt=False, revision=0, withdrawn_at=None)
        FulfillmentOrder.objects.filter(pk=work.part.pk).update(pos_reference="")
        return Standing("", 0)
    return _keep_known(work.part, known)


def _supposed(work: PosWork, listed: int) -> Standing:
    """A POS that cannot be asked: the same call again tells its reference and has one effect."""
    if work.part.pos_reference:
        return Standing(work.part.pos_reference, listed)
    if work.part.status in LIVE:
        return Standing("", 0)
    reference = work.pos.queue(pick_list_of(work.part, revision=max(1, listed)))
    return Standing(reference, max(1, listed))


def _keep_known(part: PosPart, known: Known) -> Standing:
    FulfillmentOrder.objects.filter(pk=part.pk).update(pos_reference=known.reference)
    withdrawn_at = clock.now() if known.canceled else None
    _rows(part).update(in_doubt=False, revision=known.revision, withdrawn_at=withdrawn_at)
    return Standing(known.reference, known.revision, known.canceled)


def _told(work: PosWork, call: Callable[[], R]) -> R:
    """Make a call that changes what the POS has; until it is answered, its outcome is unknown."""
    forget_standing(work.part.pk)
    try:
        return call()
    except ConnectorError as error:
        if not error.ambiguous:
            _rows(work.part).update(in_doubt=False)
        raise


def _note(part: PosPart, *, reference: str, revision: int) -> None:
    values: dict[str, Any] = {
        "part": part.pk,
        "reference": reference,
        "revision": revision,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, values)


def _rows(part: PosPart) -> QuerySet[PosList]:
    return PosList.objects.filter(fulfillment=part.pk)
