"""The pages of settings on three levels: what holds where, and what a change would change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.errors import HubError
from hub.integration.sight import seen_stores
from hub.staff import effects as staff_effects
from hub.staff.pages import is_store_bound
from hub.staff.refusals import refused
from hub.stores.inheriting import DEFAULTS, FIELDS, MAY_BE_NOTHING, Held, said
from hub.stores.levels import Effect, level_of, preview_level, set_level, settings_of
from hub.stores.models import SettingsLevel, Store, StoreGroup
from hub.stores.setting_words import LABELS, NOTHING, origin_of, words_of

if TYPE_CHECKING:
    from django.http.request import QueryDict

BIGGEST_KEY = 2**63


class LevelForm(forms.Form):
    """What a level says: an empty field is inherited, «nothing» is said by its own box."""

    lead_minutes = forms.IntegerField(required=False)
    cut_off = forms.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])
    slot_minutes = forms.IntegerField(required=False)
    slot_capacity = forms.IntegerField(required=False)
    orders_per_hour = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        """A value or nothing, not both."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in MAY_BE_NOTHING:
            if self.data.get(f"nothing_{name}") and cleaned.get(name) is not None:
                self.add_error(name, ValidationError(_("Give a value, or tick the box.")))
        return cleaned

    def says(self) -> dict[str, Any]:
        """The level, as ``set_level`` takes it."""
        values = {name: value for name in FIELDS if (value := self.cleaned_data[name]) is not None}
        nothing = {name: None for name in MAY_BE_NOTHING if self.data.get(f"nothing_{name}")}
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
    target: dict[str, Any] = {"group": of_group, "store": of_store}
    form = LevelForm(request.POST) if request.method == "POST" else None
    if form is not None and not may_change:
        raise Http404
    effect = None
    if form is not None and form.is_valid():
        try:
            effect = preview_level(says=form.says(), **target)
            if "_confirmed" in request.POST:
                done = set_level(by=request.user.get_username(), says=form.says(), **target)
                messages.success(request, _said(done))
                return _back()
        except HubError as error:
            messages.error(request, _("Not saved: %(why)s.") % {"why": refused(error)})
            effect = None
    known = settings_of(of_store) if of_store else {}
    context |= {
        "title": _("Settings of %(level)s") % {"level": of_store or of_group or _("the chain")},
        "store": of_store,
        "lines": _lines(form, said(level_of(**target)), known),
        "effect": effect,
        "summary": _said(effect) if effect else "",
        "changes": _changes(effect) if effect else [],
        "effects": _on_orders(form, target) if effect and effect.stores else [],
        "sent": _sent(request.POST),
        "may_change": may_change,
    }
    return TemplateResponse(request, "admin/integration/level.html", context)


def _on_orders(form: LevelForm | None, target: dict[str, Any]) -> list[staff_effects.Effect]:
    """What the change does to promises and orders that are there."""
    stores = Store.objects.filter(active=True).order_by("pk")
    if target["store"] is not None:
        stores = stores.filter(pk=target["store"].pk)
    elif target["group"] is not None:
        stores = stores.filter(groups=target["group"])
    says = form.says() if form else {}
    keys = list(stores.values_list("pk", flat=True))
    return staff_effects.effects_on_stores(keys, lambda: set_level(by="", says=says, **target))


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


def _lines(
    form: LevelForm | None, says: Mapping[str, Any], known: Mapping[str, Held]
) -> list[dict[str, Any]]:
    """Each setting with its field; a form that was sent shows what was sent."""
    return [
        {
            "name": name,
            "label": LABELS[name],
            "type": "time" if name == "cut_off" else "number",
            "value": (form.data.get(name, "") if form else _written(says.get(name))),
            "nothing": NOTHING.get(name, ""),
            "is_nothing": bool(form.data.get(f"nothing_{name}"))
            if form
            else name in says and says[name] is None,
            "errors": form.errors.get(name, []) if form and form.is_bound else [],
            "holds": words_of(name, known[name].value) if name in known else "",
            "origin": origin_of(known[name]) if name in known else "",
            "built_in": words_of(name, DEFAULTS[name]),
        }
        for name in FIELDS
    ]


def _written(value: Any) -> str:
    return "" if value is None else f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _told(says: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(LABELS[name]), words_of(name, says[name])) for name in FIELDS if name in says]


def _changes(effect: Effect) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[one.field],
            "before": words_of(one.field, one.before),
            "after": words_of(one.field, one.after),
            "stores": one.stores,
        }
        for one in effect.changes
    ]


def _said(effect: Effect) -> str:
    said = ngettext("Changes %(count)d store.", "Changes %(count)d stores.", effect.stores) % {
        "count": effect.stores
    }
    return said if effect.stores else _("Changes no store as of now.")


def _sent(data: QueryDict) -> list[tuple[str, str]]:
    kept = {*FIELDS, *(f"nothing_{name}" for name in MAY_BE_NOTHING)}
    return [(name, str(value)) for name, value in data.items() if name in kept]


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:stores_settingslevel_changelist"), status=HTTPStatus.SEE_OTHER
    )
