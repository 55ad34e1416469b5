"""A way in for a demo: staff log-ins, a webhook to the simulated site, an API key per channel."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from hub.api.keys import create_key, revoke_key
from hub.api.models import ApiKey
from hub.errors import Forbidden
from hub.staff import roles
from hub.staff.badges import set_pin
from hub.stores.models import SalesChannel, StaffScope, Store
from hub.webhooks.models import WebhookEndpoint
from orders.chain.rows import Chain

PASSWORD = "curbhub-demo"  # noqa: S105  works only where HUB_DEBUG does
_KEY_NAME = "demo site"
PIN = "739156"
_PEOPLE = [
    ("picker", "Pia Picker", roles.PICKER),
    ("lead", "Leo Lead", roles.LEAD),
    ("support", "Sam Support", roles.SUPPORT),
    ("operations", "Olga Operations", roles.OPERATIONS),
    ("integrator", "Ines Integrator", roles.INTEGRATOR),
    ("admin", "Ada Administrator", roles.ADMINISTRATOR),
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
    """Afterwards ``demo`` may do everything, every role has a person (those of stores in the
    first one, with a PIN for its tablets), and every channel of the chain has a webhook and one
    fresh API key; earlier demo keys are revoked.

    Returns ``{"logins": [{"user", "password", "for"}], "api_keys": {channel: key}, "stores":
    [code], "skus": [sku]}``. Raises Forbidden outside debug mode: these log-ins are public.
    """
    if not settings.DEBUG:
        raise Forbidden("demo log-ins are made only with HUB_DEBUG=1")
    first = Store.objects.get(code=chain.stores[0].code)
    _user("demo", is_superuser=True)
    roles.ship()
    people = [_of_role(first, *row) for row in _PEOPLE]
    codes = [row.code for row in chain.channels]
    channels = SalesChannel.objects.filter(code__in=codes).order_by("code")
    return {
        "logins": [
            {"user": "demo", "password": PASSWORD, "for": "everything"},
            *people,
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


def _of_role(store: Store, name: str, full_name: str, role: str) -> dict[str, str]:
    """The person of the role; one of a store's roles works in this store only."""
    person = _user(name)
    first, _, last = full_name.partition(" ")
    get_user_model().objects.filter(pk=person.pk).update(first_name=first, last_name=last)
    person.groups.set([Group.objects.get(name=role)])
    told = {"user": name, "password": PASSWORD, "for": role}
    if role not in roles.STORE_ROLES:
        return told
    StaffScope.objects.get_or_create(user=person, store=store)
    set_pin(person=person, pin=PIN)
    return told | {"for": f"{role}, {store}; PIN {PIN} on a tablet"}


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
