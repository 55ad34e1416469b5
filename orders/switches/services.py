"""The three switches of a store: no new orders, closing early, POS down. Looked at first, undone.

A store has one switch of a kind on at most; the database sees to it. So the same tap twice, or
two people at once, have one effect, and the second sees the first one's switch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Q

from hub import clock
from hub.events.catalog import StoreSwitched
from hub.events.outbox import publish
from hub.stores.models import Store, StoreSwitch
from inventory.models import Hold
from orders.models import FulfillmentOrder
from orders.states import BEFORE_READY, LIVE
from orders.switches import closing as early
from orders.switches.errors import TimeOver
from orders.text import clean

Kind = StoreSwitch.Kind
REASON_CHARACTERS = 200
TOKEN_CHARACTERS = 64
BY_CHARACTERS = 150
MOST_ENDED = 200


@dataclass(frozen=True)
class Preview:
    """What a switch would change now, in numbers of orders.

    ``open_orders`` are not over in the store, ``carts`` hold goods there. Of a closing:
    ``told`` customers get word, ``on_the_way`` of them first; ``windows``, ``promises`` and
    ``deadlines`` move. Of a dead POS: ``unknown_to_pos`` have not been acknowledged.
    """

    open_orders: int
    carts: int
    told: int = 0
    on_the_way: int = 0
    windows: int = 0
    promises: int = 0
    deadlines: int = 0
    unknown_to_pos: int = 0
    closes_at: datetime | None = None
    usually_at: datetime | None = None


def preview(*, store: Store, kind: str, closes: time | None = None) -> Preview:
    """Count what the switch would change. Raises as ``switch_on`` does for a closing time."""
    live = FulfillmentOrder.objects.filter(store=store, status__in=LIVE)
    carts = Hold.objects.filter(
        store=store, status=Hold.Status.ACTIVE, expires_at__gt=clock.now()
    ).count()
    if kind == Kind.POS_DOWN:
        unknown = live.filter(status__in=BEFORE_READY, pos_acknowledged_at__isnull=True).count()
        return Preview(live.count(), carts, unknown_to_pos=unknown)
    if kind != Kind.CLOSING_EARLY:
        return Preview(live.count(), carts)
    closing = early.plan(store, _needed(closes))
    soon = Q(promised_at__gt=closing.at, promised_at__lte=closing.usual)
    shown = early.touched(store, closing).aggregate(
        told=Count("pk"),
        on_the_way=Count("pk", filter=Q(coming=True)),
        windows=Count("pk", filter=Q(window_start__gte=closing.at, window_start__lt=closing.usual)),
        promises=Count("pk", filter=Q(status__in=BEFORE_READY) & soon),
        deadlines=Count("pk", filter=Q(expires_at__gt=closing.at, expires_at__lte=closing.usual)),
    )
    return Preview(live.count(), carts, closes_at=closing.at, usually_at=closing.usual, **shown)


@transaction.atomic
def switch_on(
    *,
    store: Store,
    kind: str,
    by: str,
    reason: str = "",
    until: datetime | None = None,
    closes: time | None = None,
    token: str = "",
) -> StoreSwitch:
    """Turn a switch on and publish it; return it, or the one that is on already.

    ``paused`` and ``pos_down`` last until they are undone, or ``until`` then. ``closing_early``
    ends today's hours at ``closes`` (the store's own time): windows, promises and deadlines after
    it move to when the store is open, and every customer whom that concerns is told, those on
    their way first. The same ``token`` never acts twice, even when the switch is off again.
    Raises TimeOver, NotToday and InBreak.
    """
    list(Store.objects.select_for_update(no_key=True).filter(pk=store.pk).values_list("pk"))
    if known := _known(store, kind, token):
        return known
    if until is not None and until <= clock.now():
        raise TimeOver
    switch = StoreSwitch(store=store, kind=kind, until=until, opened_by=by[:BY_CHARACTERS])
    switch.reason = clean(reason, limit=REASON_CHARACTERS, what="the reason")
    switch.opened_at = clock.now()
    switch.before = {"token": token[:TOKEN_CHARACTERS]}
    if kind == Kind.CLOSING_EARLY:
        _close(switch, _needed(closes))
    switch.save(force_insert=True)
    publish(StoreSwitched(store_id=store.pk, kind=kind, on=True))
    return switch


@transaction.atomic
def undo(*, switch: StoreSwitch, by: str) -> bool:
    """Turn a switch off and put back what it changed; False when it was off already.

    After a closing the day's hours, and all times that nobody has changed since, are as before,
    and those who were told of it are told so. A window that is past or full stays the moved one.
    """
    if not _off(switch, by):
        return False
    if switch.kind == Kind.CLOSING_EARLY:
        _reopen(switch)
    return True


def end_due() -> int:
    """Turn the switches off whose time has run out; return how many."""
    due = StoreSwitch.objects.filter(closed_at__isnull=True, until__lte=clock.now())
    return sum(_end(switch) for switch in due.order_by("until")[:MOST_ENDED])


@transaction.atomic
def _end(switch: StoreSwitch) -> bool:
    return _off(switch, "")


def _off(switch: StoreSwitch, by: str) -> bool:
    rows = StoreSwitch.objects.filter(pk=switch.pk, closed_at__isnull=True)
    off = rows.update(closed_at=clock.now(), closed_by=by[:BY_CHARACTERS])
    switch.refresh_from_db()
    if off:
        publish(StoreSwitched(store_id=switch.store_id, kind=switch.kind, on=False))
    return bool(off)


def _known(store: Store, kind: str, token: str) -> StoreSwitch | None:
    """The switch that this tap made, or the one that is on; one whose time is over is ended."""
    rows = StoreSwitch.objects.filter(store=store, kind=kind)
    if token and (made := rows.filter(before__token=token).first()):
        return made
    switch = rows.filter(closed_at__isnull=True).first()
    if switch and switch.until and switch.until <= clock.now():
        _off(switch, "")
        return None
    return switch


def _close(switch: StoreSwitch, closes: time) -> None:
    """End today's hours early, and move and tell all whom that concerns."""
    store = switch.store
    closing = early.plan(store, closes)
    keys = _locked(early.touched(store, closing).values_list("pk", flat=True))
    midnight = datetime.combine(closing.day + timedelta(days=1), time(), ZoneInfo(store.timezone))
    switch.until = midnight
    kept = early.shut(store, closing, switch.reason or "closed early")
    parts = list(early.touched(store, closing).filter(pk__in=keys))
    moved = early.move_all(store, parts, closing)
    switch.before |= {
        "hours": kept,
        "closes_at": closing.at.isoformat(),
        "told": [part.pk for part in parts],
        "moved": moved,
    }


def _reopen(switch: StoreSwitch) -> None:
    before: Mapping[str, Any] = switch.before
    early.reopen(switch.store, before["hours"])
    keys = _locked(before["told"])
    parts = early.in_order(FulfillmentOrder.objects.filter(pk__in=keys, status__in=LIVE))
    closes_at = datetime.fromisoformat(before["closes_at"])
    early.move_back(switch.store, before["moved"], list(parts), closes_at)


def _locked(keys: Any) -> list[int]:
    """Lock these parts in the order of their keys, as every service does."""
    rows = FulfillmentOrder.objects.filter(pk__in=sorted(keys))
    return list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _needed(closes: time | None) -> time:
    if closes is None:
        raise TimeOver("say when the store closes")
    return closes
