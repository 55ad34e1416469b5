"""The QR codes on the posts: made, found by who scans one, replaced when one is lost or torn."""

from __future__ import annotations

import re
import secrets

from django.conf import settings
from django.db import transaction

from hub.errors import NotFound
from hub.stores.models import Store
from orders.models import Sign, Spot

CODE_BYTES = 16
_CODE = re.compile(r"[A-Za-z0-9_-]{22}\Z", re.ASCII)


class UnknownSign(NotFound):
    """No such sign, one that was replaced, or one of a place that is no more."""

    code = "unknown_sign"
    title = "This sign leads nowhere"


@transaction.atomic
def sign_of(*, store: Store, spot: Spot | None = None) -> Sign:
    """The sign of a spot, or of the whole pickup area; made when there is none."""
    _hold(store)
    sign = Sign.objects.filter(store=store, spot=spot, active=True).first()
    return sign or Sign.objects.create(store=store, spot=spot, code=_new_code())


@transaction.atomic
def replace_sign(*, sign: Sign) -> Sign:
    """Another sign for the same place; who scans the old one is told that it leads nowhere.

    A sign that was replaced already is not replaced again: the answer is the place's present one.
    """
    _hold(sign.store)
    Sign.objects.filter(pk=sign.pk, active=True).update(active=False)
    sign.refresh_from_db(fields=["active"])
    return sign_of(store=sign.store, spot=sign.spot)


def find_sign(code: str) -> Sign:
    """The sign that shows this code, with its store and spot. Raises UnknownSign."""
    if not _CODE.match(code):
        raise UnknownSign
    signs = Sign.objects.select_related("store", "spot").filter(code=code, active=True)
    sign = signs.filter(store__active=True).first()
    if sign is None or (sign.spot and not sign.spot.active):
        raise UnknownSign
    return sign


def address_of(sign: Sign) -> str:
    """Where the sign leads: the URL in its QR code."""
    return f"{settings.PUBLIC_BASE_URL}/s/{sign.code}"


def _hold(store: Store) -> None:
    """Let one at a time make signs for a store."""
    list(Store.objects.filter(pk=store.pk).select_for_update(no_key=True).values_list("pk"))


def _new_code() -> str:
    return secrets.token_urlsafe(CODE_BYTES)
