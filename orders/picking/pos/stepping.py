"""Keeping a store's POS in step: whatever happened, it is brought to what is true now.

Nothing is said twice that may have been heard: a call whose outcome is unknown is looked up
before it is repeated, and that it is unknown is written down before the call is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet

from hub import clock
from hub.connectors.pos.base import Known, PickList
from hub.errors import ConnectorError
from hub.events.breakers import PUT_OFF, guarded
from hub.events.leases import NotNow
from hub.stores.models import StoreSwitch
from hub.stores.switches import is_on
from orders.models import FulfillmentOrder, FulfillmentStatus, PosList
from orders.picking.pos.pick_lists import PosWork, pick_list_of, revision_of, work_at_pos
from orders.states import LIVE

SWITCH_SECONDS = 60.0
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
    if work is None or work.fulfillment.status == FulfillmentStatus.COMPLETED:
        return
    if is_on(store_id=work.fulfillment.store_id, kind=StoreSwitch.Kind.POS_DOWN):
        raise NotNow(f"{PUT_OFF}the store's POS is switched off", seconds=SWITCH_SECONDS)
    with guarded(work.key, lane=work.lane):
        if work.fulfillment.status in LIVE:
            _have(work)
        else:
            _have_not(work)


def forget_standing(fulfillment: FulfillmentOrder) -> None:
    """What the POS has is not believed any more: it is looked up before the next call."""
    _doubt(fulfillment)


def _have(work: PosWork) -> None:
    wanted = pick_list_of(work.fulfillment, revision=revision_of(work.fulfillment))
    stands = _standing(work)
    if not stands.revision or stands.withdrawn:
        reference = _told(work, lambda: work.pos.queue(wanted))
    elif stands.revision < wanted.revision:
        reference = _told(work, lambda: _amend(work, stands, wanted))
    else:
        reference = stands.reference
    _note(work.fulfillment, reference=reference, revision=wanted.revision)


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
    name = work.fulfillment.public_id
    _told(work, lambda: work.pos.cancel(stands.reference, name))
    _rows(work.fulfillment).update(in_doubt=False, withdrawn_at=clock.now())


def _standing(work: PosWork) -> Standing:
    """What the POS has; asks it when that is not certain."""
    fulfillment = work.fulfillment
    row = PosList.objects.filter(fulfillment=fulfillment).first()
    if row is None:  # told before this was kept, or never
        return Standing(fulfillment.pos_reference, 1 if fulfillment.pos_reference else 0)
    if row.in_doubt or (row.revision and not fulfillment.pos_reference):
        return _looked_up(work, row)
    return Standing(fulfillment.pos_reference, row.revision, row.withdrawn_at is not None)


def _looked_up(work: PosWork, row: PosList) -> Standing:
    fulfillment = work.fulfillment
    try:
        known = work.pos.status(fulfillment.public_id)
    except ConnectorError as error:
        if not error.permanent:
            raise
        return _supposed(work, row)
    if known is None:
        _rows(fulfillment).update(in_doubt=False, revision=0, withdrawn_at=None)
        FulfillmentOrder.objects.filter(pk=fulfillment.pk).update(pos_reference="")
        return Standing("", 0)
    return _keep_known(fulfillment, known)


def _supposed(work: PosWork, row: PosList) -> Standing:
    """A POS that cannot be asked: the same call again tells its reference and has one effect."""
    if work.fulfillment.pos_reference:
        return Standing(work.fulfillment.pos_reference, row.revision)
    if work.fulfillment.status in LIVE:
        return Standing("", 0)
    reference = work.pos.queue(pick_list_of(work.fulfillment, revision=max(1, row.revision)))
    return Standing(reference, max(1, row.revision))


def _keep_known(fulfillment: FulfillmentOrder, known: Known) -> Standing:
    stands = Standing(known.reference, known.revision, known.canceled)
    FulfillmentOrder.objects.filter(pk=fulfillment.pk).update(pos_reference=known.reference)
    fulfillment.pos_reference = known.reference
    withdrawn_at = clock.now() if known.canceled else None
    _rows(fulfillment).update(in_doubt=False, revision=known.revision, withdrawn_at=withdrawn_at)
    return stands


def _told(work: PosWork, call: Callable[[], R]) -> R:
    """Make a call that changes what the POS has; until it is answered, its outcome is unknown."""
    _doubt(work.fulfillment)
    try:
        return call()
    except ConnectorError as error:
        if not error.ambiguous:
            _rows(work.fulfillment).update(in_doubt=False)
        raise


def _doubt(fulfillment: FulfillmentOrder) -> None:
    """From now on nobody knows what the POS has, by one statement."""
    PosList.objects.bulk_create(
        [PosList(fulfillment=fulfillment, in_doubt=True)],
        update_conflicts=True,
        unique_fields=["fulfillment"],
        update_fields=["in_doubt"],
    )


def _note(fulfillment: FulfillmentOrder, *, reference: str, revision: int) -> None:
    FulfillmentOrder.objects.filter(pk=fulfillment.pk).update(pos_reference=reference)
    stands = {"revision": revision, "in_doubt": False, "withdrawn_at": None}
    news = _rows(fulfillment).exclude(**stands, pushed_at__isnull=False)
    now = clock.now()
    if not news.update(**stands, pushed_at=now):  # as it was, or told before this was kept
        PosList.objects.get_or_create(
            fulfillment=fulfillment, defaults={**stands, "pushed_at": now}
        )


def _rows(fulfillment: FulfillmentOrder) -> QuerySet[PosList]:
    return PosList.objects.filter(fulfillment=fulfillment)
