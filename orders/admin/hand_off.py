"""The hand-off on one screen: what to fetch, who comes, what is given, and the proof of it."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import HubError
from hub.staff.filters import by_values
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from orders.admin.boards import work_link
from orders.admin.hand_off_form import KINDS, said_of, take_hand_off
from orders.admin.of_part import OfPartAdmin
from orders.admin.parts import part_for, person_of, sentence
from orders.admin.words import METHODS, STATUS_TONES, local, money, obstacle_words
from orders.curbside.aging import AgeTerms, age_terms
from orders.curbside.delegates import delegate_of
from orders.curbside.errors import BagsDiffer
from orders.curbside.handing import handling_order, rest_of
from orders.curbside.handing.fetching import LAST
from orders.curbside.pins import is_locked
from orders.curbside.visits import active_visit
from orders.models import (
    Bag,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    HandOff,
    HandOffLine,
    VisitPickup,
)
from orders.states import obstacles

ABOUT_THE_PIN = {"wrong_pin", "pin_locked", "pin_malformed", "code_of_another", "no_delegate"}
KIND_WORDS = {
    "refused": gettext_lazy("Not wanted"),
    "damaged": gettext_lazy("Damaged"),
    "age_refused": gettext_lazy("No proof of age"),
    "later": gettext_lazy("Collected later"),
}


@admin.register(HandOff)
class HandOffAdmin(OfPartAdmin[HandOff]):
    """The proofs of all hand-offs, and the screen on which the next one is made."""

    empty_note = gettext_lazy(
        "Each hand-off is kept here with its proof, from the first ready order on."
    )
    part_page = "admin:orders_handoff_part"
    list_display = ["order_number", "store", "given_at", "method", "receiver", "bags", "by"]
    list_filter = [by_values("method", lambda: METHODS), "receiver", "age_checked"]
    list_select_related = ["fulfillment__order", "fulfillment__store", "by"]
    search_fields = ["=fulfillment__order__external_id", "=fulfillment__public_id"]
    search_help_text = gettext_lazy("Order number or fulfillment id")
    fields = ["method", "receiver", "bags", "by", "at"]

    def get_urls(self) -> list[URLPattern]:
        """The screen of a part comes before the pages of single rows."""
        wrap, name = self.admin_site.admin_view, "orders_handoff_"
        own = [
            path("part/<int:pk>/", wrap(self.part_view), name=f"{name}part"),
            path("part/<int:pk>/give/", wrap(self.give_view), name=f"{name}give"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Handed over"), ordering="at")
    def given_at(self, row: HandOff) -> str:
        """On the store's own clock."""
        return local(row.at, row.fulfillment.store.timezone)

    def part_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to fetch, the form of this part, and the other parts of the same visit."""
        return self._screen(request, part_for(request, pk), {})

    @method_decorator(require_POST)
    def give_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand over and go on (303); what was refused is said above the form, as it was typed."""
        part, person = part_for(request, pk), person_of(request)
        try:
            proof = take_hand_off(part, said_of(request.POST, person))
        except HubError as error:
            messages.error(request, sentence(refused(error)))
            typed = {name: str(value) for name, value in request.POST.items()}
            if error.code in ABOUT_THE_PIN:
                typed.pop("pin", None)  # the next one is scanned into an empty field
            if error.code == BagsDiffer.code:
                typed["ask_bags"] = "why"
            return self._screen(request, part, typed, status=HTTPStatus(error.status))
        messages.success(request, _done(part, proof))
        waiting = [one for one in _together(request, part) if one.status == _READY]
        return HttpResponseRedirect(
            hand_off_link(waiting[0].pk if waiting else part.pk), status=HTTPStatus.SEE_OTHER
        )

    def _screen(
        self,
        request: HttpRequest,
        part: FulfillmentOrder,
        typed: dict[str, str],
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        part.refresh_from_db()
        together = _together(request, part)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Hand over · {external_id}").format(external_id=part.order.external_id),
            "part": part,
            "together": [_tab(one, part) for one in together] if len(together) > 1 else [],
            "fetch": _fetch([one for one in together if one.status == _READY]),
            "tone": STATUS_TONES.get(part.status, ""),
            "visit": active_visit(part),
            "work_url": work_link(part),
            "typed": typed,
            "proof": _proof(part),
            **(_form(request, part, typed) if part.status == _READY else {}),
        }
        template = "admin/orders/hand_off.html"
        return TemplateResponse(request, template, context, status=status)


_READY = FulfillmentStatus.READY


def hand_off_link(part_id: int) -> str:
    """The screen on which a part is handed over, and later its proof."""
    return reverse("admin:orders_handoff_part", args=[part_id])


def _done(part: FulfillmentOrder, proof: HandOff) -> str:
    rest = rest_of(part)
    if part.status != FulfillmentStatus.COMPLETED:
        return _(
            "Nothing was taken. The goods are to be put back; the site is told to refund them."
        )
    if rest:
        return _(
            "Handed over. The rest waits at {staging_location}; the customer gets a PIN."
        ).format(staging_location=rest.staging_location)
    if proof.lines.exclude(outcome=HandOffLine.Outcome.GIVEN).exists():
        return _("Handed over. What stayed is to be put back; the site is told to refund it.")
    return _("Handed over. Thank you!")


def _together(request: HttpRequest, part: FulfillmentOrder) -> list[FulfillmentOrder]:
    """This part and those that its customer came for as well."""
    last = VisitPickup.objects.filter(fulfillment=part).order_by("-pk").first()
    keys = [part.pk]
    if last is not None:
        pickups = VisitPickup.objects.filter(visit=last.visit_id)
        keys += pickups.values_list("fulfillment", flat=True)
    rows: QuerySet[FulfillmentOrder] = FulfillmentOrder.objects.filter(
        pk__in=keys, store__in=stores_for(request)
    )
    bags = Prefetch("bag_rows", Bag.objects.select_related("location"))
    return list(
        rows.select_related("order__contact", "store")
        .prefetch_related(bags, "lines__item")
        .order_by("pk")
    )


def _tab(one: FulfillmentOrder, shown: FulfillmentOrder) -> dict[str, Any]:
    return {
        "part": one,
        "link": hand_off_link(one.pk),
        "tone": STATUS_TONES.get(one.status, ""),
        "here": one.pk == shown.pk,
    }


def _fetch(parts: list[FulfillmentOrder]) -> list[dict[str, Any]]:
    """One way for all parts: what may be warm first, then chilled, then frozen."""
    found = [(one, part) for part in parts for one in handling_order(part)]
    found.sort(key=lambda pair: (LAST.index(pair[0].zone), pair[0].place))
    several = len(parts) > 1
    return [
        {"fetch": one, "order": part.order.external_id if several else ""} for one, part in found
    ]


def _form(request: HttpRequest, part: FulfillmentOrder, typed: dict[str, str]) -> dict[str, Any]:
    met = obstacles(part).get("hand_off")
    terms, delegate = age_terms(part), delegate_of(part)
    rows = part.lines.filter(picked__gt=0).select_related("item", "stands_for__item")
    return {
        "why_not": obstacle_words(part.status, met) if met else "",
        "notes": [block.note for block in part.order.blocks.filter(lifted_at=None) if block.note],
        "delegate": delegate,
        "locked": is_locked(part),
        "delegate_locked": bool(delegate) and is_locked(part, delegate=True),
        "terms": terms if terms.minimum_age else None,
        "legal_from": "" if terms.legal_now else local(terms.next_legal, part.store.timezone),
        "lines": [_line(row, terms, typed) for row in rows],
        "is_lead": request.user.has_perm("orders.override_pin"),
        "token": typed.get("token") or secrets.token_urlsafe(16),
    }


def _line(row: FulfillmentLine, terms: AgeTerms, typed: dict[str, str]) -> dict[str, Any]:
    kinds = [kind for kind in KINDS if kind != "age_refused" or row.pk in terms.lines]
    fields = [
        {
            "name": f"{kind}_{row.pk}",
            "words": KIND_WORDS[kind],
            "value": typed.get(f"{kind}_{row.pk}"),
        }
        for kind in kinds
    ]
    return {
        "row": row,
        "age": row.item.minimum_age if row.pk in terms.lines else 0,
        "unit": "g" if row.item.unit == "gram" else "×",
        "fields": fields,
        "reason": typed.get(f"reason_{row.pk}", ""),
        "open": any(field["value"] not in (None, "", "0") for field in fields),
    }


def _proof(part: FulfillmentOrder) -> dict[str, Any] | None:
    """What was given, as it was written down; None before the hand-off."""
    proof = HandOff.objects.filter(fulfillment=part).select_related("by").first()
    if proof is None:
        return None
    rest, currency = rest_of(part), part.order.currency
    return {
        "row": proof,
        "at": local(proof.at, part.store.timezone),
        "how": METHODS.get(proof.method, proof.method),
        "by": (proof.by.get_full_name() or proof.by.get_username()) if proof.by else "",
        "lines": [
            {"row": row, "words": KIND_WORDS.get(row.outcome, _("Given")).lower()}
            for row in proof.lines.select_related("line__item").order_by(
                "line__order_line__number", "pk"
            )
        ],
        "refunds": [money(row.amount_minor, currency) for row in part.refunds.order_by("pk")],
        "rest": rest,
        "rest_url": hand_off_link(rest.pk) if rest else "",
    }
