"""Tablets: making a device one of a store's, knowing it again, and letting it go."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static

from hub import clock
from hub.crypto import lookup_hash
from hub.staff.models import Tablet
from hub.stores.models import Store

COOKIE = "curbhub_tablet"
SALT = "hub.staff.tablets"
COOKIE_SECONDS = 365 * 24 * 3600
TOKEN_BYTES = 32
SESSION_KEY = "tablet"
SEEN_KEY = "tablet_seen"
SEEN_EVERY_SECONDS = 15
LAST_SEEN_EVERY = timedelta(minutes=1)


def enroll(*, store: Store, name: str, by: User) -> tuple[Tablet, str]:
    """A new tablet of the store, and the token that its browser shall keep: kept nowhere else."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    tablet = Tablet.objects.create(
        store=store,
        name=name,
        token_hash=lookup_hash("tablet", token),
        enrolled_by_id=by.pk,
        last_seen_at=clock.now(),
    )
    return tablet, token


def end(*, tablet: Tablet, by: User) -> bool:
    """Nobody works on the tablet any more, from the next request on; False when it had ended."""
    going_on = Tablet.objects.filter(pk=tablet.pk, ended_at__isnull=True)
    ended = going_on.update(ended_at=clock.now(), ended_by=by.get_username())
    tablet.refresh_from_db()
    return bool(ended)


def give_cookie(reply: HttpResponse, token: str) -> None:
    """The browser keeps the token for a year, out of reach of scripts and other sites."""
    reply.set_signed_cookie(
        COOKIE,
        token,
        salt=SALT,
        max_age=COOKIE_SECONDS,
        path="/admin/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known(request: HttpRequest) -> Tablet | None:
    """The tablet that this browser is, unless it was ended: one look-up by a unique hash."""
    if COOKIE not in request.COOKIES:
        return None
    token: Any = request.get_signed_cookie(COOKIE, None, salt=SALT, max_age=COOKIE_SECONDS)
    if not token:
        return None
    rows = Tablet.objects.filter(token_hash=lookup_hash("tablet", token), ended_at__isnull=True)
    return rows.select_related("store").first()


def begin(request: HttpRequest, tablet: Tablet) -> None:
    """The session that has just begun is one of the tablet's."""
    request.session[SESSION_KEY] = tablet.pk
    request.session[SEEN_KEY] = clock.now().timestamp()


def is_idle(request: HttpRequest, tablet: Tablet) -> bool:
    """Whether nobody has touched the tablet for as long as it waits."""
    idle = clock.now().timestamp() - float(request.session.get(SEEN_KEY, 0))
    return idle >= tablet.idle_minutes * 60


def touch(request: HttpRequest, tablet: Tablet) -> None:
    """Somebody is there: note it in the session, and on the tablet once a minute."""
    now = clock.now()
    if now.timestamp() - float(request.session.get(SEEN_KEY, 0)) >= SEEN_EVERY_SECONDS:
        request.session[SEEN_KEY] = now.timestamp()
    if tablet.last_seen_at is None or tablet.last_seen_at <= now - LAST_SEEN_EVERY:
        stale = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=now - LAST_SEEN_EVERY)
        Tablet.objects.filter(stale, pk=tablet.pk).update(last_seen_at=now)


def is_background(request: HttpRequest) -> bool:
    """Whether a script asks by itself, as a board does: that is nobody's touch."""
    if request.method not in {"GET", "HEAD"}:
        return False
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode != "navigate" or request.headers.get("HX-Request") == "true"


def script(_: HttpRequest) -> str:
    """The address of the tablets' own script."""
    return static("hub/tablet.js")


def stylesheet(_: HttpRequest) -> str:
    """The address of the styles of these pages and of the name in the top bar."""
    return static("hub/people.css")
