"""The pages of settings on three levels: what holds where, and what a change would change."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypedDict

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.errors import HubError
from hub.integration.setting_effects import changes_of, summary_of
from hub.integration.sight import seen_stores
from hub.staff import effects as staff_effects
from hub.staff.pages import is_store_bound
from hub.staff.refusals import refused
from hub.stores.declaring import Setting, holders, settings, spans
from hub.stores.inheriting import Held
from hub.stores.levels import (
    Effect,
    hold,
    is_span,
    level_of,
    preview_level,
    said,
    set_level,
    settings_of,
)
from hub.stores.models import SettingsLevel, Store, StoreGroup
from hub.stores.setting_words import origin_of, words_of

if TYPE_CHECKING:
    from django.http.request import QueryDict

BIGGEST_KEY = 2**63


class Target(TypedDict):
    """Whose level it is: a group's, a store's, or with neither the chain's."""

    group: StoreGroup | None
    store: Store | None


class LevelForm(forms.Form):
    """What a level says: an empty field is inherited, «nothing» is said by its own box."""

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        for name, setting in settings().items():
            self.fields[name] = setting.kind.field()

    def clean(self) -> dict[str, Any]:
        """A value or nothing, not both; both ends of a span or neither."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in _may_be_nothing():
            if self.data.get(f"nothing_{name}") and cleaned.get(name) is not None:
                self.add_error(name, ValidationError(_("Give a value, or tick the box.")))
        for span in spans():
            if not is_span(self._said(cleaned), span):
                words = _("Say both times, from and until, or neither.")
                self.add_error(span[1], ValidationError(words))
        return cleaned

    def says(self) -> dict[str, Any]:
        """The level, as ``set_level`` takes it."""
        return self._said(self.cleaned_data)

    def _said(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: value for name in settings() if (value := cleaned.get(name)) is not None}
        nothing = {name: None for name in _may_be_nothing() if self.data.get(f"nothing_{name}")}
        return nothing | values


def list_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The chain's settings, those of groups, and the stores that have some of their own."""
    words = request.GET.get("q", "").replace("\x00", "")[:60].strip()
    stores = seen_stores(request).order_by("code")
    own = stores.filter(settings_level__isnull=False)
    shown = stores.filter(code__icontains=words) if words else own
    groups = StoreGroup.objects.select_related("settings_level").order_by("rank", "pk")
    may_see_all = not is_store_bound(request)
    context |= {
        "title": _("Settings"),
        "words": words,
        "chain": _told(said(level_of())) if may_see_all else None,
        "groups": [
            {"group": group, "told": _told(said(level))}
            for group in groups
            for level in [getattr(group, "settings_level", SettingsLevel())]
        ]
        if may_see_all
        else [],
        "stores": [
            {"store": store, "told": _told(said(level))}
            for store in shown.select_related("settings_level")[:100]
            for level in [getattr(store, "settings_level", SettingsLevel())]
        ],
    }
    return TemplateResponse(request, "admin/integration/levels.html", context)


def edit_page(
    request: HttpRequest,
    context: dict[str, Any],
    *,
    group: int | None = None,
    store: int | None = None,
    may_change: bool,
) -> HttpResponse:
    """One level: what it says; once sent, what that would change; once confirmed, it holds."""
    of_group, of_store = _found(request, group, store)
    target: Target = {"group": of_group, "store": of_store}
    form = LevelForm(request.POST) if request.method == "POST" else None
    if form is not None and not may_change:
        raise Http404
    effect = None
    if form is not None and form.is_valid():
        try:
            if reply := _confirmed(request, form, target):
                return reply
            effect = preview_level(says=form.says(), **target)
        except HubError as error:
            messages.error(request, _("Not saved: %(why)s.") % {"why": refused(error)})
    known = settings_of(of_store) if of_store else {}
    context |= {
        "title": _("Settings of %(level)s") % {"level": of_store or of_group or _("the chain")},
        "store": of_store,
        "parts": _parts(form, said(level_of(**target)), known),
        "effect": effect,
        "may_change": may_change,
    }
    if form is not None and effect is not None:
        context |= _shown(request, form, effect, target)
    return TemplateResponse(request, "admin/integration/level.html", context)


def _confirmed(request: HttpRequest, form: LevelForm, target: Target) -> HttpResponse | None:
    """Save what was looked at, and what another press of the same button gets; None when nothing
    was confirmed yet, or something else would change than what was seen."""
    if staff_effects.CONFIRMED not in request.POST:
        return None
    with transaction.atomic():
        if done := staff_effects.first_reply(request):
            return done
        hold()
        effect = preview_level(says=form.says(), **target)
        if _mark(effect, target) != request.POST.get(staff_effects.SEEN, ""):
            messages.warning(request, staff_effects.changed_meanwhile())
            return None
        set_level(by=request.user.get_username(), says=form.says(), **target)
        messages.success(request, summary_of(effect))
        return staff_effects.keep_reply(request, _back())


def _shown(request: HttpRequest, form: LevelForm, effect: Effect, target: Target) -> dict[str, Any]:
    """What the page tells of an effect, and what its button sends on."""
    touched = Store.objects.filter(pk__in=effect.touched, active=True).values_list("pk", flat=True)
    on_orders = staff_effects.effects_on_stores(
        list(touched), lambda: set_level(by="", says=form.says(), **target)
    )
    return {
        "summary": summary_of(effect),
        "changes": changes_of(effect),
        "effects": on_orders if effect.stores else [],
        "sent": [
            *_sent(request.POST),
            (staff_effects.CONFIRMED, "1"),
            (staff_effects.TOKEN, secrets.token_urlsafe(24)),
            (staff_effects.SEEN, _mark(effect, target)),
        ],
    }


def _mark(effect: Effect, target: Target) -> str:
    """A mark of what a level says, and of what its change does."""
    says = sorted(said(level_of(**target)).items())
    return staff_effects.mark_of([says, sorted(effect.touched), effect.changes])


def others_in_words(others: Mapping[str, Any]) -> str:
    """What a level keeps of apps' settings, for its history."""
    told = _told(said(SettingsLevel(others=others)))
    return ", ".join(f"{label}: {value}" for label, value in told)


def unlimited_in_words(names: Sequence[str]) -> str:
    """What a level sets to nothing, for its history."""
    told = _told(said(SettingsLevel(unlimited=names)))
    return ", ".join(f"{label}: {value}" for label, value in told)


def _found(
    request: HttpRequest, group: int | None, store: int | None
) -> tuple[StoreGroup | None, Store | None]:
    """The level's group or store; whoever works for some stores sees the levels of these only."""
    if store is not None:
        if store >= BIGGEST_KEY:
            raise Http404
        return None, get_object_or_404(seen_stores(request), pk=store)
    if is_store_bound(request) or (group or 0) >= BIGGEST_KEY:
        raise Http404
    return (None if group is None else get_object_or_404(StoreGroup, pk=group)), None


def _parts(
    form: LevelForm | None, says: Mapping[str, Any], known: Mapping[str, Held]
) -> list[dict[str, Any]]:
    """The settings under the headings of those who declare them."""
    return [
        {
            "title": holder.title,
            "lines": [_line(one, form, says, known.get(one.name)) for one in holder.settings],
        }
        for holder in holders()
    ]


def _line(
    setting: Setting, form: LevelForm | None, says: Mapping[str, Any], known: Held | None
) -> dict[str, Any]:
    """A setting with its field; a form that was sent shows what was sent."""
    name, value = setting.name, says.get(setting.name)
    if form is None:
        shown = "" if value is None else setting.kind.written(value)
        is_nothing = name in says and value is None
    else:
        shown, is_nothing = form.data.get(name, ""), bool(form.data.get(f"nothing_{name}"))
    return {
        "name": name,
        "label": setting.label,
        "control": setting.kind.control,
        "choices": setting.kind.choices,
        "value": shown,
        "nothing": setting.nothing,
        "is_nothing": is_nothing,
        "errors": form.errors.get(name, []) if form else [],
        "holds": words_of(name, known.value) if known else "",
        "origin": origin_of(known) if known else "",
        "built_in": words_of(name, setting.default),
    }


def _may_be_nothing() -> list[str]:
    return [name for name, setting in settings().items() if setting.nothing]


def _told(says: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(setting.label), words_of(name, says[name]))
        for name, setting in settings().items()
        if name in says
    ]


def _sent(data: QueryDict) -> list[tuple[str, str]]:
    kept = {*settings(), *(f"nothing_{name}" for name in _may_be_nothing())}
    return [(name, str(value)) for name, value in data.items() if name in kept]


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:stores_settingslevel_changelist"), status=HTTPStatus.SEE_OTHER
    )
