"""Who picks which temperature zone of a part: claimed, kept by working, lost by waiting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, QuerySet

from hub import clock
from inventory.models import Zone
from orders.actions import is_first, lock_parts
from orders.models import FulfillmentLine, FulfillmentOrder, FulfillmentStatus, PickBatch, ZonePick
from orders.picking.errors import ClaimedElsewhere, NothingToClaim
from orders.picking.services import accept, start_picking

CLAIM_MINUTES = 15
WALK = [Zone.AMBIENT, Zone.CHILLED, Zone.FROZEN]  # frozen goods leave the cold last
COLD = frozenset({Zone.CHILLED, Zone.FROZEN})

# The unique key settles who was first. A claim gives way to another when its time is over, when
# that person is asked to give it up (``taken_from``), or when it is the same person's already.
_HOLD = """
INSERT INTO orders_zonepick AS known
    (fulfillment_id, zone, picker_id, claimed_until, batch_id, tote, out_since)
VALUES (%(part)s, %(zone)s, %(picker)s, %(until)s, %(batch)s, %(tote)s, %(out)s)
ON CONFLICT (fulfillment_id, zone) DO UPDATE SET
    picker_id = excluded.picker_id, claimed_until = excluded.claimed_until,
    batch_id = CASE WHEN %(keep)s AND known.picker_id = excluded.picker_id
        THEN known.batch_id ELSE excluded.batch_id END,
    tote = CASE WHEN excluded.tote = '' THEN known.tote ELSE excluded.tote END,
    out_since = coalesce(known.out_since, excluded.out_since)
WHERE known.picker_id IS NULL OR known.claimed_until <= %(now)s
   OR known.picker_id = %(taken_from)s
   OR known.picker_id = excluded.picker_id AND (%(keep)s OR known.batch_id IS NULL
        OR known.batch_id = excluded.batch_id)
RETURNING id
"""


@transaction.atomic
def claim(
    *,
    fulfillment: FulfillmentOrder,
    by: User,
    zones: Collection[str] = (),
    taken_from: User | None = None,
    batch: PickBatch | None = None,
    tote: str = "",
    token: str = "",
) -> list[ZonePick]:
    """Let ``by`` pick the zones of a part for a quarter of an hour; every scan prolongs it.

    The part is accepted and started when nobody has done so. Without ``zones`` those that nobody
    else has are claimed. ``taken_from`` is who shall lose a claim that still stands (also the
    same person's own batch). Raises ClaimedElsewhere (naming who has it), NothingToClaim, and as
    ``start_picking`` does; nothing is changed then.
    """
    if not is_first(fulfillment=fulfillment, action="claim", token=token):
        return claims_of(fulfillment, by)
    lock_parts(fulfillment.order_id)
    fulfillment.refresh_from_db()
    begin(fulfillment)
    there = zones_of(fulfillment)
    wanted = [zone for zone in WALK if zone in (zones or there)]
    if not wanted or not there.issuperset(wanted):
        raise NothingToClaim
    loser = taken_from.pk if taken_from else None
    held = [
        zone
        for zone in wanted
        if hold(fulfillment, zone, by, batch=batch, tote=tote, taken_from=loser)
    ]
    if not held or (zones and len(held) < len(wanted)):
        raise _claimed(fulfillment, set(wanted) - set(held))
    raise_version(fulfillment)
    return claims_of(fulfillment, by)


@transaction.atomic
def give_up(*, fulfillment: FulfillmentOrder, by: User) -> int:
    """Let others have what ``by`` had claimed of a part; how many zones that were."""
    mine = ZonePick.objects.filter(fulfillment=fulfillment, picker=by)
    freed = mine.update(picker=None, claimed_until=None, batch=None)
    if freed:
        raise_version(fulfillment)
    return freed


def begin(fulfillment: FulfillmentOrder) -> None:
    """Accept and start a part, as far as that has not been done. Raises as ``start_picking``."""
    if fulfillment.status == FulfillmentStatus.PROPOSED:
        accept(fulfillment=fulfillment)
    if fulfillment.status != FulfillmentStatus.PICKING:
        start_picking(fulfillment=fulfillment)


def hold(
    fulfillment: FulfillmentOrder,
    zone: str,
    by: User,
    *,
    batch: PickBatch | None = None,
    tote: str = "",
    taken_from: int | None = None,
) -> bool:
    """Claim one zone, or prolong the claim; False when it is somebody else's.

    Part of a transaction. A new claim without a batch does not take over one's own batch.
    """
    return _write(fulfillment, zone, by, batch=batch, tote=tote, taken_from=taken_from, keep=False)


def keep(fulfillment: FulfillmentOrder, zone: str, by: User) -> None:
    """Work goes on in this zone: prolong the claim, or make one; cold goods are out from now on.

    Raises ClaimedElsewhere when it is somebody else's.
    """
    if not _write(fulfillment, zone, by, batch=None, tote="", taken_from=None, keep=True):
        raise _claimed(fulfillment, {zone})
    prolong(ZonePick.objects.filter(fulfillment=fulfillment), by)


def prolong(claims: QuerySet[ZonePick], by: User) -> None:
    """Whoever works on one zone of a part, or on one order of a batch, keeps the others too.

    The parts are locked, so that nobody takes one of these over meanwhile.
    """
    now = clock.now()
    standing = claims.filter(picker=by, claimed_until__gt=now)
    standing.update(claimed_until=now + timedelta(minutes=CLAIM_MINUTES))


def claims_of(fulfillment: FulfillmentOrder, by: User) -> list[ZonePick]:
    """What this person has of the part, in the order of the walk."""
    rows = ZonePick.objects.filter(fulfillment=fulfillment, picker=by)
    return sorted(rows.filter(claimed_until__gt=clock.now()), key=lambda row: walk_place(row.zone))


def zones_of(fulfillment: FulfillmentOrder) -> set[str]:
    """The temperature zones in which the part still has goods."""
    lines = FulfillmentLine.objects.filter(fulfillment=fulfillment, allocated__gt=F("short"))
    return set(lines.order_by().values_list("item__zone", flat=True).distinct())


def walk_place(zone: str) -> int:
    """When on the walk one comes to a zone: the frozen one is last."""
    return WALK.index(Zone(zone))


def raise_version(*fulfillments: FulfillmentOrder) -> None:
    """Readers by version see that something about these parts has changed."""
    keys = sorted({fulfillment.pk for fulfillment in fulfillments})
    FulfillmentOrder.objects.filter(pk__in=keys).update(version=F("version") + 1)
    for fulfillment in fulfillments:
        fulfillment.refresh_from_db(fields=["version"])


def _write(
    fulfillment: FulfillmentOrder,
    zone: str,
    by: User,
    *,
    batch: PickBatch | None,
    tote: str,
    taken_from: int | None,
    keep: bool,
) -> bool:
    now = clock.now()
    values: dict[str, Any] = {
        "part": fulfillment.pk,
        "zone": zone,
        "picker": by.pk,
        "until": now + timedelta(minutes=CLAIM_MINUTES),
        "batch": batch.pk if batch else None,
        "tote": tote,
        "out": now if keep and zone in COLD else None,
        "keep": keep,
        "taken_from": taken_from,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, values)
        return cursor.fetchone() is not None


def _claimed(fulfillment: FulfillmentOrder, zones: Collection[str]) -> ClaimedElsewhere:
    rows = ZonePick.objects.filter(fulfillment=fulfillment, zone__in=zones)
    others = list(rows.select_related("picker", "batch").order_by("zone"))
    names = sorted({name_of(row.picker) for row in others if row.picker})
    batches = sorted({row.batch.public_id for row in others if row.batch})
    words = f"{' and '.join(names) or 'somebody'} has {_listed(sorted(zones))} of it"
    if batches:
        words += ", together with other orders"
    return ClaimedElsewhere(words, picker=", ".join(names), batch=", ".join(batches))


def name_of(person: User) -> str:
    """What colleagues call a person."""
    return person.get_full_name() or person.get_username()


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words)
