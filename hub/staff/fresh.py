"""Pages that hand out much at once ask for the password again when it was given long ago."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from hub import clock
from hub.api.client import sent_from

FRESH_SECONDS = 600
SESSION_KEY = "fresh_at"

View = Callable[..., HttpResponse]


def note_login(request: HttpRequest) -> None:
    """From now on, for ten minutes, the person counts as having just proved who he is."""
    request.session[SESSION_KEY] = clock.now().timestamp()


def is_fresh(request: HttpRequest) -> bool:
    """Whether the password (and the factor, where one is asked for) was given just now."""
    at = request.session.get(SESSION_KEY)
    return at is not None and 0 <= clock.now().timestamp() - float(at) < FRESH_SECONDS


def fresh_login_required(view: View) -> View:
    """The view, for those who proved lately who they are; others are asked first.

    Decorates a view function or a method of an admin page. A GET comes back to the same address
    afterwards; anything else to the page that it was sent from, to be sent again.
    """

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> HttpResponse:
        request = next(one for one in args if isinstance(one, HttpRequest))
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if is_fresh(request):
            return view(*args, **kwargs)
        return HttpResponseRedirect(again_url(request))

    return guarded


def again_url(request: HttpRequest) -> str:
    """The page that asks for the password again and then leads back."""
    back = request.get_full_path() if request.method == "GET" else sent_from(request)
    return f"{reverse('staff:again')}?{urlencode({'next': back})}"


def safe_next(request: HttpRequest) -> str:
    """Where the form says to go next, when that is one of the workspace's pages; else the first
    page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    inside = wanted.startswith("/admin/") and "\\" not in wanted
    if inside and url_has_allowed_host_and_scheme(wanted, None):
        return wanted
    return reverse("admin:index")
