# ruff: noqa: ARG002  an override takes all that Django passes
"""API keys: made here, shown once, revoked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.api.keys import SCOPES, create_key, revoke_key
from hub.api.models import ApiKey
from hub.staff.pages import SecretOnceAdmin
from hub.staff.tones import Tones

if TYPE_CHECKING:
    from django.forms import CheckboxSelectMultiple
else:
    from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A key's scopes are chosen from those that exist."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES], widget=CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ["name", "channel", "scopes", "stores", "is_test"]


@admin.register(ApiKey)
class ApiKeyAdmin(SecretOnceAdmin[ApiKey]):
    """A key never changes: make another and revoke the old one."""

    form = ApiKeyForm
    shown_heading = gettext_lazy("The new API key")
    shown_advice = gettext_lazy(
        "Send it as «Authorization: Bearer …». If it is lost, revoke it, make another."
    )
    list_display = ["name", "ending", "channel", "is_test", "state", "last_used_at", "created_at"]
    list_filter = ["is_test", "channel"]
    list_select_related = ["channel"]
    search_fields = ["name", "public_id", "hint"]
    autocomplete_fields = ["channel", "stores"]
    actions = ["revoke_selected"]
    ordering = ["-id"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """All of them once the key exists."""
        return [] if obj is None else [*_FIELDS]

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """What is asked at first, and what is known afterwards."""
        return ["name", "channel", "scopes", "stores", "is_test"] if obj is None else [*_FIELDS]

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """A key that exists is looked at, never edited."""
        return obj is None and super().has_change_permission(request, obj)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Revoking needs the right to change keys."""
        return self.is_open_to(request) and request.user.has_perm("api.change_apikey")

    @admin.display(description=gettext_lazy("Ends in"))
    def ending(self, row: ApiKey) -> str:
        """The last characters, to tell keys apart."""
        return f"…{row.hint}"

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: ApiKey) -> str:
        """Whether the key still opens."""
        return _("Revoked") if row.revoked_at else _("Active")

    state.label = Tones({"Active": "success", "Revoked": "danger"})  # type: ignore[attr-defined]  # unfold colours by it

    @admin.action(description=gettext_lazy("Revoke (cannot be undone)"), permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the chosen keys; within five seconds every process refuses them."""
        for key in queryset:
            revoke_key(key=key)
        messages.success(
            request,
            _("{count} revoked; refused everywhere within 5 seconds.").format(count=len(queryset)),
        )

    def make(self, form: Any) -> tuple[ApiKey, str]:
        """A key by the service, which keeps only its hash."""
        asked = form.cleaned_data
        return create_key(
            channel=asked["channel"],
            name=asked["name"],
            scopes=asked["scopes"],
            stores=asked["stores"],
            is_test=asked["is_test"],
        )


_FIELDS = (
    *("public_id", "name", "ending", "channel", "scopes", "stores", "is_test"),
    *("state", "created_at", "last_used_at", "revoked_at"),
)
