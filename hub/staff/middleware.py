"""Before any page of the workspace: which tablet this is, and whether a factor is still due."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.api.client import sent_from
from hub.staff import factors, tablets
from hub.staff.models import Tablet

WORKSPACE = "/admin/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class WorkplaceMiddleware:
    """A page of the workspace knows its tablet: ``request.device`` is the tablet that the browser
    is, ``request.tablet`` the one whose session this is; both None elsewhere.

    A session of a tablet ends with the tablet, with the browser's token, and when nobody touched
    it; the tablet then asks who is there.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The page, or the way to what comes first."""
        if not request.path_info.startswith(WORKSPACE):
            return self.get_response(request)
        device = tablets.known(request)
        request.device, request.tablet = device, None  # type: ignore[attr-defined]
        first = _of_tablet(request, device) or _of_factor(request)
        return first or self.get_response(request)


class LostFormMiddleware:
    """Who was logged out while a form was open gets back to its page, and is told that nothing was
    done: the form's own address shows nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The reply, or the log-in that leads to the page with the form."""
        reply = self.get_response(request)
        login = f"{reverse('admin:login')}?"
        if request.method != "POST" or not reply.get("Location", "").startswith(login):
            return reply
        messages.warning(
            request, _("You were logged out meanwhile: what you pressed last was not done.")
        )
        return HttpResponseRedirect(login + urlencode({"next": sent_from(request)}))


def _of_tablet(request: HttpRequest, device: Tablet | None) -> HttpResponse | None:
    session = request.session.get(tablets.SESSION_KEY)
    if session is None and device is None:
        return None
    if device is None or session != device.pk:
        return _without_session(request, device)
    if tablets.is_idle(request, device):
        logout(request)
        return _ask_who(request, why="idle")
    if not tablets.is_background(request):
        tablets.touch(request, device)
    request.tablet = device  # type: ignore[attr-defined]
    return None


def _without_session(request: HttpRequest, device: Tablet | None) -> HttpResponse | None:
    """Nobody is on the tablet, or the session is another's: only that one is ended."""
    if request.user.is_authenticated:
        logout(request)
        return _ask_who(request, why="ended" if device is None else "")
    is_login = request.path_info == reverse("admin:login") and request.method == "GET"
    if device and is_login and "password" not in request.GET and not tablets.is_background(request):
        return _ask_who(request, why="")
    return None


def _ask_who(request: HttpRequest, why: str) -> HttpResponse:
    """To the people of the tablet; a script is sent to the log-in page, which it knows."""
    if tablets.is_background(request) or why == "ended":
        return HttpResponseRedirect(reverse("admin:login"))
    here = request.get_full_path() if request.method == "GET" else sent_from(request)
    wanted = request.GET.get("next", "") or here
    asked = {"next": wanted} | ({"why": why} if why else {})
    return HttpResponseRedirect(f"{reverse('staff:people')}?{urlencode(asked)}")


def _of_factor(request: HttpRequest) -> HttpResponse | None:
    """Nothing opens while the factor is due, except its page and the way out."""
    if not request.session.get(factors.SESSION_KEY) or not request.user.is_authenticated:
        return None
    page = reverse("staff:factor")
    if request.path_info in {page, reverse("admin:logout"), reverse("admin:jsi18n")}:
        return None
    wanted = request.get_full_path() if request.method == "GET" else ""
    return HttpResponseRedirect(f"{page}?{urlencode({'next': wanted})}")
