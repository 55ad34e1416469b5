"""What ``manage.py check`` says of the hub's own settings, before any process starts on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.http.request import validate_host
from django.utils.module_loading import import_string

from hub.connectors.addresses import AddressRefused, parse_networks, split_url
from hub.connectors.registry import HARMLESS_SMS, NEED_ACCOUNTS
from hub.connectors.signing import key_of
from hub.providers.models import Provider
from hub.stores.models import PosConnection


@checks.register("connectors")
def check_connectors(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """Every connector can be loaded, and the one that settings name exists."""
    return [*_broken_connectors(), *_sms_choice()]


@checks.register("connectors")
def check_addresses(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """The hub's own address and the networks it may call are well formed."""
    found: list[checks.CheckMessage] = []
    try:
        parts = split_url(settings.PUBLIC_BASE_URL)
        if parts.query or parts.fragment:
            raise AddressRefused("it may not carry a query")
        if not validate_host(parts.hostname or "", settings.ALLOWED_HOSTS):
            text = f"HUB_ALLOWED_HOSTS does not name {parts.hostname}, the host of HUB_PUBLIC_URL."
            found.append(checks.Error(text, id="hub.E010"))
    except AddressRefused as error:
        found.append(checks.Error(f"HUB_PUBLIC_URL is not usable: {error}.", id="hub.E003"))
    for network in settings.PRIVATE_NETWORKS:
        try:
            parse_networks((network,))
        except ValueError as error:
            found.append(checks.Error(f"HUB_PRIVATE_NETWORKS: {error}.", id="hub.E004"))
    return found


@checks.register("jobs")
def check_jobs(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """A job that runs its full time is not started a second time beside itself."""
    cluster: dict[str, Any] = settings.Q_CLUSTER
    timeout, retry = cluster.get("timeout"), cluster.get("retry", 60)
    if not timeout:
        text = "Q_CLUSTER has no timeout, so a job that hangs would hold its worker for ever."
        return [checks.Error(text, id="hub.E005")]
    if timeout >= retry:
        text = f"Q_CLUSTER's timeout ({timeout} s) must be shorter than its retry ({retry} s)."
        return [checks.Error(text, id="hub.E005")]
    if not cluster.get("max_attempts"):
        text = "Q_CLUSTER has no max_attempts, so a job that fails would be tried for ever."
        return [checks.Error(text, id="hub.E006")]
    return []


@checks.register("simulators")
def check_simulators(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:  # noqa: ARG001
    """Simulated vendors do not stand beside real customers."""
    if settings.SIMULATORS and not settings.DEBUG:
        text = (
            "HUB_SIMULATORS is on without HUB_DEBUG: anybody can read the simulated phones, "
            "and test orders reach simulators."
        )
        return [checks.Warning(text, hint="Unset HUB_SIMULATORS.", id="hub.W001")]
    return []


@checks.register(checks.Tags.database)
def check_pos_connections(
    app_configs: Sequence[Any] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[checks.CheckMessage]:
    """Every active POS connection names a known connector and has a secret that can sign.

    Asked for with ``check --database default``; before the first migration there is nothing
    to look at.
    """
    if "default" not in (databases or ()):
        return []
    rows = PosConnection.objects.filter(active=True).order_by("pk")
    try:
        found = list(rows.values_list("public_id", "connector", "secret"))
    except DatabaseError:
        return []
    except InvalidToken:
        text = "The secrets in the database open with neither HUB_DATA_KEY nor its fallbacks."
        return [checks.Error(text, id="hub.E009")]
    return [message for row in found for message in _about_pos(*row)]


@checks.register(checks.Tags.database)
def check_providers(
    app_configs: Sequence[Any] | None,  # noqa: ARG001
    databases: Sequence[str] | None = None,
    **_: Any,
) -> list[checks.CheckMessage]:
    """Every active provider of texts names a known connector; asked for as the check above."""
    if "default" not in (databases or ()):
        return []
    rows = Provider.objects.filter(active=True, channel=Provider.Channel.SMS).order_by("pk")
    known = settings.CONNECTORS["sms"]
    try:
        found = list(rows.exclude(connector__in=known).values_list("name", "connector"))
    except DatabaseError:
        return []
    names = ", ".join(sorted(known))
    return [
        checks.Error(f"Provider {name} names {chosen!r}, none of: {names}.", id="hub.E012")
        for name, chosen in found
    ]


def _about_pos(public_id: str, connector: str, secret: str) -> Iterator[checks.CheckMessage]:
    known = settings.CONNECTORS["pos"]
    if connector not in known:
        text = f"POS connection {public_id} names {connector!r}, which is none of: "
        yield checks.Error(text + ", ".join(sorted(known)) + ".", id="hub.E007")
    try:
        key_of(secret)
    except ValueError as error:
        yield checks.Error(f"POS connection {public_id}: {error}.", id="hub.E008")


def _broken_connectors() -> Iterator[checks.CheckMessage]:
    for kind, classes in settings.CONNECTORS.items():
        for name, path in classes.items():
            try:
                import_string(path)
            except ImportError as error:
                text = f"The {kind} connector {name} cannot be loaded: {error}."
                yield checks.Error(text, id="hub.E001")


def _sms_choice() -> Iterator[checks.CheckMessage]:
    chosen, known = settings.SMS_CONNECTOR, settings.CONNECTORS["sms"]
    if chosen not in known:
        names = ", ".join(sorted(known))
        text = f"HUB_SMS_CONNECTOR names {chosen!r}, which is none of: {names}."
        yield checks.Error(text, id="hub.E002")
    elif chosen in NEED_ACCOUNTS:
        text = f"HUB_SMS_CONNECTOR is {chosen}, which needs an account."
        hint = "Leave it as it is by default, and set the account up as a provider, in the admin."
        yield checks.Error(text, hint=hint, id="hub.E011")
    elif chosen in HARMLESS_SMS and not settings.DEBUG:
        text = f"HUB_SMS_CONNECTOR is {chosen}: no text will reach a real phone."
        yield checks.Info(text, hint="Name a provider before customers rely on it.", id="hub.I001")
