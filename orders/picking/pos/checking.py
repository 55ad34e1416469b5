"""Comparing a store's POS with the hub, nightly or when asked: receipts, pick lists, stock.

A check asks page by page, says how far it is, and ends within bounds whatever the POS answers.
What it finds are PosDrift rows; an open one that is not found any more is settled.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django_q.tasks import async_task

from hub import clock
from hub.connectors.pos.base import Page, PosConnector
from hub.connectors.registry import pos_connector
from hub.errors import Conflict, ConnectorError, HubError
from hub.events.breakers import guarded
from hub.events.leases import NotNow, State
from hub.events.models import Delivery
from hub.inbox.services import keep
from hub.stores.models import PosConnection
from inventory.models import StockLevel
from inventory.services.catalog import known_items
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PosCheck,
    PosDrift,
    PosFeed,
    PosReceipt,
    Settlement,
)
from orders.picking.pos.comparing import (
    Drift,
    Ours,
    list_drift,
    missing_lists,
    receipt_drift,
    stock_drift,
)
from orders.picking.pos.pick_lists import lane_of
from orders.picking.pos.reading import line_id_of
from orders.states import LIVE

logger = logging.getLogger("hub.pos")

TASK = "orders.picking.pos.tasks.run_check"
MOST_PAGES = 200
MOST_DRIFTS = 1_000
BATCH = 500
SETTLING = timedelta(minutes=10)  # what is younger may still be on its way
RECEIPT_DAYS = 7
DEAD_AFTER = timedelta(minutes=30)
NIGHT = range(1, 5)  # hours of the store's own clock
ONCE_IN = timedelta(hours=20)
AT_ONCE = 200
Kind = PosDrift.Kind


class CheckRunning(Conflict):
    """The POS is being compared already."""

    code = "pos_check_running"
    title = "A check of this POS is under way"


def ask_check(*, connection: PosConnection, by: str = "") -> PosCheck:
    """Let a worker compare the POS soon. Raises CheckRunning while another check is under way."""
    try:
        with transaction.atomic():
            check = PosCheck.objects.create(
                connection=connection, asked_by=by[:150], began_at=clock.now()
            )
            async_task(TASK, check.pk, task_name=f"pos check {check.pk}")
    except IntegrityError:
        raise CheckRunning from None
    return check


def ask_nightly() -> int:
    """Ask for the checks of POS where it is night and no check was begun today; how many.

    A check whose worker has died is given up first.
    """
    now = clock.now()
    dead = PosCheck.objects.filter(finished_at__isnull=True, began_at__lt=now - DEAD_AFTER)
    dead.update(phase=PosCheck.Phase.FAILED, problem="its worker died", finished_at=now)
    last = PosCheck.objects.filter(connection=OuterRef("pk")).order_by("-pk").values("began_at")
    rows = PosConnection.objects.filter(active=True, store__active=True).annotate(
        checked_at=Subquery(last[:1])
    )
    due = Q(checked_at__isnull=True) | Q(checked_at__lte=now - ONCE_IN)
    asked = 0
    for row in rows.filter(due).select_related("store").order_by("pk"):
        if asked < AT_ONCE and now.astimezone(_zone(row)).hour in NIGHT:
            ask_check(connection=row)
            asked += 1
    return asked


def run_check(check_id: int) -> PosCheck:
    """Carry out a check that waits; it ends DONE or FAILED, with the reason in words."""
    check = PosCheck.objects.select_related("connection__store").get(pk=check_id)
    waiting = PosCheck.objects.filter(pk=check.pk, phase=PosCheck.Phase.WAITING)
    if not waiting.update(phase=PosCheck.Phase.RECEIPTS, began_at=clock.now()):
        return check  # somebody else is at it, or was
    check.refresh_from_db(fields=["phase", "began_at"])
    try:
        phase, problem = PosCheck.Phase.DONE, _Run(check).go()
    except (ConnectorError, HubError, NotNow) as error:
        phase, problem = PosCheck.Phase.FAILED, str(error)[:200].replace("\x00", "")
    _note(check, phase=phase, problem=problem, finished_at=clock.now())
    return check


class _Run:
    """One check while it runs."""

    def __init__(self, check: PosCheck) -> None:
        self.check = check
        self.connection = check.connection
        self.pos: PosConnector = pos_connector(check.connection)
        self.at = check.began_at
        self.found = 0

    def go(self) -> str:
        """All that the POS can be asked for, one thing after the other; returns what of it could
        not be taken, in words."""
        refused: list[str] = []
        if "receipts" in self.pos.can:
            refused = self._pull_receipts()
        self._settle_with(self._receipts(), [Kind.RECEIPT_MISSING, Kind.RECEIPT_AMOUNT])
        if "list" in self.pos.can:
            _note(self.check, phase=PosCheck.Phase.LISTS)
            kinds = [Kind.LIST_MISSING, Kind.LIST_STALE, Kind.LIST_LEFT, Kind.LIST_UNKNOWN]
            self._settle_with(self._lists(), kinds)
        if "stock" in self.pos.can:
            _note(self.check, phase=PosCheck.Phase.STOCK)
            self._settle_with(self._stock(), [Kind.STOCK])
        return f"receipts refused: {len(refused)}, first {refused[0]}"[:200] if refused else ""

    def _pull_receipts(self) -> list[str]:
        """Put into the inbox what the POS has printed since it was last asked; returns which
        receipts the inbox refuses, and why."""
        feed, _ = PosFeed.objects.get_or_create(connection=self.connection)
        seen, refused = 0, list[str]()
        for page in self._pages(self.pos.receipts, begin=feed.receipts_cursor):
            refused += keep_receipts(self.connection, page.rows)
            seen += len(page.rows)
            if page.next:
                PosFeed.objects.filter(pk=feed.pk).update(receipts_cursor=page.next)
            _note(self.check, receipts_seen=seen)
        return refused

    def _receipts(self) -> Iterator[Drift]:
        """Goods handed over whose receipts are missing or say something else."""
        parts = FulfillmentOrder.objects.filter(
            store=self.connection.store_id,
            status=FulfillmentStatus.COMPLETED,
            order__is_test=False,
            completed_at__gt=self.at - timedelta(days=RECEIPT_DAYS),
            completed_at__lt=self.at - SETTLING,
        )
        totals: Mapping[int, int] = dict(
            PosReceipt.objects.filter(fulfillment__in=parts, total_minor__isnull=False)
            .values_list("fulfillment")
            .annotate(total=Sum("total_minor"))
            .order_by()
        )
        known = set(PosReceipt.objects.filter(fulfillment__in=parts).values_list("fulfillment"))
        amounts = dict(
            Settlement.objects.filter(fulfillment__in=parts).values_list(
                "fulfillment", "supplied_minor"
            )
        )
        for part in parts.order_by("pk").iterator(BATCH):
            supplied = amounts.get(part.pk)
            told = totals.get(part.pk)
            has_receipt = (part.pk,) in known
            if supplied is None or (has_receipt and told is None):
                continue  # no figure to compare
            if has_receipt or self.connection.sales_include_orders:
                yield from _some(receipt_drift(part, supplied=supplied, told=told, at=self.at))

    def _lists(self) -> Iterator[Drift]:
        """Pick lists that one side has and the other has not, or has otherwise."""
        seen: set[str] = set()
        for page in self._pages(self.pos.pick_lists):
            ours = self._ours([row.fulfillment_id for row in page.rows])
            moving = _moving(ours.values())
            for row in page.rows:
                seen.add(row.fulfillment_id)
                mine = ours.get(row.fulfillment_id)
                if mine is None or mine.fulfillment.pk not in moving:
                    yield from _some(list_drift(row, mine, self.at))
            _note(self.check, lists_seen=len(seen))
        expected = self._expected()
        moving = _moving(expected)
        still = [one for one in expected if one.fulfillment.pk not in moving]
        yield from missing_lists(still, seen, self.at)

    def _ours(self, public_ids: Collection[str]) -> dict[str, Ours]:
        rows = FulfillmentOrder.objects.filter(
            public_id__in=public_ids, store=self.connection.store_id
        )
        return {one.fulfillment.public_id: one for one in _known_parts(rows, with_lines=True)}

    def _expected(self) -> list[Ours]:
        rows = FulfillmentOrder.objects.filter(
            store=self.connection.store_id,
            status__in=LIVE,
            order__is_test=False,
            created_at__lt=self.at - SETTLING,
        )
        return _known_parts(rows, with_lines=False)

    def _stock(self) -> Iterator[Drift]:
        """Items of which the POS believes to have more or fewer than the hub expects."""
        seen: set[int] = set()
        as_of = self.at
        for page in self._pages(self.pos.stock):
            as_of = min(page.as_of or self.at, clock.now())
            items = {sku: item.pk for sku, item in known_items(r.sku for r in page.rows).items()}
            ours = self._on_hand(items.values())
            for row in page.rows:
                if (item := items.get(row.sku)) is not None:
                    seen.add(item)
                    mine = ours.get(item, 0)
                    yield from _some(
                        stock_drift(
                            sku=row.sku, item_id=item, ours=mine, theirs=row.on_hand, at=as_of
                        )
                    )
            _note(self.check, items_seen=len(seen))
        if seen:  # a POS that lists nothing keeps no stock
            yield from self._unlisted(seen, as_of)

    def _unlisted(self, seen: set[int], as_of: datetime) -> Iterator[Drift]:
        rows = StockLevel.objects.filter(store=self.connection.store_id, on_hand__gt=0)
        for level in rows.exclude(item__in=seen).select_related("item").iterator(BATCH):
            mine = self._expected_of(level)
            yield from _some(
                stock_drift(
                    sku=level.item.sku, item_id=level.item_id, ours=mine, theirs=0, at=as_of
                )
            )

    def _on_hand(self, items: Iterable[int]) -> dict[int, int]:
        rows = StockLevel.objects.filter(store=self.connection.store_id, item__in=list(items))
        return {level.item_id: self._expected_of(level) for level in rows}

    def _expected_of(self, level: StockLevel) -> int:
        """What the POS should say: its counts may already lack what orders have set aside."""
        aside = level.allocated if self.connection.counts_include_orders else 0
        return max(0, level.on_hand - aside)

    def _pages(self, ask: Any, *, begin: str = "") -> Iterator[Page[Any]]:
        """Page after page, each call guarded by the store's breaker, two hundred at most."""
        cursor = begin
        lane = lane_of(self.connection.store_id)
        for _ in range(MOST_PAGES):
            with guarded(lane, lane=lane):
                page: Page[Any] = ask(cursor)
            yield page
            if not page.next or page.next == cursor or not page.rows:
                return
            cursor = page.next
        raise ConnectorError(f"more than {MOST_PAGES} pages", permanent=True)

    def _settle_with(self, drifts: Iterable[Drift], kinds: Collection[str]) -> None:
        """Keep what was found; open drifts of these kinds that were not found are gone."""
        now = clock.now()
        rows = PosDrift.objects.filter(
            connection=self.connection, kind__in=kinds, settled_at__isnull=True
        )
        known = {(row.kind, row.key): row for row in rows}
        new = []
        for drift in drifts:
            self.found += 1
            row = known.pop((drift.kind, drift.key), None)
            if row is not None:
                _refresh(row, drift)
            elif self.found <= MOST_DRIFTS:
                new.append(PosDrift(connection=self.connection, found_at=now, **_values(drift)))
        PosDrift.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        gone = [row.pk for row in known.values()]
        rows.filter(pk__in=gone).update(settled_at=now, settled_how="found no more")
        _note(self.check, drifts=self.found)


def keep_receipts(connection: PosConnection, receipts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Put receipts that were asked for into the inbox, each once.

    Returns those that the inbox refuses, with the reason: the next ones must not wait for them.
    """
    refused = []
    for data in receipts:
        body = json.dumps({"type": "receipt.recorded", "data": dict(data)}, sort_keys=True)
        event_id = f"receipt.{hashlib.sha256(body.encode()).hexdigest()[:32]}"
        try:
            keep(source=connection.public_id, event_id=event_id, body=body.encode())
        except HubError as error:
            named = ascii(data.get("receipt"))[:40]
            logger.warning("receipt %s of %s: %s", named, connection.public_id, error.code)
            refused.append(f"{named}: {error.code}")
    return refused


def _known_parts(rows: QuerySet[FulfillmentOrder], *, with_lines: bool) -> list[Ours]:
    parts = list(rows.select_related("store", "pos_list", "order").order_by("pk"))
    quantities = _quantities(parts) if with_lines else {}
    return [
        Ours(
            fulfillment=part,
            revision=part.pos_list.revision if hasattr(part, "pos_list") else 1,
            quantities=quantities.get(part.pk, {}),
        )
        for part in parts
    ]


def _quantities(parts: Collection[FulfillmentOrder]) -> dict[int, dict[str, int]]:
    """The units still wanted of each part, by line id."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = FulfillmentLine.objects.filter(fulfillment__in=parts, allocated__gt=F("short"))
    for line in rows.select_related("order_line"):
        found[line.fulfillment_id][line_id_of(line)] = line.allocated - line.short
    return found


def _moving(parts: Iterable[Ours]) -> set[int]:
    """Parts of which something is still on its way to the POS: no drift yet."""
    keys = {f"fulfillment:{one.fulfillment.pk}": one.fulfillment.pk for one in parts}
    rows = Delivery.objects.filter(
        state=State.PENDING, lane__startswith="pos:", ordering_key__in=list(keys)
    )
    return {keys[key] for key in rows.values_list("ordering_key", flat=True)}


def _some(drift: Drift | None) -> list[Drift]:
    return [] if drift is None else [drift]


def _values(drift: Drift) -> dict[str, Any]:
    return {
        "kind": drift.kind,
        "key": drift.key[:60],
        "ours": drift.ours[:200],
        "theirs": drift.theirs[:200],
        "as_of": drift.as_of,
        "fulfillment_id": drift.fulfillment_id,
        "item_id": drift.item_id,
        "units": drift.units,
    }


def _refresh(row: PosDrift, drift: Drift) -> None:
    PosDrift.objects.filter(pk=row.pk, settled_at__isnull=True).update(**_values(drift))


def _zone(connection: PosConnection) -> ZoneInfo:
    return ZoneInfo(connection.store.timezone)


def _note(check: PosCheck, **values: Any) -> None:
    PosCheck.objects.filter(pk=check.pk).update(**values)
    for name, value in values.items():
        setattr(check, name, value)
