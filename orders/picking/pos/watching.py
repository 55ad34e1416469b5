"""What has to be looked at by the minute: a POS that stays silent, and files that it left."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet

from hub import clock
from hub.connectors.pos.base import Answer, PosConnector
from hub.connectors.pos.files import FilesPos, opened
from hub.connectors.registry import pos_connector
from hub.errors import ConnectorError, HubError
from hub.events.catalog import PosUnacknowledged
from hub.events.outbox import publish
from hub.inbox.services import keep
from hub.stores.calendar import add_open_minutes
from hub.stores.models import PosConnection, StoreSwitch
from hub.stores.services import calendar_of
from hub.stores.switches import stores_with
from inventory.models import FeedLayout
from inventory.services.files import queue_file, receive_file
from orders.models import FulfillmentOrder, FulfillmentStatus, PosList

logger = logging.getLogger("hub.pos")

SILENT_MINUTES = 5
SILENT_SPAN = timedelta(minutes=SILENT_MINUTES)
AT_ONCE = 500
READ_BYTES = 1 << 20
UNHEARD = (
    FulfillmentStatus.PROPOSED,
    FulfillmentStatus.ACCEPTED,
    FulfillmentStatus.PICKING,
    FulfillmentStatus.PICKED,
)


def tell_unacknowledged() -> int:
    """Publish once of each part that its POS has not acknowledged it in five open minutes.

    A POS that is switched off is not expected to. Returns how many were told of.
    """
    now = clock.now()
    told, asleep = 0, set[int]()
    silent = _silent(now)
    while parts := silent.exclude(store__in=asleep)[: AT_ONCE - told]:
        for part in parts:
            if part.store_id in asleep:
                continue
            if _has_waited(part, now):
                told += _tell(part, now)
            else:  # nor have the younger ones of that store: the next look passes them over
                asleep.add(part.store_id)
    return told


def _silent(now: datetime) -> QuerySet[FulfillmentOrder]:
    """Parts that no POS has acknowledged or been told of, the oldest first, whatever the hours."""
    return (
        FulfillmentOrder.objects.filter(
            Q(pos_list__isnull=True) | Q(pos_list__alarmed_at__isnull=True),
            status__in=UNHEARD,
            store__pos__active=True,
            pos_acknowledged_at__isnull=True,
            created_at__lt=now - SILENT_SPAN,
        )
        .exclude(store__in=stores_with(StoreSwitch.Kind.POS_DOWN))
        .select_related("store")
        .prefetch_related("store__hours", "store__exceptions")
        .order_by("created_at", "pk")
    )


def take_pos_files() -> int:
    """Take the answers and sales logs that POS which speak files have left; how many were new."""
    new = 0
    for connection in PosConnection.objects.filter(active=True, connector="files").select_related(
        "store"
    ):
        try:
            pos = pos_connector(connection)
            new += sum(_keep(connection, name, answers, pos) for name, answers in pos.answers())
            if isinstance(pos, FilesPos):
                new += sum(_take_sales(connection, path, pos) for path in pos.sales())
        except ConnectorError as error:
            logger.error("files of %s: %s", connection.public_id, error)
    return new


def _has_waited(part: FulfillmentOrder, now: datetime) -> bool:
    due = add_open_minutes(*calendar_of(part.store), part.created_at, SILENT_MINUTES)
    return due is not None and due <= now


def _tell(part: FulfillmentOrder, now: datetime) -> bool:
    with transaction.atomic():
        PosList.objects.get_or_create(fulfillment=part)
        rows = PosList.objects.filter(fulfillment=part, alarmed_at__isnull=True)
        if not rows.update(alarmed_at=now):
            return False
        publish(PosUnacknowledged(order_id=part.order_id, fulfillment_id=part.pk))
    return True


def _keep(
    connection: PosConnection, name: str, answers: tuple[Answer, ...], pos: PosConnector
) -> int:
    """Put the answers of one file into the inbox, then put the file away; a file with an answer
    that the inbox refuses is put among the refused."""
    new = 0
    try:
        for answer in answers:
            body = json.dumps({"type": answer.type, "data": dict(answer.data)}).encode()
            new += keep(source=connection.public_id, event_id=answer.event_id, body=body)
    except HubError as error:
        pos.taken(name, problem=f"{error.code}: {error.detail}")
    else:
        pos.taken(name)
    return new


def _take_sales(connection: PosConnection, path: Path, pos: FilesPos) -> int:
    """Hand a sales log over as a stock file with changes; its layout is that of the source."""
    layout = FeedLayout.objects.filter(
        source=connection.public_id, mode="delta", active=True
    ).first()
    try:
        with opened(path) as file:
            content = iter(lambda: file.read(READ_BYTES), b"")
            received, is_new = receive_file(
                content=content,
                name=path.name,
                source=connection.public_id,
                as_of=datetime.fromtimestamp(path.stat().st_mtime, UTC),
                mode="delta",
                layout=layout,
                store=connection.store,
                by="POS folder",
            )
    except FileNotFoundError:
        return 0  # another run was faster
    except ConnectorError as error:
        pos.taken(path.name, problem=str(error))
        return 0
    except HubError as error:
        pos.taken(path.name, problem=f"{error.code}: {error.detail}")
        return 0
    if is_new:
        queue_file(file=received)
    pos.taken(path.name)
    return int(is_new)
