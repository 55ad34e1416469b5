"""In which language a page speaks: the person's own, else the tablet's store's, else the browser's.

The choice is looked up once per log-in and kept in the session beside the person's id, so that
the next person on the same tablet gets theirs. The API speaks English.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hub.staff.person_language import PersonLanguage
from hub.stores.models import Store

_KEPT = "hub_language"  # in the session: [person's id, language or ""]
_API = ("/v1/", "/hooks/")
GetResponse = Callable[[HttpRequest], HttpResponse]


class StaffLanguageMiddleware:
    """Pages of the workspace are made in the language of who reads them, the API's in English."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in that language; elsewhere as the browser asked."""
        language = _language_of(request)
        if not language:
            return self.get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


def _language_of(request: HttpRequest) -> str:
    if request.path_info.startswith(_API):
        return settings.LANGUAGE_CODE
    if request.path_info.startswith("/admin/") and request.user.is_authenticated:
        return chosen_by(request) or _of_tablet(request)
    return ""


def chosen_by(request: HttpRequest) -> str:
    """The person's language, or nothing when none was chosen; asks the database once per
    log-in."""
    kept = request.session.get(_KEPT)
    if not isinstance(kept, list) or kept[0] != request.user.pk:
        rows = PersonLanguage.objects.filter(user=_person(request))
        kept = [request.user.pk, rows.values_list("language", flat=True).first() or ""]
        request.session[_KEPT] = kept
    return str(kept[1])


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  the caller has looked
    return request.user


def _of_tablet(request: HttpRequest) -> str:
    """The language of the store in which the tablet stands, if the hub speaks it."""
    tablet = getattr(request, "tablet", None)
    store: Store | None = getattr(tablet, "store", None)
    base = store.locale.partition("-")[0].partition("_")[0] if store else ""
    return base if base in dict(settings.LANGUAGES) else ""


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language on the person and go back to the page; an unknown one changes nothing."""
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        PersonLanguage.objects.update_or_create(
            user=_person(request), defaults={"language": language}
        )
        request.session[_KEPT] = [request.user.pk, language]
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The page from which it was chosen, if it is ours."""
    wanted = request.POST.get("next") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if wanted and ours else reverse("admin:index")


def action(_: HttpRequest) -> str:
    """Where the profile menu sends the choice; settings.UNFOLD names this."""
    return reverse("choose_language")
