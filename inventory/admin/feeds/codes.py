# ruff: noqa: ARG002  an override takes all that Django passes
"""Codes that stand for items, and those that stand for none yet."""

from __future__ import annotations

from io import TextIOWrapper
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.staff.pages import HubAdmin, ReadOnlyAdmin
from inventory.models import ItemCode, UnmappedCode
from inventory.services.mapping import (
    MAP_COLUMNS,
    CodeMapRefused,
    import_codes,
    save_code,
    system_to_map,
    systems_of,
)

MOST_MAP_BYTES = 10_000_000
FROM_UNMAPPED = "unmapped"
UNMAPPED_LIST = "admin:inventory_unmappedcode_changelist"


class CodeMapForm(forms.Form):
    """A file with a code map."""

    file = forms.FileField()

    def clean_file(self) -> Any:
        """The file, if it is of a reasonable size."""
        file = self.cleaned_data["file"]
        if file.size > MOST_MAP_BYTES:
            raise forms.ValidationError(_("A code map has at most 10 MB."))
        return file


@admin.register(ItemCode)
class ItemCodeAdmin(HubAdmin[ItemCode]):
    """The code map: what each code stands for, and how many units of it."""

    deletable = True
    list_display = ["code", "system", "item", "units"]
    list_display_links = ["code"]
    list_editable = ["units"]
    list_filter = ["system"]
    list_select_related = ["item"]
    search_fields = ["code", "=item__sku", "item__name"]
    search_help_text = gettext_lazy("Code, SKU or name")
    autocomplete_fields = ["item"]
    ordering = ["system", "code"]

    def get_urls(self) -> list[URLPattern]:
        """The import has an address of its own."""
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="inventory_itemcode_import"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: ItemCode, form: Any, change: bool) -> None:
        """Save the code, and forget it among the unmapped ones."""
        settled = save_code(code=obj)
        if settled:
            messages.info(request, _("{code} is not unmapped any more.").format(code=obj.code))

    def response_add(
        self, request: HttpRequest, obj: ItemCode, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Who came from the unmapped codes goes on with the next of them."""
        if FROM_UNMAPPED in request.GET and "_addanother" not in request.POST:
            messages.success(
                request,
                _("{code} stands for {units} × {item} now.").format(
                    code=obj.code, units=obj.units, item=obj.item
                ),
            )
            return HttpResponseRedirect(reverse(UNMAPPED_LIST))
        return super().response_add(request, obj, post_url_continue)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a code map over from a CSV file, all of it or nothing."""
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise Http404
        form = CodeMapForm(request.POST or None, request.FILES or None)
        errors: list[str] = []
        if request.method == "POST" and form.is_valid():
            errors = self._import(request, form.cleaned_data["file"])
            if not errors:
                return HttpResponseRedirect(reverse("admin:inventory_itemcode_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a code map"),
            "form": form,
            "errors": errors,
            "columns": MAP_COLUMNS,
        }
        return TemplateResponse(request, "admin/inventory/itemcode/import.html", context)

    def _import(self, request: HttpRequest, file: Any) -> list[str]:
        """Why nothing was taken; empty when all was."""
        try:
            done = import_codes(lines=TextIOWrapper(file, encoding="utf-8-sig", newline=""))
        except UnicodeDecodeError:
            return [_("the file is not UTF-8")]
        except CodeMapRefused as error:
            return error.errors
        words = _("{made} new, {changed} changed, {unchanged} as they were.").format(
            made=done.made, changed=done.changed, unchanged=done.unchanged
        )
        messages.success(request, _("Code map taken over: {words}").format(words=words))
        return []


@admin.register(UnmappedCode)
class UnmappedCodeAdmin(ReadOnlyAdmin[UnmappedCode]):
    """Codes in files that stand for no item: each is a line that was left out."""

    list_display = ["code", "source", "times", "in_file", "seen_at", "mapping"]
    list_filter = ["source"]
    list_select_related = ["file"]
    search_fields = ["code", "=source"]
    ordering = ["-times", "code"]
    fields = ["code", "source", "times", "in_file", "seen_at", "mapping"]

    def get_urls(self) -> list[URLPattern]:
        """The way from a code to the form that maps it."""
        view = self.admin_site.admin_view(self.map_view)
        own = path("<int:pk>/map/", view, name="inventory_unmappedcode_map")
        return [own, *super().get_urls()]

    def map_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Go to the form that says what the code stands for, filled in as far as it is known."""
        if not self.has_view_permission(request):
            raise Http404
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        system = system_to_map(systems_of(row.source))
        known = {"system": system, "code": row.code, FROM_UNMAPPED: row.pk}
        form = reverse("admin:inventory_itemcode_add")
        return HttpResponseRedirect(f"{form}?{urlencode(known)}")

    @admin.display(description=gettext_lazy("Last seen in"))
    def in_file(self, row: UnmappedCode) -> SafeString | str:
        """The file, with its page."""
        if row.file is None:
            return "–"
        link = reverse("admin:inventory_stockfile_change", args=[row.file_id])
        return format_html('<a class="text-link" href="{}">{}</a>', link, row.file.name)

    @admin.display(description=gettext_lazy("What is it?"))
    def mapping(self, row: UnmappedCode) -> SafeString:
        """A way to say which item it is."""
        link = reverse("admin:inventory_unmappedcode_map", args=[row.pk])
        return format_html('<a class="text-link" href="{}">Say which item</a>', link)
