"""What the page of a POS shows: how it does, what waits for it, and where it differs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.connectors.pos.base import ABILITIES
from hub.connectors.registry import pos_connector
from hub.errors import ConnectorError
from hub.events.leases import State
from hub.events.models import Breaker, Delivery
from hub.stores.models import PosConnection, Store, StoreSwitch
from hub.stores.switches import is_on
from orders.admin.exceptions import MOST, Problem
from orders.admin.words import local, span
from orders.models import FulfillmentOrder, PosCheck, PosDrift, PosList, PosWaiting
from orders.picking.pos.pick_lists import lane_of
from orders.picking.pos.repairing import REPAIRS

SHOWN = 50
CHECKS = 5
ERROR_CHARACTERS = 160
BREAKER_WORDS = {
    Breaker.State.CLOSED: (gettext_lazy("Answers"), "success"),
    Breaker.State.OPEN: (gettext_lazy("Out of reach"), "danger"),
    Breaker.State.HALF_OPEN: (gettext_lazy("Being tried"), "warning"),
}


def state_of(connection: PosConnection) -> dict[str, Any]:
    """The context of the POS's page."""
    lane, zone = lane_of(connection.store_id), connection.store.timezone
    breaker = Breaker.objects.filter(key=lane).first()
    words, tone = BREAKER_WORDS[Breaker.State(breaker.state if breaker else "closed")]
    waiting = Delivery.objects.filter(lane=lane, state=State.PENDING)
    parked = Delivery.objects.filter(lane=lane, state=State.PARKED)
    drifts = PosDrift.objects.filter(connection=connection, settled_at__isnull=True)
    return {
        "connection": connection,
        "lane": lane,
        "breaker": breaker,
        "words": words,
        "tone": tone,
        "since": local(breaker.opened_at, zone) if breaker and breaker.opened_at else "",
        "next_try": local(breaker.due_at, zone, seconds=True) if breaker else "",
        "switched_off": is_on(store_id=connection.store_id, kind=StoreSwitch.Kind.POS_DOWN),
        "waiting_count": waiting.count(),
        "oldest": _age(waiting.aggregate(at=Min("created_at"))["at"]),
        "parked_count": parked.count(),
        "parked": _parked(parked),
        "drift_count": drifts.count(),
        "drifts": _drifts(drifts, zone),
        "strangers": _strangers(connection, zone),
        "checks": _checks(connection, zone),
        "is_checked": connection.checks.filter(finished_at__isnull=True).exists(),
        "folder": f"{settings.POS_DIR}/{connection.public_id}",
        "lacks": _lacks(connection),
    }


def _lacks(connection: PosConnection) -> list[str]:
    """What this POS cannot be asked for; nothing while its settings are wrong."""
    try:
        able = pos_connector(connection).can
    except ConnectorError:
        return []
    return [words for name, words in ABILITIES.items() if name not in able]


def pos_problems(stores: QuerySet[Store]) -> Iterator[Problem]:
    """What needs a person at the POS of these stores, for the page of exceptions."""
    places = {lane_of(store): store for store in stores.values_list("pk", flat=True)}
    known = PosConnection.objects.filter(store__in=stores, active=True).select_related("store")
    pages = {row.store_id: row for row in known}
    lanes = list(places)
    away = Breaker.objects.filter(key__in=lanes).exclude(state=Breaker.State.CLOSED)
    for breaker in away.order_by("opened_at")[:MOST]:
        row = pages.get(places[breaker.key])
        if row and breaker.opened_at:
            yield _problem(
                row, _("POS out of reach"), breaker.last_error, breaker.opened_at, "danger"
            )
    yield from _silent(stores)
    parked = Delivery.objects.filter(lane__in=lanes, state=State.PARKED).order_by("created_at")
    for delivery in parked[:MOST]:
        if row := pages.get(places[delivery.lane]):
            detail = _("given up: {why}").format(why=_why(delivery))
            yield _problem(row, _("POS could not be told"), detail, delivery.created_at)
    given_up = PosWaiting.objects.filter(
        connection__in=known, matched_at__isnull=True, given_up_at__isnull=False
    ).select_related("connection__store")
    for stranger in given_up.order_by("received_at")[:MOST]:
        detail = _("it told of {named}, which nobody knows").format(named=stranger.named)
        at = stranger.given_up_at or stranger.received_at
        yield _problem(stranger.connection, _("POS answer without order"), detail, at)
    yield from _drifting(known)


def _silent(stores: QuerySet[Store]) -> Iterator[Problem]:
    rows = PosList.objects.filter(
        alarmed_at__isnull=False,
        fulfillment__store__in=stores,
        fulfillment__pos_acknowledged_at__isnull=True,
        fulfillment__status__in=["proposed", "accepted", "picking", "picked"],
    ).select_related("fulfillment__order", "fulfillment__store")
    for row in rows.order_by("alarmed_at")[:MOST]:
        part = row.fulfillment
        link = reverse("admin:orders_fulfillmentorder_change", args=[part.pk])
        detail = _("{external_id} in {code}: the pick list is not confirmed").format(
            external_id=part.order.external_id, code=part.store.code
        )
        yield Problem(_("POS has not answered"), detail, row.alarmed_at or part.created_at, link)


def _drifting(known: QuerySet[PosConnection]) -> Iterator[Problem]:
    found = (
        PosDrift.objects.filter(connection__in=known, settled_at__isnull=True)
        .values_list("connection")
        .annotate(at=Min("found_at"))
        .order_by("at")
    )
    rows = {row.pk: row for row in known}
    for pk, at in found[:MOST]:
        yield _problem(rows[pk], _("POS and hub disagree"), _("a check found differences"), at)


def _problem(
    row: PosConnection, title: str, detail: str, at: datetime, tone: str = "warning"
) -> Problem:
    link = reverse("admin:stores_posconnection_state", args=[row.pk])
    return Problem(title, f"{row.store.code}: {detail}", at, link, tone)


def _why(row: Delivery) -> str:
    """The last line of its last error."""
    return (row.last_error.strip().splitlines() or ["–"])[-1][:ERROR_CHARACTERS]


def _age(at: datetime | None) -> str:
    return span(clock.now() - at) if at else "–"


def _parked(rows: QuerySet[Delivery]) -> list[dict[str, Any]]:
    """What was given up, with the part it is about."""
    found = list(rows.select_related("fact").order_by("-pk")[:SHOWN])
    ids = {row.fact.data.get("fulfillment_id") for row in found} - {None}
    parts = FulfillmentOrder.objects.select_related("order").in_bulk(ids)
    return [
        {
            "row": row,
            "part": parts.get(row.fact.data.get("fulfillment_id") or 0),
            "why": _why(row),
        }
        for row in found
    ]


def _drifts(rows: QuerySet[PosDrift], zone: str) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "repair": REPAIRS.get(PosDrift.Kind(row.kind), ""),
            "as_of": local(row.as_of, zone),
        }
        for row in rows.select_related("fulfillment__order", "item").order_by("kind", "key")[:SHOWN]
    ]


def _strangers(connection: PosConnection, zone: str) -> list[dict[str, Any]]:
    rows = PosWaiting.objects.filter(connection=connection, matched_at__isnull=True)
    return [
        {"row": row, "received": local(row.received_at, zone)}
        for row in rows.order_by("-pk")[:SHOWN]
    ]


def _checks(connection: PosConnection, zone: str) -> list[dict[str, Any]]:
    tones = {PosCheck.Phase.DONE: "success", PosCheck.Phase.FAILED: "danger"}
    return [
        {
            "row": row,
            "began": local(row.began_at, zone),
            "tone": tones.get(PosCheck.Phase(row.phase), "info"),
        }
        for row in connection.checks.order_by("-pk")[:CHECKS]
    ]
