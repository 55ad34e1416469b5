"""Random parts of orders, and what a plain count says of them."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.ids import new_id
from hub.stores.calendar import openings
from hub.stores.models import HoursException
from hub.stores.services import calendar_of
from inventory.models import ShortfallCase
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    Order,
    OrderLine,
    PosList,
    RejectedItem,
    Rejection,
    SubstitutionOffer,
    SubstitutionRound,
    Visit,
    VisitPickup,
)
from tests.factories import make_item, make_order, make_store

FIRST = date(2026, 10, 22)  # the clocks go back on the 25th in Warsaw
NOW = datetime(2026, 10, 29, 12, tzinfo=UTC)
RANK = ["proposed", "accepted", "picked", "ready", "completed", "expired"]


class World:
    """Random parts of two stores in two time zones, written straight into the tables."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.stores = [make_store(), make_store(timezone="America/Los_Angeles")]
        HoursException.objects.create(store=self.stores[0], date=FIRST + timedelta(days=2))
        self.items = [make_item(), make_item(unit="gram"), make_item()]
        self.model = make_order(store=None)
        self.lines = list(self.model.lines.all())
        FulfillmentOrder.objects.update(created_at=NOW - timedelta(days=300))
        self.number = 0

    def order(self, *, is_test: bool) -> Order:
        self.number += 1
        values = {
            field.attname: getattr(self.model, field.attname)
            for field in Order._meta.concrete_fields
            if not field.primary_key
        }
        changed = {
            "public_id": new_id("ord"),
            "external_id": f"R-{self.number}",
            "is_test": is_test,
        }
        return Order.objects.create(**values | changed)

    def moment(self, since: datetime, hours: float) -> datetime:
        return since + timedelta(seconds=round(self.dice.random() * hours * 3600))

    def part(self) -> None:
        dice = self.dice
        placed = self.moment(datetime.combine(FIRST, time(), UTC), 24 * 6)
        status = dice.choice([*RANK, "rejected"])
        reached = RANK.index(status) if status in RANK else 0
        accepted = self.moment(placed, 20) if reached >= 1 else None
        picked = self.moment(accepted, 5) if accepted and reached >= 2 else None
        ready = self.moment(picked, 1) if picked and reached >= 3 else None
        part = FulfillmentOrder.objects.create(
            order=self.order(is_test=dice.random() < 0.1),
            store=dice.choice(self.stores),
            status=status,
            created_at=placed,
            accepted_at=accepted,
            picked_at=picked,
            ready_at=ready,
            promised_at=self.moment(placed, 30),
            promised_first=self.moment(placed, 20) if dice.random() < 0.5 else None,
        )
        self.goods(part)
        if status == "rejected":
            self.rejection(part)
        if dice.random() < 0.5:
            pushed = self.moment(placed, 1) if dice.random() < 0.8 else None
            PosList.objects.create(fulfillment=part, pushed_at=pushed)
        if ready and dice.random() < 0.7:
            self.visit(part, self.moment(ready, 30))

    def goods(self, part: FulfillmentOrder) -> None:
        dice = self.dice
        for number, item in enumerate(dice.sample(self.items, 2), start=1):
            units = dice.randint(1, 5)
            bought = OrderLine.objects.create(
                order=part.order, number=number, item=item, quantity=units, unit_price_minor=1
            )
            short = dice.randint(0, units) if part.picked_at and dice.random() < 0.4 else 0
            line = FulfillmentLine.objects.create(
                fulfillment=part,
                order_line=bought,
                item=item,
                allocated=units,
                picked=units - short if part.picked_at else 0,
                short=short,
                short_reason=dice.choice(["shortage", "damaged", "weight"]) if short else "",
            )
            if short and dice.random() < 0.6:
                self.substitute(line, short)

    def substitute(self, line: FulfillmentLine, units: int) -> None:
        asked = SubstitutionRound.objects.filter(fulfillment=line.fulfillment_id).first()
        asked = asked or SubstitutionRound.objects.create(
            fulfillment=line.fulfillment, deadline=NOW
        )
        outcome = self.dice.choice(["accepted", "declined", "withdrawn"])
        SubstitutionOffer.objects.create(
            round=asked,
            number=line.pk % 30_000,
            line=line,
            original=line.item,
            item=line.item,
            units=units,
            unit_price_minor=1,
            on_silence="decline",
            outcome=outcome,
            answered_at=NOW,
        )
        if outcome == "accepted":
            FulfillmentLine.objects.create(
                fulfillment=line.fulfillment,
                order_line=line.order_line,
                item=make_item(),
                stands_for=line,
                allocated=units,
                picked=units,
            )

    def rejection(self, part: FulfillmentOrder) -> None:
        reason = self.dice.choice(["too_busy", "out_of_stock"])
        told = Rejection.objects.create(
            fulfillment=part, store=part.store, reason=reason, rejected_at=NOW
        )
        if reason == "out_of_stock":
            line = part.lines.first()
            RejectedItem.objects.create(
                rejection=told, store=part.store, item=line.item, units=2, rejected_at=NOW
            )

    def visit(self, part: FulfillmentOrder, arrived: datetime) -> None:
        status = self.dice.choice(["done", "left", "arrived", "being_served"])
        served = self.moment(arrived, 0.3) if status in ("done", "being_served") else None
        visit = Visit.objects.create(
            store=part.store,
            status=status,
            arrived_at=arrived,
            served_at=served if self.dice.random() < 0.8 else None,
            ended_at=(served or arrived) + timedelta(minutes=3) if status != "arrived" else None,
        )
        VisitPickup.objects.create(visit=visit, fulfillment=part, active=status != "done")

    def shortfall(self) -> None:
        ShortfallCase.objects.create(
            store=self.dice.choice(self.stores),
            item=make_item(),
            opened_at=self.moment(datetime.combine(FIRST, time(), UTC), 24 * 6),
        )


def local_day(moment: datetime, store) -> date:
    """The day it was there."""
    return moment.astimezone(ZoneInfo(store.timezone)).date()


def open_seconds(store, since: datetime, until: datetime) -> float:
    """How long the store was open between the two, by the calendar that promises go by."""
    total = 0.0
    for opens, closes in openings(*calendar_of(store), since):
        if opens >= until:
            break
        total += max(0.0, (min(until, closes) - max(since, opens)).total_seconds())
    return total


def units(item, number: int) -> int:
    return number if item.unit == "each" else int(number > 0)


class Plain:
    """Figures, lengths of time and reasons, counted row by row; those of the chain under None."""

    def __init__(self) -> None:
        self.figures: Counter = Counter()
        self.times: dict = {}
        self.reasons: Counter = Counter()
        for part in FulfillmentOrder.objects.filter(order__is_test=False).select_related("store"):
            self.at = part.store, local_day(part.created_at, part.store)
            self.steps(part)
            self.promises(part)
            for pos in PosList.objects.filter(fulfillment=part):
                self.pos(part, pos)
            for line in part.lines.select_related("item"):
                self.line(part, line)
            self.answers(part)
            self.rejection(part)
        for visit in Visit.objects.filter(pickups__fulfillment__order__is_test=False):
            self.at = visit.store, local_day(visit.arrived_at, visit.store)
            self.visit(visit)
        for case in ShortfallCase.objects.select_related("store"):
            self.at = case.store, local_day(case.opened_at, case.store)
            self.add("shortfalls")

    def add(self, name, number=1) -> None:
        store, day = self.at
        for key in (store.pk, None):
            self.figures[key, day, name] += int(number)

    def took(self, name, seconds) -> None:
        store, day = self.at
        for key in (store.pk, None):
            self.times.setdefault((key, day, name), []).append(seconds)

    def why(self, kind, reason, item, number) -> None:
        store, day = self.at
        self.reasons[store.pk, day, kind, reason, item and item.pk] += number

    def steps(self, part) -> None:
        store = part.store
        self.add("placed")
        self.add("accepted", part.accepted_at is not None)
        self.add("ready", part.ready_at is not None)
        for name in ("completed", "expired", "rejected"):
            self.add(name, part.status == name)
        if part.accepted_at:
            self.took("accept", open_seconds(store, part.created_at, part.accepted_at))
        if part.picked_at:
            self.took("pick", open_seconds(store, part.accepted_at, part.picked_at))
        if part.ready_at:
            self.took("ready", open_seconds(store, part.created_at, part.ready_at))

    def promises(self, part) -> None:
        is_open = part.status in ("proposed", "accepted", "picked")
        self.add("due", bool(part.ready_at) or (is_open and part.promised_at <= NOW))
        first = part.promised_first or part.promised_at
        if part.ready_at:
            self.add("in_time", part.ready_at <= part.promised_at)
            self.add("kept", part.ready_at <= first)
        if part.ready_at and part.ready_at > first:
            self.took("late", (part.ready_at - first).total_seconds())

    def pos(self, part, pos) -> None:
        self.add("pos_lists")
        self.add("pos_pushed", pos.pushed_at is not None)
        if pos.pushed_at:
            self.took("pos", (pos.pushed_at - part.created_at).total_seconds())

    def line(self, part, line) -> None:
        if not part.picked_at and not line.short:
            return
        if line.stands_for_id:
            self.add("substituted", units(line.item, line.picked))
            return
        self.add("asked", units(line.item, line.allocated))
        self.add("filled", units(line.item, line.picked))
        if line.short and line.short_reason != "weight":
            self.add("short", units(line.item, line.short))
            self.why("short", line.short_reason, line.item, units(line.item, line.short))

    def answers(self, part) -> None:
        for offer in SubstitutionOffer.objects.filter(round__fulfillment=part):
            self.add("answered", offer.outcome in ("accepted", "declined"))
            self.add("taken", offer.outcome == "accepted")

    def rejection(self, part) -> None:
        for told in Rejection.objects.filter(fulfillment=part):
            self.why("rejected", told.reason, None, 1)
            for goods in told.items.select_related("item"):
                self.why("item", told.reason, goods.item, units(goods.item, goods.units))

    def visit(self, visit) -> None:
        self.add("arrived")
        self.add("gone", visit.status == "left")
        done = visit.ended_at if visit.status == "done" else None
        if met := visit.served_at or done:
            self.took("wait", (met - visit.arrived_at).total_seconds())
        if done:
            self.took("dwell", (done - visit.arrived_at).total_seconds())
