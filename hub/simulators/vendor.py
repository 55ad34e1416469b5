"""Tills that behave as real ones do: late, twice, out of order, unwilling, and dark for hours.

Everything follows from a seed and the business clock. What the hub hears goes over HTTP; what a
till sold while it was dark is told, with the times of the sales, when it is back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Max

from hub import clock
from hub.errors import ConnectorError
from hub.simulators.models import (
    SimulatedPickList,
    SimulatedReceipt,
    SimulatedStock,
    SimulatedTill,
)
from hub.simulators.services import revision_of, till_reference
from hub.simulators.telling import tell
from hub.stores.models import PosConnection

MOST_TICKETS = 200  # looked at in one tick
MOST_SENT = 200
SECONDS_OF_DUPLICATE = 90.0

# what lies on the shelves when the simulation begins, as a till in step with the hub knows it
_SHELVES = """
SELECT item.sku, level.on_hand FROM inventory_stocklevel AS level
JOIN inventory_item AS item ON item.id = level.item_id
WHERE level.store_id = %s ORDER BY item.sku LIMIT 1000
"""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How the tills behave. Chances lie between 0 and 1, delays are in seconds.

    ``dark_after`` minutes from the beginning a till falls silent for ``dark_minutes``; None:
    never. ``lost`` answers to the hub's calls never arrive.
    """

    delay: float = 20.0
    duplicates: float = 0.2
    rejects: float = 0.05
    sales_per_minute: float = 1.0
    dark_after: float | None = None
    dark_minutes: float = 120.0
    lost: int = 0


@dataclass(order=True)
class Word:
    """Something a till will tell the hub when its time has come."""

    due: datetime
    number: int
    kind: str = field(compare=False)
    message_id: str = field(compare=False)
    data: dict[str, Any] = field(compare=False)


class Vendor:
    """One store's till. ``tick`` does all that is due by the business clock; ``say`` hears it."""

    def __init__(
        self, pos: PosConnection, *, habits: Habits, seed: int, say: Callable[[str], object]
    ) -> None:
        self.pos = pos
        self.habits = habits
        self.say = say
        self._chance = random.Random(f"{seed} {pos.store.code}")  # noqa: S311  a simulation
        self._words: list[Word] = []
        self._seen: set[int] = set()
        self._count = 0
        self._began = self._last = clock.now()
        self._is_dark = False

    def begin(self) -> None:
        """Take the till over from the simulator that answers by itself; its stock is the hub's."""
        values = {"answers": False, "dark_until": None, "lose_answers": self.habits.lost}
        SimulatedTill.objects.update_or_create(connection=self.pos.public_id, defaults=values)
        printed = SimulatedReceipt.objects.filter(connection=self.pos.public_id)
        last = printed.aggregate(last=Max("number"))["last"]
        self._count = int(last.rpartition("-")[2]) if last else 0  # a number is never used again
        known = SimulatedPickList.objects.filter(connection=self.pos.public_id)
        self._seen = set(known.values_list("pk", flat=True))
        with database.cursor() as cursor:
            cursor.execute(_SHELVES, [self.pos.store_id])
            shelves = cursor.fetchall()
        SimulatedStock.objects.filter(connection=self.pos.public_id).delete()
        SimulatedStock.objects.bulk_create(
            SimulatedStock(connection=self.pos.public_id, sku=sku, on_hand=units)
            for sku, units in shelves
        )

    def end(self) -> None:
        """Give the till back, lit."""
        SimulatedTill.objects.filter(connection=self.pos.public_id).update(
            answers=True, dark_until=None, lose_answers=0
        )

    def tick(self) -> None:
        """Everything that is due now."""
        now = clock.now()
        self._go_dark_or_come_back(now)
        self._sell(now)
        if not self._is_dark:
            self._look_at_tickets(now)
            self._talk(now)
        self._last = now

    @property
    def untold(self) -> int:
        """How much the till still has to tell."""
        return len(self._words)

    def _go_dark_or_come_back(self, now: datetime) -> None:
        if self.habits.dark_after is None:
            return
        begins = self._began + timedelta(minutes=self.habits.dark_after)
        ends = begins + timedelta(minutes=self.habits.dark_minutes)
        dark = begins <= now < ends
        if dark and not self._is_dark:
            rows = SimulatedTill.objects.filter(connection=self.pos.public_id)
            rows.update(dark_until=ends)
            self._tell_aloud(f"goes dark until {ends:%H:%M}")
        elif self._is_dark and not dark:
            self._tell_aloud(f"is back, with {self.untold} things to tell")
        self._is_dark = dark

    def _sell(self, now: datetime) -> None:
        """Sales over the counter since the last tick, each at a moment of its own."""
        span = (now - self._last).total_seconds()
        wanted = self.habits.sales_per_minute * span / 60
        count = int(wanted) + (self._chance.random() < wanted % 1)
        for _ in range(min(count, MOST_SENT)):
            at = self._last + timedelta(seconds=self._chance.uniform(0, span))
            if sold := self._take_from_shelf():
                self._print_receipt(sold, at)

    def _take_from_shelf(self) -> tuple[str, int] | None:
        rows = SimulatedStock.objects.filter(connection=self.pos.public_id, on_hand__gt=0)
        shelves = list(rows.order_by("sku").values_list("sku", "on_hand"))
        if not shelves:
            return None
        sku, units = self._chance.choice(shelves)
        quantity = self._chance.randint(1, min(3, units))
        rows.filter(sku=sku).update(on_hand=F("on_hand") - quantity)
        return sku, quantity

    def _print_receipt(self, sold: tuple[str, int], at: datetime) -> None:
        number = f"{self.pos.public_id[-6:]}-{self._next():06}"
        data = {
            "receipt": number,
            "occurred_at": at.isoformat(),
            "lines": [{"sku": sold[0], "quantity": sold[1]}],
        }
        with transaction.atomic():
            SimulatedReceipt.objects.create(connection=self.pos.public_id, number=number, body=data)
        self._will_tell("receipt.recorded", f"receipt.{number}", data, after=at)

    def _look_at_tickets(self, now: datetime) -> None:
        """Answer the pick lists that came since; sooner or later, now and then with a refusal."""
        rows = SimulatedPickList.objects.filter(
            connection=self.pos.public_id, canceled_at=None
        ).exclude(pk__in=self._seen)
        for ticket in rows.order_by("pk")[:MOST_TICKETS]:
            self._seen.add(ticket.pk)
            data: dict[str, Any] = {"fulfillment_id": ticket.reference}
            if self._chance.random() < self.habits.rejects:
                data |= {"reason": "till refuses", "revision": revision_of(ticket.body)}
                self._will_tell("pick_list.refused", f"refuse.{ticket.reference}", data, after=now)
            else:
                data["pos_reference"] = till_reference(ticket)
                self._will_tell(
                    "pick_list.acknowledged", f"ack.{ticket.reference}", data, after=now
                )

    def _will_tell(
        self, kind: str, message_id: str, data: dict[str, Any], *, after: datetime
    ) -> None:
        """Sometime within the usual delay; at times once more, later."""
        due = after + timedelta(seconds=self._chance.uniform(0, self.habits.delay))
        self._words.append(Word(due, self._next(), kind, message_id, data))
        if self._chance.random() < self.habits.duplicates:
            again = due + timedelta(seconds=self._chance.uniform(0, SECONDS_OF_DUPLICATE))
            self._words.append(Word(again, self._next(), kind, message_id, data))

    def _talk(self, now: datetime) -> None:
        """Tell what is due; what the hub does not take is told again at the next tick."""
        self._words.sort()
        due = [word for word in self._words if word.due <= now][:MOST_SENT]
        for word in due:
            if not self._is_told(word):
                return
            self._words.remove(word)

    def _is_told(self, word: Word) -> bool:
        value = {"type": word.kind, "data": word.data}
        path = f"/hooks/pos/{self.pos.public_id}"
        try:
            tell(path, secret=self.pos.secret, message_id=word.message_id, value=value)
        except ConnectorError as error:
            self._tell_aloud(f"the hub did not take {word.message_id}: {error}")
            return False
        self._tell_aloud(f"told {word.kind} {word.message_id}")
        return True

    def _tell_aloud(self, words: str) -> None:
        self.say(f"{clock.now():%H:%M:%S} {self.pos.store.code} {words}")

    def _next(self) -> int:
        self._count += 1
        return self._count


def run(vendors: Sequence[Vendor], *, minutes: float, wait: Callable[[], object]) -> dict[str, int]:
    """Let the tills work for so many minutes of the business clock, ``wait`` between two ticks.

    Returns how much each store's till has left untold. The tills are given back in any case.
    """
    end = clock.now() + timedelta(minutes=minutes)
    _each(vendors, Vendor.begin)
    try:
        while clock.now() < end:
            _each(vendors, Vendor.tick)
            wait()
    finally:
        _each(vendors, Vendor.end)
    return {vendor.pos.store.code: vendor.untold for vendor in vendors}


def _each(vendors: Iterable[Vendor], do: Callable[[Vendor], None]) -> None:
    for vendor in vendors:
        do(vendor)
