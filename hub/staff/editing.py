"""Forms that are saved at once save only what nobody else has changed since they were opened."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hub.staff.effects import SEEN, mark_of_row
from hub.staff.history import RememberedAdmin

M = TypeVar("M", bound=models.Model)


class OpenedAdmin(RememberedAdmin[M]):
    """The form carries a mark of what was stored when it was opened. Whoever saves second is
    told, keeps what he typed before his eyes, and has overwritten nothing."""

    change_form_after_template = "admin/staff/opened.html"

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """As Django's. The mark is taken before the row is read: at worst it is too old."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        seen = request.POST.get(SEEN) or (mark_of_row(row, self.told_with) if row else "")
        more = {"seen_name": SEEN, "seen": seen, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, more)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form of a stored row compares the mark, and lets nobody in until it is saved."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if obj is None or request.method != "POST":
            return form
        told_with, stored = self.told_with, obj

        class Opened(form):  # type: ignore[misc]  # the class is made by Django
            def clean(self) -> Any:
                cleaned = super().clean()
                if mark_of_row(stored, told_with, lock=True) != request.POST.get(SEEN, ""):
                    raise ValidationError(_changed_since(), "changed_meanwhile")
                return cleaned

        return Opened


def _changed_since() -> str:
    return _(
        "Somebody has changed this since you opened it, so nothing was saved. Open it again in "
        "another tab, and make your change there."
    )
