"""The effect of a store's new hours, pace, places or curb settings, in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub import clock
from hub.staff.effects import Effect, Said, add_probe, add_stores_probe, tried
from hub.stores.models import Store
from orders.admin.words import local
from orders.curbside.escalating import steps_of
from orders.curbside.settings import curbs_of
from orders.effects import Standing, standing
from orders.models import CurbSettings, FulfillmentOrder, Visit

EXAMPLES = 12
REPLAYED_DAYS = 7
MOST_VISITS = 20_000
MOST_STORES = 500


def store_effects(row: Any, change: Callable[[], object]) -> list[Effect]:
    """What becomes of the store's promises and orders; ``row`` is a store or belongs to one."""
    store_id = row.pk if isinstance(row, Store) else row.store_id
    return orders_of_stores([store_id], change) if store_id else []


def orders_of_stores(store_ids: Collection[int], change: Callable[[], object]) -> list[Effect]:
    """The same for several stores, to which one change is made."""
    looked_at = sorted(store_ids)[:MOST_STORES]
    stores = Store.objects.in_bulk(looked_at)
    if not stores:
        return []
    before, after = tried(change, partial(standing, list(stores), at=clock.now()))
    effects = [_on_orders(before, after, stores), *_on_promises(before, after, stores)]
    if len(looked_at) < len(store_ids):
        words = _("%(seen)s of %(all)s stores were looked at.")
        told = words % {"seen": len(looked_at), "all": len(store_ids)}
        effects[0].said.append(Said(told, "warning"))
    return effects


def _on_orders(before: Standing, after: Standing, stores: dict[int, Store]) -> Effect:
    effect = Effect(title=_("Orders that are there"))
    for old, new, say in (
        (before.promised, after.promised, _say_promised),
        (before.chosen, after.chosen, _say_chosen),
        (before.stuck, after.stuck, _say_stuck),
    ):
        if fresh := new - old:
            effect.said.append(Said(say(len(fresh)), "danger"))
    full = {slot: n for slot, n in after.overfull.items() if n > before.overfull.get(slot, 0)}
    if full:
        effect.said.append(Said(_say_full(len(full), sum(full.values())), "warning"))
    worse = after.touched() - before.touched()
    if worse:
        people = len({after.contacts[pk] for pk in worse})
        effect.said.append(Said(_say_people(people)))
    if better := before.touched() - after.touched():
        effect.said.append(Said(_say_better(len(better)), "success"))
    if not effect.said:
        effect.said.append(Said(_("No promise, no chosen time and no ready order is touched.")))
    if not after.complete:
        effect.said.append(Said(_("Only the next 20,000 orders were looked at."), "warning"))
    effect.header = [_("Order"), _("Store"), _("Promised for"), _("Customer comes")]
    effect.rows = _examples(worse, stores)
    return effect


def _say_promised(count: int) -> str:
    return ngettext(
        "%(count)s order is promised for a time when the store will be closed.",
        "%(count)s orders are promised for a time when the store will be closed.",
        count,
    ) % {"count": count}


def _say_chosen(count: int) -> str:
    return ngettext(
        "%(count)s customer chose a time at which the store will be closed.",
        "%(count)s customers chose a time at which the store will be closed.",
        count,
    ) % {"count": count}


def _say_stuck(count: int) -> str:
    return ngettext(
        "%(count)s ready order cannot be collected before it is put back.",
        "%(count)s ready orders cannot be collected before they are put back.",
        count,
    ) % {"count": count}


def _say_full(windows: int, orders: int) -> str:
    return ngettext(
        "%(count)s pickup window will have more orders than places (%(orders)s too many).",
        "%(count)s pickup windows will have more orders than places (%(orders)s too many).",
        windows,
    ) % {"count": windows, "orders": orders}


def _say_people(count: int) -> str:
    return ngettext(
        "%(count)s customer is affected. Nobody is told by saving this.",
        "%(count)s customers are affected. Nobody is told by saving this.",
        count,
    ) % {"count": count}


def _say_better(count: int) -> str:
    return ngettext(
        "%(count)s order that stood outside the hours stands inside them again.",
        "%(count)s orders that stood outside the hours stand inside them again.",
        count,
    ) % {"count": count}


def _examples(parts: Collection[int], stores: dict[int, Store]) -> list[list[str]]:
    rows = FulfillmentOrder.objects.filter(pk__in=parts).select_related("order")
    return [
        [
            row.order.external_id,
            stores[row.store_id].code,
            local(row.promised_at, stores[row.store_id].timezone),
            local(row.window_start, stores[row.store_id].timezone),
        ]
        for row in rows.order_by("promised_at")[:EXAMPLES]
    ]


def _on_promises(before: Standing, after: Standing, stores: dict[int, Store]) -> list[Effect]:
    """The promise of the next hours, before and after."""
    moved = [key for key, ready in after.promises.items() if ready != before.promises[key]]
    effect = Effect(title=_("Promises of the next hours"))
    if not moved:
        effect.said.append(Said(_("New orders are promised as before.")))
        return [effect]
    count = len({store_id for store_id, _placed in moved})
    effect.said.append(
        Said(
            ngettext(
                "In %(count)s store new orders are promised for another time.",
                "In %(count)s stores new orders are promised for another time.",
                count,
            )
            % {"count": count}
        )
    )
    never = [key for key in moved if after.promises[key] is None]
    if never:
        effect.said.append(Said(_("Some orders will not be taken at all."), "danger"))
    effect.header = [_("Store"), _("Ordered at"), _("Ready, before"), _("Ready, after")]
    for store_id, placed in moved[:EXAMPLES]:
        store = stores[store_id]
        times = (placed, before.promises[store_id, placed], after.promises[store_id, placed])
        effect.rows.append([store.code, *(local(moment, store.timezone) for moment in times)])
    return [effect]


def curb_effects(row: Any, change: Callable[[], object]) -> list[Effect]:
    """The waits of the last seven days, judged by the settings before and after."""
    if not row.store_id:
        return []
    stores = [row.store]
    return _judged_anew(stores, *tried(change, lambda: curbs_of(stores)))


def curbs_of_stores(store_ids: Collection[int], change: Callable[[], object]) -> list[Effect]:
    """The same for several stores together; nothing when it leaves their curbs as they are."""
    stores = list(Store.objects.filter(pk__in=sorted(store_ids)[:MOST_STORES]))
    before, after = tried(change, lambda: curbs_of(stores))
    same = all(_judging(before[key]) == _judging(after[key]) for key in before)
    return [] if same else _judged_anew(stores, before, after)


def _judged_anew(
    stores: Sequence[Store], before: Mapping[int, CurbSettings], after: Mapping[int, CurbSettings]
) -> list[Effect]:
    waits = _waits([store.pk for store in stores])
    count = sum(map(len, waits.values()))
    effect = Effect(title=_("The last seven days, judged anew"))
    effect.said.append(Said(_say_waited(count, stores)))
    effect.header = ["", _("Before"), _("After")]
    effect.rows = [
        [
            _("waited longer than the target"),
            *(
                str(sum(wait > curbs[key].wait_target for key in waits for wait in waits[key]))
                for curbs in (before, after)
            ),
        ],
        *_steps_told(waits, before, after),
    ]
    return [effect]


def _judging(curb: CurbSettings) -> tuple[object, ...]:
    return (curb.wait_target, steps_of(curb))


def _say_waited(count: int, stores: Sequence[Store]) -> str:
    if len(stores) == 1:
        return ngettext(
            "%(count)s customer waited at the curb of %(store)s.",
            "%(count)s customers waited at the curb of %(store)s.",
            count,
        ) % {"count": count, "store": stores[0]}
    return ngettext(
        "%(count)s customer waited at the curbs of these stores.",
        "%(count)s customers waited at the curbs of these stores.",
        count,
    ) % {"count": count}


def _steps_told(
    waits: Mapping[int, Sequence[float]],
    before: Mapping[int, CurbSettings],
    after: Mapping[int, CurbSettings],
) -> list[list[str]]:
    names = [_("told on the board"), _("told by text to the lead"), _("told to all")]
    return [
        [name, *(str(_reached(waits, curbs, place)) for curbs in (before, after))]
        for place, name in enumerate(names)
    ]


def _reached(
    waits: Mapping[int, Sequence[float]], curbs: Mapping[int, CurbSettings], place: int
) -> int:
    """How many waits reached that step of their store."""
    steps = {key: steps_of(curb) for key, curb in curbs.items()}
    return sum(
        wait >= steps[key][place]
        for key, minutes in waits.items()
        if place < len(steps[key])
        for wait in minutes
    )


def _waits(store_ids: Collection[int]) -> dict[int, list[float]]:
    """How many minutes each customer of the last week waited, by store, the latest 20,000."""
    now = clock.now()
    since = now - timedelta(days=REPLAYED_DAYS)
    rows = Visit.objects.filter(store__in=store_ids, arrived_at__gt=since, arrived_at__lte=now)
    until = ExpressionWrapper(Coalesce(F("served_at"), F("ended_at")), output_field=DateTimeField())
    times = rows.order_by("-arrived_at").values_list("store_id", "arrived_at", until)
    found: dict[int, list[float]] = {}
    for store_id, arrived, end in times[:MOST_VISITS]:
        if arrived:
            found.setdefault(store_id, []).append(((end or now) - arrived).total_seconds() / 60)
    return found


add_stores_probe(orders_of_stores)
add_stores_probe(curbs_of_stores)
add_probe("stores.Store", store_effects)
add_probe("orders.SlotCapacity", store_effects)
add_probe("orders.CurbSettings", curb_effects)
