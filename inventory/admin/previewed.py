# ruff: noqa: ARG002  an override takes all that Django passes
"""Pages of rules that show what a rule changes before it is saved or deleted."""

from __future__ import annotations

from copy import copy
from typing import Any, TypeVar

from django.contrib.admin.utils import unquote
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from hub.staff.pages import HubAdmin
from inventory.services.previewing import Preview, Scope, preview

M = TypeVar("M", bound=models.Model)

CONFIRMED = "_confirmed"


class PreviewedAdmin(HubAdmin[M]):
    """Saving and deleting first show which numbers change, then ask again.

    Nothing is locked while the person thinks: the answer is a request of its own, and is checked
    like the first.
    """

    delete_confirmation_template = "admin/inventory/delete_previewed.html"

    def scope_of(self, row: M) -> Scope:
        """Where the rule works, read from its own fields."""
        return Scope(
            store_id=getattr(row, "store_id", None),
            item_id=getattr(row, "item_id", None),
            category=getattr(row, "category", ""),
            channel_id=getattr(row, "channel_id", None),
        )

    def note_on(self, row: M) -> str:
        """What the numbers of single stores do not show; empty when that is nothing."""
        return ""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; once it is sent and sound, what it would change; once that is confirmed, the
        rule is saved."""
        if request.method == "POST" and CONFIRMED not in request.POST:
            reply = self._preview_of_form(request, object_id)
            if reply is not None:
                return reply
        return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The question whether to delete the rule, with what that would change."""
        row = self.get_object(request, unquote(object_id))
        context = {**(extra_context or {})}
        if row is not None and request.method == "GET" and self.has_delete_permission(request, row):
            rows = self.model._default_manager.filter(pk=row.pk)
            context["preview"] = preview(change=rows.delete, scopes=[self.scope_of(row)])
        return super().delete_view(request, object_id, context)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Rules are deleted one by one, each after a look at what that changes."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def _preview_of_form(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """What the form would change; None when there is nothing to show: it was refused, or
        leaves all as it is."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        if not self._may_save(request, row, new=object_id is None):
            return None
        scopes = [] if row is None else [self.scope_of(row)]
        form = self.get_form(request, row, change=row is not None)(
            request.POST, request.FILES, instance=row
        )
        if not form.is_valid() or not form.has_changed():
            return None
        scopes.append(self.scope_of(form.instance))
        found = preview(change=lambda: copy(form.instance).save(), scopes=scopes)
        return self._shown(request, found, form)

    def _may_save(self, request: HttpRequest, row: M | None, *, new: bool) -> bool:
        if new:
            return self.has_add_permission(request)
        return row is not None and self.has_change_permission(request, row)

    def _shown(self, request: HttpRequest, found: Preview, form: ModelForm[M]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Save this {verbose_name}?").format(verbose_name=self.opts.verbose_name),
            "opts": self.opts,
            "preview": found,
            "note": self.note_on(form.instance),
            "said": [
                (form.fields[name].label, form.cleaned_data.get(name)) for name in form.changed_data
            ],
            "confirmed": CONFIRMED,
            "sent": [
                (name, value)
                for name, values in request.POST.lists()
                for value in values
                if name != "csrfmiddlewaretoken"
            ],
        }
        return TemplateResponse(request, "admin/inventory/preview.html", context)
