"""Substitutes: what to offer for missing goods, what the customer is asked, and what he said."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import Invalid
from hub.staff.scope import stores_for
from hub.staff.tones import Tones
from hub.stores.models import Store
from orders.admin.boards import pick_link, work_link
from orders.admin.exceptions import MOST, Problem, add_source
from orders.admin.of_part import OfPartAdmin
from orders.admin.parts import LONGEST_KEY, part_for, person_of, tapped
from orders.admin.words import STATUS_TONES, due, local, money, span
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    OrderLine,
    SubstitutionOffer,
    SubstitutionRound,
)
from orders.substitution.answering import answer_offers, withdraw_offers
from orders.substitution.comparing import Suggestion
from orders.substitution.offering import OFFERABLE, Proposal, missing_of, offer_substitutes
from orders.substitution.suggesting import suggest

MOST_LINES = 20
OVERDUE = timedelta(minutes=5)
OUTCOME_TONES = {"accepted": "success", "declined": "warning", "gone": "danger", "withdrawn": ""}
_MARKS = {
    "allergens_unknown": gettext_lazy("allergens not known"),
    "diets_unknown": gettext_lazy("diets not known"),
}
_KINDS = {"allergen": "contains", "diet": "not", "age": gettext_lazy("from age")}


@admin.register(SubstitutionRound)
class SubstitutionRoundAdmin(OfPartAdmin[SubstitutionRound]):
    """What customers were asked; a row leads to the page of its part."""

    empty_note = gettext_lazy(
        "Questions come here when a picker offers something else for what is missing."
    )
    part_page = "admin:orders_substitutionround_part"
    list_display = ["order_number", "store", "opened", "until", "state", "answers"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["=fulfillment__order__external_id", "=public_id"]
    search_help_text = gettext_lazy("Order number or id of the question")
    fields = ["public_id", "deadline", "opened_at", "opened_by", "closed_at", "closed_by"]

    def get_urls(self) -> list[URLPattern]:
        """The page of a part and its steps come before the pages of single rows."""
        wrap, name = self.admin_site.admin_view, "orders_substitutionround_"
        own = [
            path("part/<int:pk>/", wrap(self.part_view), name=f"{name}part"),
            path("part/<int:pk>/offer/", wrap(self.offer_view), name=f"{name}offer"),
            path("<int:pk>/answer/", wrap(self.answer_view), name=f"{name}answer"),
            path("<int:pk>/withdraw/", wrap(self.withdraw_view), name=f"{name}withdraw"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Asked"), ordering="opened_at")
    def opened(self, row: SubstitutionRound) -> str:
        """On the store's own clock."""
        return local(row.opened_at, row.fulfillment.store.timezone)

    @admin.display(description=gettext_lazy("Answer due"), ordering="deadline")
    def until(self, row: SubstitutionRound) -> str:
        """On the store's own clock."""
        return local(row.deadline, row.fulfillment.store.timezone)

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: SubstitutionRound) -> str:
        """Open or settled."""
        return gettext("Settled") if row.closed_at else gettext("Open")

    state.label = Tones({"Open": "warning", "Settled": "success"})  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Answers"))
    def answers(self, row: SubstitutionRound) -> str:
        """What was said to each offer."""
        said = [str(offer.get_outcome_display() or gettext("open")) for offer in row.offers.all()]
        return ", ".join(said)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubstitutionRound]:
        """The questions with their offers at hand."""
        return super().get_queryset(request).prefetch_related("offers")

    def part_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is missing of a part and could be offered; the open question; earlier ones."""
        part = part_for(request, pk)
        rounds = _rounds(part)
        asked = next((one for one in rounds if one.closed_at is None), None)
        may_offer = asked is None and part.status in OFFERABLE
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Substitutes · {external_id}").format(
                external_id=part.order.external_id
            ),
            "fulfillment": part,
            "tone": STATUS_TONES.get(part.status, ""),
            "work_url": work_link(part),
            "pick_url": pick_link(part) if part.status in OFFERABLE else "",
            "asked": _told(asked, part) if asked else None,
            "due": due(asked.deadline, clock.now()) if asked else ("", ""),
            "lines": _offerable(part) if may_offer else [],
            "may_offer": may_offer,
            "earlier": [_told(one, part) for one in rounds if one.closed_at],
            "token": secrets.token_urlsafe(16),
        }
        return TemplateResponse(request, "admin/orders/substitutes.html", context)

    @method_decorator(require_POST)
    def offer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the customer about the chosen items, and go back (303)."""
        part = part_for(request, pk)

        def act() -> str:
            asked = offer_substitutes(
                fulfillment=part,
                proposals=_proposals(request),
                token=request.POST.get("token", ""),
            )
            until = local(asked.deadline, part.store.timezone)
            return gettext(
                "The customer is asked; the answer is due {until}. Pick the rest meanwhile."
            ).format(until=until)

        return tapped(request, act, _page(pk))

    @method_decorator(require_POST)
    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take what the customer said to a person, on the phone or at the counter."""
        asked = self._asked(request, pk)
        said = {
            offer.number: request.POST[f"answer_{offer.number}"] == "yes"
            for offer in asked.offers.all()
            if request.POST.get(f"answer_{offer.number}") in ("yes", "no")
        }

        def act() -> str:
            answer_offers(asked=asked, answers=said)
            return gettext("The customer's answer is taken.")

        return tapped(request, act, _page(asked.fulfillment_id))

    @method_decorator(require_POST)
    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask no more: what is missing stays missing."""
        asked = self._asked(request, pk)

        def act() -> str:
            withdraw_offers(asked=asked)
            return gettext("The question is withdrawn.")

        return tapped(request, act, _page(asked.fulfillment_id))

    def _asked(self, request: HttpRequest, pk: int) -> SubstitutionRound:
        person_of(request)
        rows = SubstitutionRound.objects.filter(fulfillment__store__in=stores_for(request))
        return get_object_or_404(rows.prefetch_related("offers"), pk=pk)


def _page(part_id: int) -> str:
    return reverse("admin:orders_substitutionround_part", args=[part_id])


def _rounds(part: FulfillmentOrder) -> list[SubstitutionRound]:
    """The newest first."""
    offers = SubstitutionOffer.objects.select_related("item", "original", "line__order_line")
    return list(part.rounds.order_by("-pk").prefetch_related(Prefetch("offers", offers)))


def _told(asked: SubstitutionRound, part: FulfillmentOrder) -> dict[str, Any]:
    currency = part.order.currency
    return {
        "row": asked,
        "until": local(asked.deadline, part.store.timezone),
        "closed": local(asked.closed_at, part.store.timezone),
        "offers": [
            {
                "row": offer,
                "units": _units(offer.units, offer.item.unit),
                "price": money(offer.unit_price_minor, currency),
                "warnings": _marks(offer.warnings),
                "tone": OUTCOME_TONES.get(offer.outcome, ""),
            }
            for offer in asked.offers.all()
        ],
    }


def _offerable(part: FulfillmentOrder) -> list[dict[str, Any]]:
    """Bought lines of which units are missing or not picked yet, the missing ones first."""
    rows = part.lines.filter(stands_for__isnull=True).select_related("order_line", "item")
    found = []
    for line in rows.prefetch_related("substitutes"):
        line.fulfillment = part
        missing, left = missing_of(line), line.allocated - line.short - line.picked
        if missing or left > 0:
            found.append((missing == 0, line, missing, max(0, left)))
    found.sort(key=lambda one: (one[0], one[1].order_line.number))
    return [_line(line, missing, left) for _, line, missing, left in found[:MOST_LINES]]


def _line(line: FulfillmentLine, missing: int, left: int) -> dict[str, Any]:
    bought = line.order_line
    refused = bought.substitution == OrderLine.Substitution.REFUSED
    currency = line.fulfillment.order.currency
    return {
        "row": line,
        "wish": bought.get_substitution_display(),
        "cap": money(bought.price_cap_minor, currency) if bought.price_cap_minor else "",
        "refused": refused,
        "missing": missing,
        "left": left,
        "most": missing + left,
        "asked": missing or left,
        "unit": "g" if line.item.unit == "gram" else "",
        "suggestions": [] if refused else [_suggestion(one, currency) for one in suggest(line)],
    }


def _suggestion(one: Suggestion, currency: str) -> dict[str, Any]:
    asked = one.accepted + one.declined
    return {
        "item": one.item,
        "price": money(one.unit_price_minor, currency),
        "there": _units(one.available, one.item.unit),
        "named": one.named,
        "over_cap": one.over_cap,
        "liked": gettext("taken by {accepted} of {asked}").format(
            accepted=one.accepted, asked=asked
        )
        if asked
        else "",
        "warnings": _marks(one.warnings),
    }


def _proposals(request: HttpRequest) -> list[Proposal]:
    """The chosen item and units of every line; raises Invalid for what is no number."""
    chosen = {
        name[5:]: str(text) for name, text in request.POST.items() if name.startswith("item_")
    }
    return [
        Proposal(
            line_id=_whole(key),
            item_id=_whole(text),
            units=_whole(request.POST.get(f"units_{key}", "")),
        )
        for key, text in chosen.items()
        if text
    ]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY):
        raise Invalid("choose an item, and how many units of it")
    return int(text)


def _marks(codes: list[str]) -> list[str]:
    """Warnings as staff read them: «contains milk», «not vegan», «from age 18»."""
    said = []
    for code in codes:
        kind, _, mark = code.partition(":")
        known = str(_MARKS.get(code, ""))
        said.append(known or f"{_KINDS.get(kind, kind)} {mark.replace('_', ' ')}")
    return said


def _units(units: int, unit: str) -> str:
    return f"{units} g" if unit == "gram" else f"{units} ×"


def _unanswered(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Questions whose deadline passed a while ago: silence should have answered them."""
    before = clock.now() - OVERDUE
    rows = SubstitutionRound.objects.filter(
        fulfillment__store__in=stores, closed_at__isnull=True, deadline__lt=before
    )
    for row in rows.select_related("fulfillment__order").order_by("deadline")[:MOST]:
        detail = gettext("{external_id}: due {span} ago").format(
            external_id=row.fulfillment.order.external_id, span=span(clock.now() - row.deadline)
        )
        yield Problem(
            gettext("Question about substitutes stuck"),
            detail,
            row.deadline,
            _page(row.fulfillment_id),
        )


add_source(_unanswered)
