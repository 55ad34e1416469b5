"""The hub's own work in the cockpit: what its handlers do in the database."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hub.events import health
from hub.integration.gauges import Connector, standing
from hub.integration.lanes import Seen
from hub.stores.models import Store

OWN_LANE = "db"
SILENT_SECONDS = 180


def connectors(_stores: QuerySet[Store], seen: Seen) -> Iterable[Connector]:
    """The lane of handlers that call nobody; the relay works it like all others."""
    silent = health.seconds_since_beat("relay")
    away = silent is None or silent > SILENT_SECONDS
    error = _("the relay has not been seen for three minutes") if away else ""
    plain = Connector(kind="hub", name=_("Reactions in the hub"), lane=OWN_LANE)
    yield standing(plain, seen, error=error)
