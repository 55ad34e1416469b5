# ruff: noqa: ARG002  an override takes all that Django passes
"""What needs a person: promises that the goods do not cover."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from hub.staff.scope import StoreWorkAdmin
from inventory.models import ShortfallCase
from inventory.services.shortfalls import Claim, proposal, with_missing

LONGEST_KEY = 18  # digits that fit a bigint
MOST_SHOWN = 200


@admin.register(ShortfallCase)
class ShortfallCaseAdmin(StoreWorkAdmin[ShortfallCase]):
    """Truthful counts below what is promised, each with a proposal of who waits."""

    list_display = ["item", "store", "missing", "opened_at", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["item", "store"]
    search_fields = ["=item__sku", "=store__code"]
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShortfallCase]:
        """The cases of the person's stores, each with the units that are missing now."""
        return with_missing(super().get_queryset(request))

    @admin.display(description=_("Units missing"))
    def missing(self, row: ShortfallCase) -> int:
        """Units promised beyond those that are there; none once the case is over."""
        units: int = row.missing  # type: ignore[attr-defined]  # annotated
        return 0 if row.closed_at else units

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The case's page: what is there, who is served by promised time, and who waits."""
        if not object_id.isdecimal() or len(object_id) > LONGEST_KEY:
            raise Http404
        if not self.has_view_permission(request):
            raise Http404
        rows = self.get_queryset(request).select_related("store", "item")
        case = get_object_or_404(rows, pk=int(object_id))
        claims = [] if case.closed_at else proposal(case)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{case.item} · {case.store.code}",
            "case": case,
            "missing": self.missing(case),
            "there": sum(claim.served for claim in claims),
            "promised": sum(claim.wanted for claim in claims),
            "claims": [(claim, _link(claim)) for claim in claims[:MOST_SHOWN]],
            "total": len(claims),
            "more": max(0, len(claims) - MOST_SHOWN),
            "waiting": sum(1 for claim in claims if claim.waiting),
        }
        return TemplateResponse(request, "admin/inventory/shortfall.html", context)


def _link(claim: Claim) -> str:
    """Where a person finds what the claim belongs to; empty when no page shows it."""
    page = "orders_fulfillmentorder" if claim.kind == "order" else "inventory_hold"
    try:
        return reverse(f"admin:{page}_changelist") + f"?q={claim.reference}"
    except NoReverseMatch:
        return ""
