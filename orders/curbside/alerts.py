"""Telling a store that somebody stands outside: on its board, by text, by a call to its own system.

These alerts wait for no quiet hours: a customer is there now. Each goes out by a delivery of its
own, in a lane of the store's own, so that one store's dead system keeps no other store waiting.
What an alert is about is looked at again before it goes: nobody is called out for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from hub import clock
from hub.connectors.http import Client
from hub.connectors.signing import sign
from hub.events.breakers import guarded
from hub.events.catalog import ArrivalUnseen, CustomerArrived, OfVisit, WaitEscalated
from hub.events.models import Fact
from hub.events.outbox import wake_on_commit
from hub.events.registry import handles
from hub.providers.services import connector_for, providers_of
from hub.stores.models import Store
from orders.curbside.settings import curb_of
from orders.models import CurbSettings, FulfillmentOrder, Visit, VisitStatus

UNSEEN_SECONDS = 60
STALE = timedelta(minutes=15)
VALID_SECONDS = 600
WAITS = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 120.0)
TIMEOUT = (3.0, 10.0)
TEXT_LEVEL, ALL_LEVEL = 2, 3  # from which step of waiting the lead is texted, and everybody
NUMBER_CHARACTERS = 30


def mark_shown(*, visits: Collection[int], stores: QuerySet[Store]) -> int:
    """Note that a live board had these arrivals on the screen; returns how many had none before.

    Ids of other stores' visits, and of those that have not arrived, change nothing.
    """
    unseen = Visit.objects.filter(
        pk__in=visits, store__in=stores, arrived_at__isnull=False, shown_at__isnull=True
    )
    return unseen.update(shown_at=clock.now())


@handles(CustomerArrived, envelope=True)
def alert_of_arrival(fact: CustomerArrived, envelope: Fact) -> None:
    """Have the store texted and called as it wants; in a minute, see whether a board showed it."""
    visit = Visit.objects.select_related("store").get(pk=fact.visit_id)
    if not _waits(visit):
        return
    curb = curb_of(visit.store)
    later(envelope, "look_unseen", seconds=UNSEEN_SECONDS)
    if curb.alert_phone:
        _send(envelope, text_store, visit)
    if curb.alert_url:
        _send(envelope, call_store, visit)


@handles(ArrivalUnseen, WaitEscalated, envelope=True)
def alert_of_waiting(fact: ArrivalUnseen | WaitEscalated, envelope: Fact) -> None:
    """Have the lead texted, and at the last step of waiting whoever the store has named."""
    visit = Visit.objects.select_related("store").get(pk=fact.visit_id)
    level = fact.level if isinstance(fact, WaitEscalated) else TEXT_LEVEL
    curb = curb_of(visit.store)
    if level >= TEXT_LEVEL and lead_phone(curb):
        _send(envelope, text_lead, visit)
    if level >= ALL_LEVEL and curb.alert_phone not in ("", lead_phone(curb)):
        _send(envelope, text_store, visit)
    if level >= ALL_LEVEL and curb.alert_url:
        _send(envelope, call_store, visit)


@handles(lane=lambda _fact: "curb", waits=WAITS)
def text_store(fact: OfVisit) -> None:
    """Text the store's phone."""
    _text(fact, lambda curb: curb.alert_phone)


@handles(lane=lambda _fact: "curb", waits=WAITS)
def text_lead(fact: OfVisit) -> None:
    """Text the lead."""
    _text(fact, lead_phone)


@handles(lane=lambda _fact: "curb", waits=WAITS, envelope=True)
def call_store(fact: OfVisit, envelope: Fact) -> None:
    """Call the store's own system, signed as Standard Webhooks asks for.

    The id is the fact's and the same on every try; the body names nobody.
    """
    visit, curb = _looked_at(fact)
    if visit is None or not curb.alert_url:
        return
    body = json.dumps(_told(fact, envelope, visit), sort_keys=True).encode()
    secrets = [curb.alert_secret] if curb.alert_secret else []
    headers = sign(secrets=secrets, message_id=envelope.public_id, body=body) if secrets else {}
    lane = lane_of(visit)
    with guarded(lane, lane=lane):
        Client(curb.alert_url, timeout=TIMEOUT).post(body=body, headers=headers)


def later(envelope: Fact, handler: str, *, seconds: float) -> None:
    """Have a handler of ``orders.curbside.escalating`` look at the fact in so many seconds.

    It falls due by the database's clock; relays look at least every second.
    """
    _deliver(envelope, f"orders.curbside.escalating.{handler}", "db", seconds)


def lane_of(visit: Visit) -> str:
    """Where the alerts of a visit's store wait for one another."""
    return f"curb:{visit.store_id}"


def lead_phone(curb: CurbSettings) -> str:
    """Whom to text when the board does not do; the store's own phone when no lead is named."""
    return curb.lead_phone or curb.alert_phone


def _send(envelope: Fact, handler: Callable[..., None], visit: Visit) -> None:
    _deliver(envelope, f"{__name__}.{handler.__name__}", lane_of(visit), 0)
    wake_on_commit()


def _deliver(envelope: Fact, handler: str, lane: str, seconds: float) -> None:
    """One more copy of the fact, for a handler that did not ask for all facts of its kind."""
    with connection.cursor() as cursor:
        cursor.execute(_DELIVER, [envelope.pk, handler, lane, seconds])


_DELIVER = """
INSERT INTO events_delivery
    (fact_id, handler, lane, ordering_key, state, attempts, last_error, due_at)
VALUES (%s, %s, %s, '', 'pending', 0, '', statement_timestamp() + make_interval(secs => %s))
ON CONFLICT (fact_id, handler) DO NOTHING
"""


def _text(fact: OfVisit, number_of: Callable[[CurbSettings], str]) -> None:
    visit, curb = _looked_at(fact)
    if visit is None or not (number := number_of(curb)):
        return
    part = FulfillmentOrder.objects.select_related("order").get(pk=fact.fulfillment_id)
    first = providers_of("sms", is_test=part.order.is_test)[0]
    connector_for(first).send(
        to=number,
        body=_words(fact, visit, part),
        reference=f"{visit.public_id}.{fact.name}.{getattr(fact, 'level', 0)}",
        valid_seconds=VALID_SECONDS,
    )


def _looked_at(fact: OfVisit) -> tuple[Visit | None, CurbSettings]:
    """The visit, if somebody still has to go out to it, and what its store has set."""
    visit = Visit.objects.select_related("store", "spot").get(pk=fact.visit_id)
    return (visit if _waits(visit) else None), curb_of(visit.store)


def _waits(visit: Visit) -> bool:
    arrived = visit.arrived_at
    return visit.status == VisitStatus.ARRIVED and bool(arrived and clock.now() - arrived < STALE)


def _words(fact: OfVisit, visit: Visit, part: FulfillmentOrder) -> str:
    """The alert as a text of plain letters, well within one SMS; it names no customer."""
    number = _plain(part.order.external_id)[:NUMBER_CHARACTERS]
    where = f"at spot {_plain(visit.spot.label)}" if visit.spot else "outside, no spot named"
    waited = int((clock.now() - (visit.arrived_at or clock.now())).total_seconds() // 60)
    begin = {
        ArrivalUnseen.name: "Nobody has seen it on a board: customer",
        WaitEscalated.name: f"Waiting for {waited} min: customer",
    }.get(fact.name, "Customer")
    board = settings.PUBLIC_BASE_URL + reverse("admin:orders_fulfillmentorder_arrivals")
    return f"{begin} {where}, order {number}. {board}"


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _told(fact: OfVisit, envelope: Fact, visit: Visit) -> dict[str, Any]:
    parts = visit.pickups.filter(active=True).order_by("pk")
    return {
        "id": envelope.public_id,
        "type": fact.name,
        "timestamp": envelope.occurred_at.isoformat(),
        "data": {
            "visit_id": visit.public_id,
            "store": visit.store.code,
            "spot": visit.spot.label if visit.spot else None,
            "arrived_at": visit.arrived_at.isoformat() if visit.arrived_at else None,
            "level": getattr(fact, "level", 0),
            "fulfillment_ids": list(parts.values_list("fulfillment__public_id", flat=True)),
        },
    }
