# ruff: noqa: ARG002  an override takes all that Django passes
"""The consent log. Customers themselves are shown beside their orders (orders.admin)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.addresses import clean_email, clean_phone
from hub.customers.models import ConsentEvent
from hub.customers.proof import verify_chain, verify_chains
from hub.errors import HubError
from hub.staff.pages import ReadOnlyAdmin
from hub.staff.tones import Tones


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadOnlyAdmin[ConsentEvent]):
    """Every line of the log; addresses appear as keyed hashes only, and are found by themselves."""

    list_display = [
        *("occurred_at", "channel", "purpose", "status"),
        *("method", "actor", "reference", "sequence", "chain"),
    ]
    list_filter = ["status", "channel", "purpose", "method"]
    search_fields = ["=address_hash", "=reference"]
    search_help_text = _("Phone (+48…), e-mail, or the reference of a line")
    ordering = ["-id"]
    fields = [
        *("occurred_at", "channel", "purpose", "programme", "status", "method", "actor"),
        *("wording", "locale", "reference", "sequence", "previous_digest", "digest", "proof"),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The proof of one address."""
        view = self.admin_site.admin_view(self.proof_view)
        own = path("proof/<str:address>/", view, name="customers_consentevent_proof")
        return [own, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentEvent], search_term: str
    ) -> tuple[QuerySet[ConsentEvent], bool]:
        """Find by the address itself: only its keyed hash is kept here."""
        term = search_term.replace("\0", "").strip()
        if not term:
            return queryset, False
        hashes = [term, *hashes_of(term)]
        return queryset.filter(Q(address_hash__in=hashes) | Q(reference=term)), False

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Check the logs of the rows shown, in two queries."""
        shown = super().get_changelist_instance(request)
        chains = verify_chains({row.address_hash for row in shown.result_list})
        for row in shown.result_list:
            row.broken = chains[row.address_hash]
        return shown

    @admin.display(description=_("Log"))
    def chain(self, row: ConsentEvent) -> str:
        """Whether the log of the line's address is as it was written."""
        return gettext("Broken") if getattr(row, "broken", None) else gettext("Whole")

    chain.label = Tones({"Whole": "success", "Broken": "danger"})  # type: ignore[attr-defined]

    @admin.display(description=_("Proof"))
    def proof(self, row: ConsentEvent) -> SafeString:
        """The way to the whole log of the address, to be printed."""
        link = reverse("admin:customers_consentevent_proof", args=[row.address_hash])
        return format_html('<a href="{}">The whole log of this address</a>', link)

    def proof_view(self, request: HttpRequest, address: str) -> HttpResponse:
        """The whole log of one address with its seals, to be printed; 404 without lines."""
        if not self.has_view_permission(request):
            raise Http404
        return proof_page(request, address)


def proof_page(request: HttpRequest, address_hash: str, shown: str = "") -> HttpResponse:
    """The log of an address as a page to print; ``shown`` is the address for who may read it."""
    lines = list(ConsentEvent.objects.filter(address_hash=address_hash).order_by("sequence"))
    broken = verify_chain(address_hash)
    if not lines and not broken:
        raise Http404
    context = {
        "lines": [(line, line.sequence in broken) for line in lines],
        "missing": sorted(set(broken) - {line.sequence for line in lines}),
        "broken": broken,
        "address": shown,
        "address_hash": address_hash,
        "printed": clock.now(),
        "by": request.user.get_username(),
    }
    reply = TemplateResponse(request, "admin/customers/proof.html", context)
    reply["Cache-Control"] = "no-store"
    return reply


def hashes_of(term: str) -> list[str]:
    """The keyed hashes an address may be kept under; none for what is no address."""
    found = []
    for kind, clean in (("phone", clean_phone), ("email", clean_email)):
        try:
            found.append(lookup_hash(kind, clean(term)))
        except HubError:
            continue  # not an address of this kind
    return found
