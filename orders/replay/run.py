"""One replay: load, seed, place, cancel, wait for the last delivery, check the invariants."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F
from tqdm import tqdm

from hub import clock
from hub.errors import HubError
from hub.events.health import left_over, waiting
from hub.invariants import check, shipped
from hub.stores.models import Store
from hub.supervisor import Supervisor, check_migrations
from inventory.models import StockLevel
from inventory.services.counts import record_counts
from orders.chain.access import open_demo_access
from orders.chain.load import load
from orders.chain.retail import read_lines, retail_chain
from orders.replay.client import Answer, Client
from orders.replay.collecting import collect
from orders.replay.plan import Plan, PlannedCut, PlannedOrder, plan_day

CHANNEL = "web-retail"
SETTLE_SECONDS = 60.0
_CREATED = 201
_OK = 200


@dataclass
class Outcome:
    """What the client was told: acknowledged orders by invoice, refusals by code."""

    placed: dict[str, str] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)
    amended: int = 0
    returned: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    retried: int = 0


@dataclass(kw_only=True)
class Replay:
    """A day of ``lines`` at ``stores``. Without ``url`` a hub is started and stopped again."""

    lines: Path
    stores: Path
    day: str
    url: str | None = None
    clients: int = 4
    since: datetime = field(default_factory=clock.now)
    run_id: str = field(default_factory=lambda: f"{int(time.time()):x}")

    def run(self) -> dict[str, Any]:
        """Everything is placed or refused, delivered and checked; returns the report."""
        plan, client = self.prepare()
        with self._hub():
            begun = time.monotonic()
            outcome = self.place(plan, client)
            seconds = time.monotonic() - begun
            drained = wait_until_drained(self.since)
        return self._report(plan, outcome, seconds, drained)

    def prepare(self) -> tuple[Plan, Client]:
        """The chain is loaded, the day's demand counted into stock; returns plan and client.

        Stock rule: every store counts, per stock code, what it has promised already and what the
        day asks of it, no more.
        """
        check_migrations()
        chain = retail_chain(stores=self.stores, lines=self.lines)
        load(chain)
        access = open_demo_access(chain)
        codes = [row.code for row in chain.stores]
        plan = plan_day(read_lines(self.lines, day=self.day), stores=codes)
        self._seed(plan)
        base_url = self.url or settings.PUBLIC_BASE_URL
        return plan, Client(base_url, access["api_keys"][CHANNEL])

    def place(self, plan: Plan, client: Client) -> Outcome:
        """Send every order, then every cancellation, in order of time; all have their answer.

        What is brought back is collected before: by the services, as stores do it by hand.
        """
        outcome = Outcome()
        with ThreadPoolExecutor(self.clients) as pool:
            answers = pool.map(lambda order: self._place(client, order), plan.orders)
            for order, answer in zip(plan.orders, _bar(answers, len(plan.orders)), strict=True):
                outcome.retried += answer.tries - 1
                if answer.status == _CREATED:
                    outcome.placed[order.invoice] = answer.body["id"]
                else:
                    outcome.refused[answer.code] += 1
        early = [cut for cut in plan.cuts if not cut.brought]
        late = [cut for cut in plan.cuts if cut.brought]
        for number, cut in enumerate(early):
            self._cut(client, cut, outcome, number)
        collected = self._collect(late, outcome)
        for number, cut in enumerate(late):
            self._bring_back(client, cut, outcome, collected, number)
        outcome.refused["cancellation_without_its_order"] += plan.unmatched
        return outcome

    def _place(self, client: Client, order: PlannedOrder) -> Answer:
        number = self._number(order.invoice)
        body = {
            "external_id": number,
            "pickup": {"store": order.store},
            "customer": {
                "name": f"Customer {order.customer}",
                "email": f"customer-{order.customer}@example.com",
                "account_id": order.customer,
                "notify": ["email"],
            },
            "currency": "GBP",
            "total_minor": sum(line.quantity * line.unit_price_minor for line in order.lines),
            "lines": [
                {
                    "sku": line.stock_code,
                    "quantity": line.quantity,
                    "unit_price_minor": line.unit_price_minor,
                }
                for line in order.lines
            ],
            "metadata": {"invoice": order.invoice, "invoiced_at": order.lines[0].invoiced_at},
        }
        return client.post("/v1/orders", body, key=number)

    def _cut(self, client: Client, cut: PlannedCut, outcome: Outcome, number: int) -> None:
        order_id = outcome.placed.get(cut.invoice)
        if order_id is None:
            outcome.refused["cancellation_of_a_refused_order"] += 1
            return
        body: dict[str, Any] = {"reason": "customer"}
        if cut.left:
            lines = [{"number": line, "quantity": left} for line, left in cut.left.items()]
            body |= {"lines": lines}
        path = f"/v1/orders/{order_id}/{'amend' if cut.left else 'cancel'}"
        answer = client.post(path, body, key=f"cut-{number}-{self._number(cut.invoice)}")
        if answer.status != _OK:
            outcome.refused[answer.code] += 1
        elif cut.left:
            outcome.amended += 1
        else:
            outcome.canceled.append(order_id)

    def _collect(self, cuts: list[PlannedCut], outcome: Outcome) -> set[str]:
        """Have the orders collected of which something is brought back; their invoices."""
        done = set()
        for invoice in dict.fromkeys(cut.invoice for cut in cuts if cut.invoice in outcome.placed):
            try:
                collect(outcome.placed[invoice])
            except HubError as error:
                outcome.refused[error.code] += 1
            else:
                done.add(invoice)
        return done

    def _bring_back(
        self, client: Client, cut: PlannedCut, outcome: Outcome, collected: set[str], number: int
    ) -> None:
        if cut.invoice not in collected:
            outcome.refused["cancellation_of_a_refused_order"] += 1
            return
        lines = [
            {"number": line, "quantity": units, "disposition": "restock"}
            for line, units in cut.brought.items()
        ]
        path = f"/v1/orders/{outcome.placed[cut.invoice]}/returns"
        key = f"back-{number}-{self._number(cut.invoice)}"
        answer = client.post(path, {"reason": "brought back", "lines": lines}, key=key)
        if answer.status == _CREATED:
            outcome.returned += 1
        else:
            outcome.refused[answer.code] += 1

    def _number(self, invoice: str) -> str:
        return f"{self.run_id}-{invoice}"

    def _seed(self, plan: Plan) -> None:
        demand = plan.demand()
        stores = Store.objects.in_bulk(demand, field_name="code")
        as_of = clock.now()
        for code, units in _bar(demand.items(), len(demand), what="stock"):
            promised = _promised(stores[code], list(units))
            record_counts(
                store=stores[code],
                source="replay",
                as_of=as_of,
                counts={sku: wanted + promised.get(sku, 0) for sku, wanted in units.items()},
                event_prefix=f"{self.run_id}:{code}",
            )

    @contextmanager
    def _hub(self) -> Iterator[None]:
        if self.url:
            yield
            return
        port = int(settings.PUBLIC_BASE_URL.rsplit(":", 1)[-1])
        supervisor = Supervisor(port=port, quiet=True)
        supervisor.start()
        try:
            supervisor.wait_until_ready()
            yield
        finally:
            supervisor.stop()

    def _report(
        self, plan: Plan, outcome: Outcome, seconds: float, drained: bool
    ) -> dict[str, Any]:
        findings = check(shipped())
        broken = any(finding.violations for finding in findings)
        return {
            "ok": drained and not broken,
            "day": self.day,
            "invoices": len(plan.orders) + len(plan.cuts) + plan.unmatched,
            "placed": len(outcome.placed),
            "canceled": len(outcome.canceled),
            "amended": outcome.amended,
            "returned": outcome.returned,
            "refused": {code: count for code, count in outcome.refused.items() if count},
            "left_out": dict(plan.left_out),
            "retried": outcome.retried,
            "drained": drained,
            "left_over": [] if drained else left_over(self.since),
            "seconds": round(seconds, 2),
            "rate": round(len(plan.orders) / seconds, 1) if seconds else 0.0,
            "invariants": [
                {
                    "app": finding.invariant.app,
                    "name": finding.invariant.name,
                    "violations": finding.violations,
                    "sample": finding.sample,
                }
                for finding in findings
            ],
        }


def _promised(store: Store, skus: list[str]) -> dict[str, int]:
    """Units per stock code that lie in the store but are not for sale."""
    levels = StockLevel.objects.filter(store=store, item__sku__in=skus)
    taken = F("unavailable") + F("allocated") + F("held")
    return dict(levels.annotate(taken=taken).values_list("item__sku", "taken"))


def wait_until_drained(since: datetime, seconds: float = SETTLE_SECONDS) -> bool:
    """Whether no delivery, webhook call or message made since then waited any more within
    ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not waiting(since):
                return True
        except DatabaseError:
            connection.close()  # the server is being restarted; the next look has a fresh one
        time.sleep(0.25)
    return False


def _bar(items: Any, total: int, *, what: str = "orders") -> Any:
    """The same items, with a progress bar once it takes longer than two seconds."""
    return tqdm(items, total=total, desc=what, unit="", delay=2, leave=False, disable=None)
