"""What needs a person: everything that will not put itself right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from hub import clock
from hub.stores.models import Store
from inventory.models import PullTask, ShortfallCase
from orders.admin.boards import TONE_LEVELS, digest_of, work_link
from orders.admin.rescue import rescue_link
from orders.admin.words import SOON, said, span
from orders.models import (
    Block,
    ClockMark,
    Complaint,
    FulfillmentOrder,
    FulfillmentStatus,
    MoveOffer,
    OrderStatus,
    Visit,
    VisitStatus,
)
from orders.reports import LONG_WAIT_MINUTES, TO_PICK
from orders.states import LIVE

MOST = 50
WRONG_PINS = 5


@dataclass(frozen=True)
class Problem:
    """One line: what is wrong, with what, since when, and the page where it is mended.

    ``again`` is the part for which another store can be looked for with one tap.
    """

    title: str
    detail: str
    since: datetime
    link: str
    tone: str = "warning"
    again: int | None = None

    @property
    def key(self) -> str:
        """What tells it from the others on the board, as long as it stands there."""
        return digest_of([self.title, self.link, self.since.isoformat()])

    @property
    def mark(self) -> str:
        """Its tone for who sees no colours."""
        return "▲▲" if self.tone == "danger" else "▲"

    @property
    def level(self) -> int:
        """2 for what is grave, else 1: when it grows, the board sounds."""
        return TONE_LEVELS[self.tone]


Source = Callable[[QuerySet[Store]], Iterable[Problem]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Let an app above this one name what needs a person in the given stores."""
    if source not in _sources:
        _sources.append(source)


def problems(stores: QuerySet[Store]) -> list[Problem]:
    """Everything open in these stores, at most fifty of a kind, the gravest first, then oldest."""
    kinds: list[Source] = [_late, _at_risk, _waiting, _locked, _blocked, _uncollected]
    kinds += [_homeless, _asked, _unaccepted, _short, _to_pull, _complaints]
    found = [problem for source in [*kinds, *_sources] for problem in source(stores)]
    return sorted(found, key=lambda problem: (problem.tone != "danger", problem.since))


def _late(stores: QuerySet[Store]) -> Iterator[Problem]:
    now = clock.now()
    rows = _parts(stores).filter(status__in=TO_PICK, promised_at__lt=now)
    for row in rows.order_by("promised_at")[:MOST]:
        detail = _("promised {span} ago, still {status}").format(
            span=span(now - row.promised_at), status=said(row.status)
        )
        yield _of(row, _("Promise broken"), detail, row.promised_at, "danger")


def _at_risk(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Promised within a quarter of an hour, and nobody has begun to pick it."""
    now = clock.now()
    rows = _parts(stores).filter(
        status__in=[FulfillmentStatus.PROPOSED, FulfillmentStatus.ACCEPTED],
        promised_at__gte=now,
        promised_at__lt=now + SOON,
    )
    for row in rows.order_by("promised_at")[:MOST]:
        detail = _("promised in {span}, still {status}").format(
            span=span(row.promised_at - now), status=said(row.status)
        )
        yield _of(row, _("Promise at risk"), detail, row.created_at)


def _waiting(stores: QuerySet[Store]) -> Iterator[Problem]:
    since = clock.now() - timedelta(minutes=LONG_WAIT_MINUTES)
    rows = Visit.objects.filter(
        store__in=stores, status=VisitStatus.ARRIVED, arrived_at__lt=since
    ).prefetch_related("pickups__fulfillment__order", "pickups__fulfillment__store")
    for visit in rows.order_by("arrived_at")[:MOST]:
        for pickup in visit.pickups.all():
            if pickup.fulfillment.status not in LIVE:
                continue  # handed over already, or over in another way
            detail = _("waits for {span}").format(
                span=span(clock.now() - (visit.arrived_at or since))
            )
            at = visit.arrived_at or since
            yield _of(pickup.fulfillment, _("Long wait at the curb"), detail, at, "danger")


def _locked(stores: QuerySet[Store]) -> Iterator[Problem]:
    ready = _parts(stores).filter(status=FulfillmentStatus.READY)
    for row in ready.filter(pickup_code__failures__gte=WRONG_PINS)[:MOST]:
        detail = _(
            "five wrong PINs: a lead looks at the buyer's order and hands over with a reason"
        )
        yield _of(row, _("PIN locked"), detail, row.ready_at or row.created_at, "danger")


def _blocked(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = (
        Block.objects.filter(
            ~Q(reason=Block.Reason.MOVE),  # such parts are listed themselves
            lifted_at__isnull=True,
            order__status=OrderStatus.OPEN,
            order__fulfillments__store__in=stores,
        )
        .select_related("order")
        .order_by("opened_at", "pk")
        .distinct()
    )
    for block in rows[:MOST]:
        named = f"{block.get_reason_display()} {block.note}".strip()
        why = block.note if block.note and block.reason == Block.Reason.OTHER else named
        detail = f"{block.order.external_id}: {why}"
        link = reverse("admin:orders_order_change", args=[block.order_id])
        yield Problem(_("Order blocked"), detail, block.opened_at, link)


def _homeless(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Parts that no store works on: rejected, and no other part has taken their place."""
    followers = FulfillmentOrder.objects.filter(order=OuterRef("order"), replaces=OuterRef("pk"))
    asked = MoveOffer.objects.filter(fulfillment=OuterRef("pk"), state=MoveOffer.State.OPEN)
    rows = _parts(stores).filter(
        ~Exists(followers),
        ~Exists(asked),
        status=FulfillmentStatus.REJECTED,
        order__status=OrderStatus.OPEN,
    )
    for row in rows.select_related("rejection").order_by("pk")[:MOST]:
        rejection = getattr(row, "rejection", None)
        since = rejection.rejected_at if rejection else row.created_at
        why = _(row.reason) if row.reason else "–"
        detail = _("rejected: {reason}").format(reason=why)
        problem = _of(row, _("No store works on it"), detail, since, "danger")
        yield replace(problem, link=rescue_link(row), again=row.pk)


def _asked(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = MoveOffer.objects.filter(fulfillment__store__in=stores, state=MoveOffer.State.OPEN)
    rows = rows.select_related("fulfillment__order", "fulfillment__store", "store")
    for offer in rows.order_by("answer_by")[:MOST]:
        left = span(max(offer.answer_by - clock.now(), timedelta(0)))
        detail = _("may {code} prepare it? {left} left to answer").format(
            code=offer.store.code, left=left
        )
        problem = _of(offer.fulfillment, _("Waits for the customer"), detail, offer.made_at)
        yield replace(problem, link=rescue_link(offer.fulfillment))


def _unaccepted(stores: QuerySet[Store]) -> Iterator[Problem]:
    marks = ClockMark.objects.filter(
        kind=ClockMark.Kind.ACCEPT_OVERDUE,
        fulfillment__store__in=stores,
        fulfillment__status=FulfillmentStatus.PROPOSED,
    ).select_related("fulfillment__order", "fulfillment__store")
    for mark in marks.order_by("at")[:MOST]:
        part = mark.fulfillment
        late = part.accept_by is not None and part.accept_by <= clock.now()
        detail = _("the time to accept it is over") if late else _("nobody has accepted it yet")
        problem = _of(part, _("Not accepted"), detail, mark.at, "danger" if late else "warning")
        yield replace(problem, link=rescue_link(part))


def _uncollected(stores: QuerySet[Store]) -> Iterator[Problem]:
    now = clock.now()
    rows = _parts(stores).filter(status=FulfillmentStatus.READY, expires_at__lt=now)
    for row in rows.order_by("expires_at")[:MOST]:
        at = row.expires_at or now
        yield _of(
            row,
            _("Not collected"),
            _("should have gone {span} ago").format(span=span(now - at)),
            at,
        )


def _short(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = ShortfallCase.objects.filter(store__in=stores, closed_at__isnull=True)
    for case in rows.select_related("item", "store").order_by("opened_at")[:MOST]:
        detail = _("{item} in {code}: less on the shelf than promised").format(
            item=case.item, code=case.store.code
        )
        link = reverse("admin:inventory_shortfallcase_change", args=[case.pk])
        yield Problem(_("Stock falls short"), detail, case.opened_at, link)


def _to_pull(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = PullTask.objects.filter(
        store__in=stores, done_at__isnull=True, recall__closed_at__isnull=True
    )
    rows = rows.select_related("recall__item", "store").order_by("recall__opened_at", "pk")
    for task in rows[:MOST]:
        recall = task.recall
        lot = _(", lot {lot}").format(lot=recall.lot) if recall.lot else ""
        detail = _("{item}{lot} in {code}: {reason}").format(
            item=recall.item, lot=lot, code=task.store.code, reason=recall.reason
        )
        link = reverse("admin:inventory_pulltask_change", args=[task.pk])
        yield Problem(_("Pull recalled goods"), detail, recall.opened_at, link, "danger")


def _complaints(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = Complaint.objects.filter(fulfillment__store__in=stores, answered_at__isnull=True)
    rows = rows.select_related("fulfillment__order", "fulfillment__store", "line__item")
    for row in rows.order_by("made_at")[:MOST]:
        what = f"{row.units} × {row.line.item.name}" if row.line else _("all of it")
        detail = f"{row.get_kind_display()}: {what}"
        problem = _of(row.fulfillment, _("Customer complains"), detail, row.made_at)
        link = reverse("admin:orders_complaint_change", args=[row.pk])
        yield replace(problem, link=link)


def _parts(stores: QuerySet[Store]) -> QuerySet[FulfillmentOrder]:
    return FulfillmentOrder.objects.filter(store__in=stores).select_related("order", "store")


def _of(
    row: FulfillmentOrder, title: str, detail: str, since: datetime, tone: str = "warning"
) -> Problem:
    what = _("{external_id} in {code}: {detail}").format(
        external_id=row.order.external_id, code=row.store.code, detail=detail
    )
    return Problem(title, what, since, work_link(row), tone)
