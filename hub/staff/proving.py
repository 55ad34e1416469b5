"""Proving who one is: one's own PIN and factor, a code at log-in, the password once more."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from hub.errors import HubError
from hub.staff import badges, factors
from hub.staff.fresh import fresh_login_required, note_login, safe_next
from hub.staff.login import is_password
from hub.staff.models import StaffKey
from hub.staff.people import name_of
from hub.staff.pressed import PIN_SET, log

LONGEST_PASSWORD = 256


class PinForm(forms.Form):
    """A new PIN, twice, and the password that allows it."""

    pin = forms.CharField(max_length=12)
    repeated = forms.CharField(max_length=12)
    password = forms.CharField(max_length=LONGEST_PASSWORD, strip=False)

    def clean(self) -> dict[str, Any]:
        """Both PINs are the same."""
        cleaned = super().clean() or {}
        if cleaned.get("pin") != cleaned.get("repeated"):
            raise ValidationError(gettext_lazy("The two PINs differ."))
        return cleaned


@never_cache
@require_http_methods(["GET", "POST"])
def me_view(request: HttpRequest) -> HttpResponse:
    """What the person proves himself with; a POST sets the PIN and comes back (303)."""
    user = _user(request)
    refused = ""
    if request.method == "POST":
        refused = _set_pin(request, user)
        if not refused:
            messages.success(request, _("Your new PIN holds from now on."))
            return HttpResponseRedirect(reverse("staff:me"), status=HTTPStatus.SEE_OTHER)
    context = {
        **admin.site.each_context(request),
        "title": _("Badge, PIN and second factor"),
        "name": name_of(user),
        "key": StaffKey.objects.filter(user_id=user.pk).first(),
        "factor": factors.factor_of(user),
        "on_tablet": getattr(request, "tablet", None) is not None,
        "refused": refused,
        "digits": badges.PIN_DIGITS,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return TemplateResponse(request, "staff/me.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
def factor_view(request: HttpRequest) -> HttpResponse:
    """Ask for the app's code, or let the person set the app up first; then on to the page."""
    user = _user(request)
    if getattr(request, "tablet", None) is not None:
        return HttpResponseRedirect(reverse("staff:me"))
    has_app = factors.factor_of(user) is not None
    if has_app and not request.session.get(factors.SESSION_KEY):
        return HttpResponseRedirect(safe_next(request))
    if request.method == "GET":
        return _ask(request, user, has_app)
    code = request.POST.get("code", "")[:32]
    try:
        codes = _prove(user, code, has_app)
    except HubError as error:
        return _ask(request, user, has_app, refused=_sentence(error.detail))
    factors.let_in(request, user)
    if codes:
        return _show_codes(request, codes)
    return HttpResponseRedirect(safe_next(request), status=HTTPStatus.SEE_OTHER)


@never_cache
@require_POST
@fresh_login_required
def codes_view(request: HttpRequest) -> HttpResponse:
    """Ten new backup codes, shown this once."""
    user = _user(request)
    if factors.factor_of(user) is None:
        return HttpResponseRedirect(reverse("staff:me"), status=HTTPStatus.SEE_OTHER)
    return _show_codes(request, factors.renew_backup_codes(user=user))


@never_cache
@require_http_methods(["GET", "POST"])
def again_view(request: HttpRequest) -> HttpResponse:
    """Ask for the password (and the code, of those who have an app) once more, then go on."""
    user = _user(request)
    refused = ""
    if request.method == "POST":
        refused = _prove_again(request, user)
        if not refused:
            note_login(request)
            return HttpResponseRedirect(safe_next(request), status=HTTPStatus.SEE_OTHER)
    context = {
        **admin.site.each_context(request),
        "title": _("Is it still you?"),
        "name": name_of(user),
        "asks_code": factors.factor_of(user) is not None,
        "next": safe_next(request),
        "refused": refused,
    }
    status = HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
    return TemplateResponse(request, "staff/again.html", context, status=status)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _set_pin(request: HttpRequest, user: User) -> str:
    """Why the PIN was not taken, or nothing when it was."""
    form = PinForm(request.POST)
    if not form.is_valid():
        return str(next(iter(form.errors.values()))[0])
    try:
        if not is_password(request, user, form.cleaned_data["password"]):
            return _("The password is not right.")
        badges.set_pin(person=user, pin=form.cleaned_data["pin"])
        log(request, user, CHANGE, PIN_SET)
    except ValidationError as error:
        return error.messages[0]
    except HubError as error:
        return _sentence(error.detail)
    return ""


def _prove(user: User, code: str, has_app: bool) -> list[str]:
    """The backup codes to show, when an app was set up with it. Raises WrongCode."""
    if has_app:
        factors.check(user=user, code=code)
        return []
    return factors.confirm(user=user, code=code)


def _prove_again(request: HttpRequest, user: User) -> str:
    """Why it was not believed, or nothing when it was."""
    try:
        if not is_password(request, user, request.POST.get("password", "")[:LONGEST_PASSWORD]):
            return _("The password is not right.")
        if factors.factor_of(user):
            factors.check(user=user, code=request.POST.get("code", "")[:32])
    except ValidationError as error:
        return error.messages[0]
    except HubError as error:
        return _sentence(error.detail)
    return ""


def _ask(request: HttpRequest, user: User, has_app: bool, refused: str = "") -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Second factor"),
        "has_app": has_app,
        "must": bool(request.session.get(factors.SESSION_KEY)),
        "next": safe_next(request),
        "refused": refused,
    }
    if not has_app:
        picture, secret = factors.address_of(factors.setting_up(user), user)
        context |= {"picture": picture, "secret": secret}
    status = HTTPStatus.FORBIDDEN if refused else HTTPStatus.OK
    return TemplateResponse(request, "staff/factor.html", context, status=status)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Backup codes"),
        "codes": codes,
        "next": safe_next(request),
    }
    return TemplateResponse(request, "staff/codes.html", context)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
