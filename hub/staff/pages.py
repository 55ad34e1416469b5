# ruff: noqa: ARG002  an override takes all that Django passes
"""Base classes of the admin pages: nothing is deleted or edited unless a page says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.utils import pretty_name
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hub.staff.empty_words import NOTES
from hub.staff.filters import BoundedPaginator

if TYPE_CHECKING:  # unfold ships no types; its classes are Django's with another face
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin import TabularInline as TabularInline
    from django_stubs_ext import StrOrPromise
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.admin import TabularInline as UnfoldTabularInline

    class ModelAdmin(UnfoldModelAdmin):
        """Takes the type parameter that the checker reads; names the fields of lists."""

        __class_getitem__ = classmethod(lambda cls, _: cls)

        def get_changelist_formset(self, request, **kwargs):
            return _with_names(super().get_changelist_formset(request, **kwargs))

    class TabularInline(UnfoldTabularInline):
        """Takes the type parameters that the checker reads; names the fields of its table."""

        __class_getitem__ = classmethod(lambda cls, _: cls)

        def get_formset(self, request, obj=None, **kwargs):
            return _with_names(super().get_formset(request, obj, **kwargs))


M = TypeVar("M", bound=models.Model)
SEE_ALL = "staff.see_all_stores"
LONGEST_KEY = 18  # digits that fit a bigint
WORK_IN_ALL = "staff.work_in_all_stores"


def _with_names(formset: Any) -> Any:
    """Say each field's name to those who hear a page: others read it at the head of its column."""
    for name, field in formset.form.base_fields.items():
        field.widget.attrs.setdefault("aria-label", field.label or pretty_name(name))
    return formset


def pretty(value: object) -> SafeString:
    """A JSON value, indented, for a read-only field."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="hub-pre">{}</pre>', text)


def block_of(text: str) -> SafeString:
    """Text such as a traceback, its line breaks kept."""
    return format_html('<pre class="hub-pre">{}</pre>', text or "–")


def _may_be_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def is_named_for_stores(request: HttpRequest) -> bool:
    """Whether the person is named for any store; asked once per request."""
    known: bool | None = getattr(request, "_is_named_for_stores", None)
    if known is None:
        scopes: Any = getattr(request.user, "store_scopes", None)
        known = scopes is not None and scopes.exists()
        request._is_named_for_stores = known  # type: ignore[attr-defined]
    return known


def is_store_bound(request: HttpRequest) -> bool:
    """Whether the person sees named stores only: those named for some, all on a tablet, and
    whoever is named for none without the right to see all (and so sees none)."""
    if getattr(request, "tablet", None) is not None:
        return True
    if request.user.is_superuser:
        return False
    return is_named_for_stores(request) or not request.user.has_perm(SEE_ALL)


class HubAdmin(ModelAdmin[M]):
    """A page that can be left without harm: no deletion, 404 for what is not there or not yours.

    Its rows belong to no store, so it is closed to those who work for named stores only.
    ``empty_note`` says on a list without rows where they come from, and what to do.
    """

    deletable: ClassVar[bool] = False
    empty_note: ClassVar[str | Promise] = ""
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True

    def empty_words(self) -> str | Promise:
        """What a list without rows says: the page's own note, else the one for its model."""
        return self.empty_note or NOTES.get(self.opts.label, "")

    def is_open_to(self, request: HttpRequest) -> bool:
        """Whether the person may see rows of this page at all, permissions aside."""
        return not is_store_bound(request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address suggests for a new row, but no key that cannot be one."""
        asked: dict[str, Any] = super().get_changeform_initial_data(request)
        keys = {field.name for field in self.opts.fields if field.is_relation}
        return {
            name: value
            for name, value in asked.items()
            if name not in keys or _may_be_key(str(value))
        }

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As Django's, for those to whom the page is open."""
        return self.is_open_to(request) and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As Django's, for those to whom the page is open."""
        return self.is_open_to(request) and super().has_view_permission(request, obj)

    def opens(self, request: HttpRequest, view: str) -> bool:
        """Whether the menu offers the page's view of that name to the person."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As Django's, for those to whom the page is open."""
        return self.is_open_to(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """As Django's, for those to whom the page is open."""
        return self.is_open_to(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Only pages marked ``deletable`` offer it: nothing sold or told is ever deleted."""
        open_here = self.deletable and self.is_open_to(request)
        return open_here and super().has_delete_permission(request, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As Django's; a closed page is closed before it is looked whether there is such a row."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def _get_obj_does_not_exist_redirect(self, *_: Any, **__: Any) -> NoReturn:
        raise Http404


class ReadOnlyAdmin(HubAdmin[M]):
    """A page to look at. What changes such rows is a service."""

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[str]:
        """All named fields: some of them are words made of the row."""
        return [str(field) for field in self.fields or self.readonly_fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from services only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Rows change by services only."""
        return False


class ReadOnlyInline(TabularInline[Any, Any]):
    """Rows of another table shown under their parent, not to be edited."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """All named fields."""
        return self.fields or ()

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Rows come from services only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Rows change by services only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Rows are not deleted."""
        return False


class SecretOnceAdmin(HubAdmin[M]):
    """A page whose new rows come with a secret: shown on the page that answers, then never again.

    ``make`` creates the row by the service that owns it and returns it with the secret.
    """

    shown_heading: ClassVar[StrOrPromise] = ""
    shown_advice: ClassVar[StrOrPromise] = ""

    def make(self, form: Any) -> tuple[M, str]:
        """Create what the checked form asks for; the row and its secret."""
        raise NotImplementedError

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button only: what is made is shown next."""
        one = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **one})

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        """A new row is made by its service; an old one is saved as it is."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = self.make(form)
        for field in self.opts.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))
        obj._state.adding = False
        request._made_secret = secret  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: M, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The page with the secret."""
        return self.secret_page(request, obj, request._made_secret)  # type: ignore[attr-defined]

    def secret_page(self, request: HttpRequest, obj: M, secret: str) -> HttpResponse:
        """The page that shows a secret this once, which no cache keeps."""
        context = {
            **self.admin_site.each_context(request),
            "title": str(obj),
            "heading": self.shown_heading,
            "advice": self.shown_advice,
            "secret": secret,
            "done_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        reply = TemplateResponse(request, "admin/secret.html", context)
        reply["Cache-Control"] = "no-store"
        return reply
