"""What a new session carries: its tablet, its pending factor, and when the password was given."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest

from hub.staff import factors, tablets
from hub.staff.fresh import note_login
from hub.staff.models import Tablet, TabletPerson
from hub.staff.people import BACKEND


def note_session(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Called when a session has begun (Django's ``user_logged_in``).

    On a tablet it belongs to the tablet: the device and the badge are what is asked for there.
    Elsewhere the password counts as fresh, and a factor is due where one is asked for.
    """
    tablet: Tablet | None = getattr(request, "device", None)
    if isinstance(user, TabletPerson) and tablet is not None:
        tablets.begin(request, tablet)
        return
    note_login(request)
    if factors.is_asked_of(user):
        request.session[factors.SESSION_KEY] = True


def enter(request: HttpRequest, person: TabletPerson) -> None:
    """The person works on this tablet now; whoever was there before has left it."""
    login(request, cast(User, person), backend=BACKEND)
