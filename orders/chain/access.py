"""A way in for a demo: staff log-ins, a webhook to the simulated site, an API key per channel."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import transaction

from hub.api.keys import create_key, revoke_key
from hub.api.models import ApiKey
from hub.errors import Forbidden
from hub.stores.models import SalesChannel, StaffScope, Store
from hub.webhooks.models import WebhookEndpoint
from orders.chain.rows import Chain

PASSWORD = "curbhub-demo"  # noqa: S105  works only where HUB_DEBUG does
_KEY_NAME = "demo site"
_LEAD_MAY = [
    *("change_order", "override_pin", "change_message", "change_storeswitch"),
    *("take_return", "adjust_price", "add_block", "change_block", "add_consentevent"),
]
_SITE_PATH = "/sim/site/webhooks"
_SCOPES = [
    "availability:read",
    "holds:write",
    "orders:read",
    "orders:write",
    "visits:write",
    "events:read",
    "stock:write",
]


@transaction.atomic
def open_demo_access(chain: Chain) -> dict[str, Any]:
    """Afterwards ``demo`` may do everything, ``lead`` works in the first store, and every channel
    of the chain has a webhook and one fresh API key; earlier demo keys are revoked.

    Returns ``{"logins": [{"user", "password", "for"}], "api_keys": {channel: key}, "stores":
    [code], "skus": [sku]}``. Raises Forbidden outside debug mode: these log-ins are public.
    """
    if not settings.DEBUG:
        raise Forbidden("demo log-ins are made only with HUB_DEBUG=1")
    first = Store.objects.get(code=chain.stores[0].code)
    _user("demo", is_superuser=True)
    _scope_lead(first)
    codes = [row.code for row in chain.channels]
    channels = SalesChannel.objects.filter(code__in=codes).order_by("code")
    return {
        "logins": [
            {"user": "demo", "password": PASSWORD, "for": "everything"},
            {"user": "lead", "password": PASSWORD, "for": str(first)},
        ],
        "api_keys": {channel.code: _fresh_key(channel) for channel in channels},
        "stores": [row.code for row in chain.stores],
        "skus": [row.sku for row in chain.items],
    }


def _user(name: str, *, is_superuser: bool = False) -> Any:
    user, made = get_user_model().objects.get_or_create(
        username=name, defaults={"is_staff": True, "is_superuser": is_superuser}
    )
    if made:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user


def _scope_lead(store: Store) -> None:
    """A lead sees and changes what the day's work needs, in one store."""
    lead = _user("lead")
    apps = ["orders", "inventory", "notifications", "customers", "stores"]
    seen = Permission.objects.filter(content_type__app_label__in=apps, codename__startswith="view_")
    worked = Permission.objects.filter(codename__in=_LEAD_MAY)
    lead.user_permissions.set([*seen, *worked])
    StaffScope.objects.get_or_create(user=lead, store=store)


def _fresh_key(channel: SalesChannel) -> str:
    for key in ApiKey.objects.filter(channel=channel, name=_KEY_NAME, revoked_at=None):
        revoke_key(key=key)
    _, token = create_key(channel=channel, name=_KEY_NAME, scopes=_SCOPES)
    _connect_site(channel)
    return token


def _connect_site(channel: SalesChannel) -> None:
    """One webhook to the simulated site, at the address the hub has now."""
    url = f"{settings.PUBLIC_BASE_URL}{_SITE_PATH}"
    known = WebhookEndpoint.objects.filter(channel=channel, url__endswith=_SITE_PATH)
    if not known.update(url=url, active=True, disabled_reason=""):
        secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        WebhookEndpoint.objects.create(channel=channel, url=url, secret=secret)
