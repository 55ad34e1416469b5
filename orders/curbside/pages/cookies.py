"""Which pickup pages this browser has opened: what lets a sign on a post lead to the own page.

The cookies go to the signs' addresses alone and are unreadable to scripts. Each link has one of
its own, because a page never sees them and so could not add to a list.
"""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hub import clock

PREFIX = "pickup_"
SIGNS = "/s/"
DAYS = 30
MOST = 5
TOKEN_CHARACTERS = 22
TIME_DIGITS = 11


def keep_token(response: HttpResponse, token: str, *, living: bool) -> None:
    """Let the browser bring this token to the signs, or bring it no more."""
    if not living:
        response.delete_cookie(_name(token), path=SIGNS, samesite="Lax")
        return
    response.set_cookie(
        _name(token),
        f"{int(clock.now().timestamp())}.{token}",
        max_age=DAYS * 86_400,
        path=SIGNS,
        secure=settings.PUBLIC_BASE_URL.startswith("https://"),
        httponly=True,
        samesite="Lax",
    )


def kept_tokens(request: HttpRequest) -> list[str]:
    """The tokens the browser brings, those opened last first, at most five."""
    found = [
        tuple(value.split(".", 1))
        for name, value in request.COOKIES.items()
        if name.startswith(PREFIX) and _is_kept(value)
    ]
    newest = sorted(found, key=lambda one: int(one[0]), reverse=True)
    return [token for _, token in newest[:MOST]]


def forget_others(request: HttpRequest, response: HttpResponse, tokens: list[str]) -> None:
    """Let the browser drop all but these."""
    wanted = {_name(token) for token in tokens}
    for name in request.COOKIES:
        if name.startswith(PREFIX) and name not in wanted:
            response.delete_cookie(name, path=SIGNS, samesite="Lax")


def _is_kept(value: str) -> bool:
    at, _, token = value.partition(".")
    return (
        at.isascii()
        and at.isdecimal()
        and len(at) <= TIME_DIGITS
        and len(token) == TOKEN_CHARACTERS
    )


def _name(token: str) -> str:
    return PREFIX + hashlib.sha256(token.encode()).hexdigest()[:8]
