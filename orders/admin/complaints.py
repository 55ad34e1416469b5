# ruff: noqa: ARG002  an override takes all that Django passes
"""What customers say after the pickup: complaints to be answered, and ratings per store."""

from __future__ import annotations

import secrets
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from hub import clock
from hub.errors import Invalid
from hub.staff.scope import StoreWorkAdmin, stores_for, works_in_stores
from hub.staff.tones import Tones
from orders.admin.boards import work_link
from orders.admin.hand_off import hand_off_link
from orders.admin.parts import person_of, tapped
from orders.admin.words import exponent_of, local, money
from orders.curbside.complaints import REFUNDS, WORDS_CHARACTERS, answer_complaint
from orders.curbside.rating import ratings_of
from orders.models import Complaint, Rating
from orders.refunds import paid_left, price_of

DAYS = 30
MOST_WORDS = 30
MOST_DIGITS = 15


class AnswerForm(forms.Form):
    """The answer to a complaint, and what is paid back with it."""

    answer = forms.CharField(max_length=WORDS_CHARACTERS)
    units = forms.IntegerField(min_value=0, max_value=10**9, required=False)
    amount = forms.CharField(max_length=MOST_DIGITS, required=False)
    token = forms.CharField(max_length=64, required=False)


@admin.register(Complaint)
class ComplaintAdmin(StoreWorkAdmin[Complaint]):
    """The inbox of complaints: open ones first; a row leads to its answer."""

    empty_note = gettext_lazy(
        "Customers complain on the page of their pickup; it comes here and to the exceptions."
    )
    store_path = "fulfillment__store"
    list_display = ["order_number", "store", "what", "told", "state"]
    list_filter = ["kind", ("answered_at", admin.EmptyFieldListFilter)]
    list_select_related = ["fulfillment__order", "fulfillment__store", "line__item"]
    search_fields = ["=fulfillment__order__external_id", "=public_id"]
    search_help_text = gettext_lazy("Order number or id of the complaint")
    ordering = [F("answered_at").desc(nulls_first=True), "made_at"]
    fields = ["kind"]

    def get_urls(self) -> list[URLPattern]:
        """The answer is posted beside the pages of single rows."""
        wrap = self.admin_site.admin_view
        answer = path("<int:pk>/answer/", wrap(self.answer_view), name="orders_complaint_answer")
        return [answer, *super().get_urls()]

    @admin.display(description=gettext_lazy("Order"))
    def order_number(self, row: Complaint) -> str:
        """The number the customer knows."""
        return row.fulfillment.order.external_id

    @admin.display(description=gettext_lazy("Store"))
    def store(self, row: Complaint) -> str:
        """Who handed it over."""
        return str(row.fulfillment.store)

    @admin.display(description=gettext_lazy("What"))
    def what(self, row: Complaint) -> str:
        """What is wrong with which goods."""
        goods = f"{row.units} × {row.line.item.name}" if row.line else _("all of it")
        return f"{row.get_kind_display()}: {goods}"

    @admin.display(description=gettext_lazy("Told"), ordering="made_at")
    def told(self, row: Complaint) -> str:
        """On the store's own clock."""
        return local(row.made_at, row.fulfillment.store.timezone)

    @admin.display(description=gettext_lazy("State"), ordering="answered_at")
    def state(self, row: Complaint) -> str:
        """Whether somebody has answered."""
        return _("Answered") if row.answered_at else _("Open")

    state.label = Tones({"Open": "warning", "Answered": "success"})  # type: ignore[attr-defined]  # unfold colours by it

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The complaint in the customer's words, what was given, and the answer or its form."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            self._get_obj_does_not_exist_redirect()
        context = {
            **self.admin_site.each_context(request),
            **_shown(row),
            "may_answer": works_in_stores(request) and row.answered_at is None,
            "may_refund": request.user.has_perm(REFUNDS),
            "token": secrets.token_urlsafe(16),
            "title": _("Complaint · {external_id}").format(
                external_id=row.fulfillment.order.external_id
            ),
        }
        return TemplateResponse(request, "admin/orders/complaint.html", context)

    @method_decorator(require_POST)
    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer, and go back to the complaint (303)."""
        person = person_of(request)
        row = self.get_object(request, str(pk))
        if row is None:
            self._get_obj_does_not_exist_redirect()
        form = AnswerForm(request.POST)

        def act() -> str:
            if not form.is_valid():
                field, errors = next(iter(form.errors.items()))
                raise Invalid(f"{field}: {errors[0]}")
            asked = form.cleaned_data
            answer_complaint(
                complaint=row,
                answer=asked["answer"],
                by=person,
                refund_units=asked["units"] or 0,
                refund_minor=_minor(asked["amount"], row.fulfillment.order.currency),
                token=asked["token"],
            )
            return _("Answered. The customer is told.")

        return tapped(request, act, reverse("admin:orders_complaint_change", args=[pk]))


@admin.register(Rating)
class RatingAdmin(StoreWorkAdmin[Rating]):
    """Ratings of pickups, and the report per store."""

    empty_note = gettext_lazy("Customers rate their pickup on its page, when it is over.")
    store_path = "fulfillment__store"
    list_display = ["order_number", "store", "stars", "said", "rated"]
    list_filter = ["stars"]
    list_select_related = ["fulfillment__order", "fulfillment__store"]
    search_fields = ["=fulfillment__order__external_id"]
    search_help_text = gettext_lazy("Order number")
    ordering = ["-rated_at"]
    fields = ["stars", "words", "rated_at"]

    def get_urls(self) -> list[URLPattern]:
        """The report comes before the pages of single rows."""
        wrap = self.admin_site.admin_view
        report = path("report/", wrap(self.report_view), name="orders_rating_report")
        return [report, *super().get_urls()]

    @admin.display(description=gettext_lazy("Order"))
    def order_number(self, row: Rating) -> str:
        """The number the customer knows."""
        return row.fulfillment.order.external_id

    @admin.display(description=gettext_lazy("Store"))
    def store(self, row: Rating) -> str:
        """Which store was rated."""
        return str(row.fulfillment.store)

    @admin.display(description=gettext_lazy("In words"))
    def said(self, row: Rating) -> str:
        """The customer's words."""
        return row.words or "–"

    @admin.display(description=gettext_lazy("When"), ordering="rated_at")
    def rated(self, row: Rating) -> str:
        """On the store's own clock."""
        return local(row.rated_at, row.fulfillment.store.timezone)

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Count and average of each store in the last thirty days, the least liked first."""
        person_of(request)
        stores, since = stores_for(request), clock.now() - timedelta(days=DAYS)
        latest = Rating.objects.filter(fulfillment__store__in=stores, rated_at__gte=since)
        latest = latest.select_related("fulfillment__order", "fulfillment__store")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ratings"),
            "days": DAYS,
            "rows": ratings_of(stores, since=since),
            "latest": [
                {"row": row, "at": local(row.rated_at, row.fulfillment.store.timezone)}
                for row in latest.order_by("-rated_at")[:MOST_WORDS]
            ],
        }
        return TemplateResponse(request, "admin/orders/ratings.html", context)


def _shown(row: Complaint) -> dict[str, Any]:
    part, line = row.fulfillment, row.line
    timezone, currency = part.store.timezone, part.order.currency
    return {
        "complaint": row,
        "made": local(row.made_at, timezone),
        "answered": local(row.answered_at, timezone),
        "price": money(price_of(line), currency) if line else "",
        "left": money(paid_left(line), currency) if line else "",
        "currency": currency,
        "step": f"{Decimal(1).scaleb(-exponent_of(currency)):f}",
        "unit": "g" if line and line.item.unit == "gram" else "×",
        "proof_url": hand_off_link(part.pk),
        "work_url": work_link(part),
        "returns_url": reverse("admin:orders_goodsreturn_part", args=[part.pk]),
    }


def _minor(text: str, currency: str) -> int:
    """An amount as people write it, in minor units; nothing is 0. Raises Invalid."""
    if not text.strip():
        return 0
    try:
        minor = Decimal(text.strip().replace(",", ".")).scaleb(exponent_of(currency))
        if minor != int(minor) or minor < 0:
            raise InvalidOperation
    except (ArithmeticError, ValueError):  # a decimal's own overflow is no OverflowError
        raise Invalid("write the amount as a number, such as 1.50") from None
    return int(minor)
