"""Rules show what they change before they are saved or deleted.

The form is sent, shown again with its effect, and saved by a second press. Nothing is locked while
the person thinks: the second press carries a mark of what the first one saw, and shows the effect
anew when somebody has changed the rule meanwhile. It also carries a token: pressed twice, it
acts once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import connection, models, transaction
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from hub.staff.history import RememberedAdmin

M = TypeVar("M", bound=models.Model)
T = TypeVar("T")

CONFIRMED, TOKEN, SEEN = "_confirmed", "_token", "_seen"
KEPT_TOKENS = 20
TOKEN_CHARACTERS = 43
MOST_SAID = 20
_OWN = {"csrfmiddlewaretoken", CONFIRMED, TOKEN, SEEN}
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


@dataclass(frozen=True)
class Said:
    """A sentence of an effect; ``tone`` is '', 'success', 'warning' or 'danger'."""

    text: str
    tone: str = ""


@dataclass
class Effect:
    """One part of what a change does: a heading, sentences, and a table of examples.

    An app with a picture of its own names its ``template`` and gives it a ``context``.
    """

    title: str = ""
    said: list[Said] = field(default_factory=list)
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    template: str = "admin/staff/effect.html"
    context: dict[str, Any] = field(default_factory=dict)


Probe = Callable[[models.Model, Callable[[], object]], list[Effect]]
"""Given a row (with its new values, if any) and what carries the change out: its effects.

The change is carried out inside ``tried`` only, and taken back there.
"""

_probes: dict[str, list[Probe]] = {}


def add_probe(model: str, probe: Probe) -> None:
    """Let an app tell what changes of ``app.Model`` do to its own rows."""
    _probes.setdefault(model.lower(), []).append(probe)


def effects_of(row: models.Model, change: Callable[[], object]) -> list[Effect]:
    """What every app says of a change of this row."""
    probes = _probes.get(row._meta.label_lower, [])
    return [effect for probe in probes for effect in probe(row, change)]


StoresProbe = Callable[[Collection[int], Callable[[], object]], list[Effect]]

_of_stores: list[StoresProbe] = []


def add_stores_probe(probe: StoresProbe) -> None:
    """Let an app tell what a change of several stores' hours does to its own rows."""
    _of_stores.append(probe)


def effects_on_stores(store_ids: Collection[int], change: Callable[[], object]) -> list[Effect]:
    """What every app says of a change that touches these stores."""
    return [effect for probe in _of_stores for effect in probe(store_ids, change)]


def tried(change: Callable[[], object], measure: Callable[[], T]) -> tuple[T, T]:
    """What ``measure`` finds without the change and with it; nothing of it remains."""
    before = measure()
    with transaction.atomic():
        change()
        after = measure()
        transaction.set_rollback(True)
    return before, after


class EffectAdmin(RememberedAdmin[M]):
    """Saving and deleting first show what changes by it, then ask again."""

    def effects(self, row: M, change: Callable[[], object]) -> list[Effect]:
        """What the change of the row does; empty: it is saved without a question."""
        return effects_of(row, change)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; once it is sent and sound, what it would change; once that is confirmed, the
        rule is saved."""
        if request.method != "POST" or "_popup" in request.POST:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if CONFIRMED not in request.POST:
            reply = self._previewed(request, object_id)
            return reply or super().changeform_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            return self._confirmed(request, object_id) or keep_reply(
                request, super().changeform_view(request, object_id, form_url, extra_context)
            )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The question whether to delete the rule, with what that would change and why; what
        somebody has changed meanwhile is asked about again."""
        if request.method == "POST":
            return self._deleted(request, object_id, extra_context)
        row = self.get_object(request, unquote(object_id))
        context = {**(extra_context or {})}
        if row is not None and self.has_delete_permission(request, row):
            seen, rows = self._mark(row), self.model._default_manager.filter(pk=row.pk)
            context |= {
                "effects": self.effects(row, rows.delete),
                "own": [(TOKEN, secrets.token_urlsafe(24)), (SEEN, seen)],
            }
        return super().delete_view(request, object_id, context)

    def _deleted(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        with transaction.atomic():
            if done := first_reply(request):
                return done
            row = self.get_object(request, unquote(object_id))
            may = row is not None and self.has_delete_permission(request, row)
            if may and self._mark(row, lock=True) != request.POST.get(SEEN, ""):
                messages.warning(request, changed_meanwhile())
                return HttpResponseRedirect(request.get_full_path(), status=303)
            return keep_reply(request, super().delete_view(request, object_id, extra_context))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Rules are deleted one by one, each after a look at what that changes."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def _previewed(
        self, request: HttpRequest, object_id: str | None, *, warning: str = ""
    ) -> HttpResponse | None:
        """What the form would change; None when there is nothing to show: it was refused, or
        leaves all as it is."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        seen = self._mark(row)
        if not self._may_save(request, row, new=object_id is None):
            return None
        form = self.get_form(request, row, change=row is not None)(
            request.POST, request.FILES, instance=row
        )
        sound = form.is_valid()
        page: Any = self  # Django's own name for it has no type
        formsets, _inlines = page._create_formsets(request, form.instance, change=row is not None)
        if not all([sound, *(one.is_valid() for one in formsets)]):
            return None
        changed = [one for one in formsets if one.has_changed()]
        if not form.has_changed() and not changed:
            return None
        found = self.effects(form.instance, lambda: _carry_out(form, changed))
        if not found:
            return None
        if warning:
            messages.warning(request, warning)
        return preview_page(
            request,
            title=_("Save: %(what)s?") % {"what": self.opts.verbose_name},
            said=_sayings(form, changed),
            effects=found,
            seen=seen,
            context={**self.admin_site.each_context(request), "opts": self.opts},
        )

    def _confirmed(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """What answers a second press instead of saving: the first one's reply, or the effect on
        what somebody else has changed since."""
        if done := first_reply(request):
            return done
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if row is None or self._mark(row, lock=True) == request.POST.get(SEEN, ""):
            return None
        return self._previewed(request, object_id, warning=changed_meanwhile())

    def _may_save(self, request: HttpRequest, row: M | None, *, new: bool) -> bool:
        if new:
            return self.has_add_permission(request)
        return row is not None and self.has_change_permission(request, row)

    def _mark(self, row: M | None, *, lock: bool = False) -> str:
        """A mark of what is stored of the row and of what its page edits with it."""
        return mark_of_row(row, self.told_with, lock=lock) if row is not None else ""


def first_reply(request: HttpRequest) -> HttpResponseRedirect | None:
    """Where an earlier press of the same button led, if there was one.

    Call it in the transaction of what the button does: other presses wait until it ends.
    """
    token = _token(request)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"effect {token}"])
    done = request.session.load().get("effects_done", {}).get(token) if token else None
    return HttpResponseRedirect(done) if done else None


def keep_reply(request: HttpRequest, reply: HttpResponse) -> HttpResponse:
    """The reply, kept under the button's token so that another press gets it again."""
    token = _token(request)
    if token and isinstance(reply, HttpResponseRedirect):
        done = {**request.session.get("effects_done", {}), token: reply.url}
        request.session["effects_done"] = dict(list(done.items())[-KEPT_TOKENS:])
        request.session.save()
    return reply


def preview_page(
    request: HttpRequest,
    *,
    title: str,
    said: list[tuple[str, Any]],
    effects: list[Effect],
    seen: str,
    context: dict[str, Any],
) -> HttpResponse:
    """The effect of what was sent, and the button that confirms it; ``context`` is the page's."""
    more = {
        "title": title,
        "effects": effects,
        "said": said,
        "sent": [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in _OWN
        ],
        "own": [(CONFIRMED, "1"), (TOKEN, secrets.token_urlsafe(24)), (SEEN, seen)],
    }
    return TemplateResponse(request, "admin/staff/preview.html", context | more)


def changed_meanwhile() -> str:
    """What is said when what was looked at is not what is stored any more."""
    return _("Somebody has changed this meanwhile. Look at the effect again.")


def mark_of(stored: object) -> str:
    """A short mark of what is stored, to see later whether it still is."""
    return hashlib.sha256(repr(stored).encode()).hexdigest()


def mark_of_row(
    row: models.Model, told_with: Iterable[tuple[type[models.Model], str]], *, lock: bool = False
) -> str:
    """A mark of what is stored of the row and of what its page edits with it (models with the
    column that names the row); ``lock`` keeps others from changing it until the transaction ends.
    """
    parts = [_stored(type(row), {"pk": row.pk}, lock=lock)]
    parts += [_stored(of, {column: row.pk}, lock=False) for of, column in told_with]
    return mark_of(parts)


def _token(request: HttpRequest) -> str:
    return request.POST.get(TOKEN, "")[:TOKEN_CHARACTERS]


def _carry_out(form: ModelForm[Any], formsets: Sequence[BaseModelFormSet[Any, Any]]) -> None:
    """Save what was sent, for the look at what follows; called inside of what is taken back."""
    form.instance.save()
    for formset in formsets:
        formset.save()


def _stored(model: type[models.Model], where: dict[str, Any], *, lock: bool) -> list[Any]:
    """What the history keeps of these rows: other columns change without a person's doing."""
    rows = model._base_manager.filter(**where).order_by("pk")
    if lock:
        list(rows.select_for_update(no_key=True).values_list("pk"))
    kept = [one.attname for one in model.history.model.tracked_fields]  # type: ignore[attr-defined]
    return list(rows.values_list(*kept))


def _sayings(form: ModelForm[Any], formsets: Sequence[Any]) -> list[tuple[str, Any]]:
    """What was typed in: the label of each changed field and its value."""
    said = [
        (str(form.fields[name].label or name), _value_said(form.cleaned_data.get(name)))
        for name in form.changed_data
    ]
    for formset in formsets:
        title = str(formset.model._meta.verbose_name_plural)
        gone = len(formset.deleted_forms)
        kept = [
            one for one in formset.forms if one.has_changed() and one not in formset.deleted_forms
        ]
        said += [(title, str(one.instance)) for one in kept]
        if gone:
            said.append((title, _("%(count)s taken out") % {"count": gone}))
    return said


def _value_said(value: Any) -> Any:
    """What was typed in; of many rows the first."""
    if not isinstance(value, models.QuerySet):
        return value
    more = value.count() - MOST_SAID
    said = ", ".join(map(str, value[:MOST_SAID]))
    return f"{said} (+{more})" if more > 0 else said
