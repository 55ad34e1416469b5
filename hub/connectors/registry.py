"""From a name in settings.CONNECTORS to the connector itself.

Work that belongs to a test key goes to simulators or into memory, never to a vendor.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from hub.connectors.pos.base import PosAccount, PosConnector
from hub.connectors.sms.base import SmsAccount, SmsConnector
from hub.errors import ConnectorError

HARMLESS_SMS = ("handset", "memory")
NEED_ACCOUNTS = ("twilio", "kannel", "http")


class ConnectionLike(Protocol):
    """What the registry needs to know of a store's POS connection."""

    public_id: str
    connector: str
    base_url: str
    secret: str
    previous_secret: str | None
    layout: Any


def pos_connector(connection: ConnectionLike, *, is_test: bool = False) -> PosConnector:
    """The connector of a store's POS; that of its simulated twin for test orders.

    Raises ConnectorError (permanent) when the name is unknown.
    """
    name, base_url = connection.connector, connection.base_url
    if is_test and settings.SIMULATORS:
        name, base_url = "webhook", simulated_pos_url(connection.public_id)
    elif is_test:
        name = "memory"
    account = PosAccount(
        connection_id=connection.public_id,
        base_url=base_url,
        secrets=valid_secrets(connection.secret, connection.previous_secret),
        layout={} if is_test else connection.layout,
    )
    connector: PosConnector = connector_class("pos", name)(account)
    return connector


def sms_connector(name: str | None = None, *, is_test: bool = False) -> SmsConnector:
    """The built-in SMS connector of that name, by default the configured one; for test orders one
    that reaches no real phone. Raises ConnectorError (permanent) when the name is unknown."""
    chosen = name or settings.SMS_CONNECTOR
    if is_test:
        chosen = harmless_sms(chosen)
    return sms_connector_of(chosen, SmsAccount(name=chosen))


def sms_connector_of(connector: str, account: SmsAccount) -> SmsConnector:
    """The connector of an account: the same object as long as nothing about it changes.

    Raises ConnectorError (permanent) when no connector has that name.
    """
    path = settings.CONNECTORS["sms"].get(connector, "")
    found: SmsConnector = _shared(path, connector, account, settings.PUBLIC_BASE_URL)
    return found


def harmless_sms(chosen: str) -> str:
    """The name of a connector that reaches no real phone: ``chosen`` itself if it is one."""
    if chosen in HARMLESS_SMS:
        return chosen
    return "handset" if settings.SIMULATORS else "memory"


def simulated_pos_url(connection_id: str) -> str:
    """Where the simulated till of a connection listens."""
    return f"{settings.PUBLIC_BASE_URL}/sim/pos/{connection_id}"


def valid_secrets(newest: str, previous: str | None) -> tuple[str, ...]:
    """The secrets that sign and verify now: two of them while one is being replaced."""
    return (newest, previous) if previous else (newest,)


def connector_class(kind: str, name: str) -> Any:
    """The class that settings.CONNECTORS names; raises ConnectorError (permanent)."""
    return _load(settings.CONNECTORS[kind].get(name, ""), name)


def _load(path: str, name: str) -> Any:
    if not path:
        raise ConnectorError(f"no connector is called {name}", permanent=True)
    try:
        return import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"connector {name}: {error}") from error


@lru_cache(maxsize=64)
def _shared(path: str, name: str, account: SmsAccount, _hub: str) -> Any:
    """One instance per account, and per address of the hub: what was sent is remembered."""
    return _load(path, name)(account)
