"""After the pick: goods that come back, prices a lead lowers, and what is due to the customer."""

from __future__ import annotations

import secrets
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from hub.errors import Invalid
from orders.admin.boards import work_link
from orders.admin.of_part import OfPartAdmin
from orders.admin.parts import LONGEST_KEY, part_for, person_of, tapped
from orders.admin.words import STATUS_TONES, exponent_of, local, money
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    GoodsReturn,
    Refund,
    ReturnedLine,
    Settlement,
)
from orders.refunds import price_of
from orders.returns.prices import adjust_price, least_price
from orders.returns.services import Brought, may_restock, returned_units, take_back
from orders.states import LIVE

MOST_DIGITS = 15
TAKE, ADJUST = "orders.take_return", "orders.adjust_price"


@admin.register(GoodsReturn)
class GoodsReturnAdmin(OfPartAdmin[GoodsReturn]):
    """What came back; a row leads to the page of its part."""

    empty_note = gettext_lazy("What customers bring back is taken on the page of their order.")
    part_page = "admin:orders_goodsreturn_part"
    list_display = ["order_number", "store", "came_back", "reason", "due_back", "by"]
    list_select_related = ["fulfillment__order", "fulfillment__store", "refund"]
    search_fields = ["=fulfillment__order__external_id", "=public_id"]
    search_help_text = gettext_lazy("Order number or id of the return")
    fields = ["public_id", "reason", "by", "at"]

    def get_urls(self) -> list[URLPattern]:
        """The page of a part and its steps come before the pages of single rows."""
        wrap, name = self.admin_site.admin_view, "orders_goodsreturn_"
        own = [
            path("part/<int:pk>/", wrap(self.part_view), name=f"{name}part"),
            path("part/<int:pk>/take/", wrap(self.take_view), name=f"{name}take"),
            path("part/<int:pk>/price/", wrap(self.price_view), name=f"{name}price"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Came back"), ordering="at")
    def came_back(self, row: GoodsReturn) -> str:
        """On the store's own clock."""
        return local(row.at, row.fulfillment.store.timezone)

    @admin.display(description=gettext_lazy("Refund due"))
    def due_back(self, row: GoodsReturn) -> str:
        """What the site owes its customer."""
        if row.refund is None:
            return "–"
        return money(row.refund.amount_minor, row.fulfillment.order.currency)

    def part_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lines with their prices, the forms that are open to the person, what is due."""
        part = part_for(request, pk)
        user = person_of(request)
        given = part.status == FulfillmentStatus.COMPLETED
        lines = _lines(part)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Returns and prices · {external_id}").format(
                external_id=part.order.external_id
            ),
            "fulfillment": part,
            "tone": STATUS_TONES.get(part.status, ""),
            "work_url": work_link(part),
            "currency": part.order.currency,
            "settlement": _settlement(part),
            "lines": lines,
            "may_take": given and user.has_perm(TAKE) and any(line["left"] for line in lines),
            "why_not": _why_not(given, lines),
            "may_adjust": user.has_perm(ADJUST) and (given or part.status in LIVE),
            "step": f"{Decimal(1).scaleb(-exponent_of(part.order.currency)):f}",
            "take_token": secrets.token_urlsafe(16),
            "price_token": secrets.token_urlsafe(16),
            "returns": _returns(part),
            "refunds": [_refund(refund, part) for refund in part.refunds.order_by("-pk")],
        }
        return TemplateResponse(request, "admin/orders/returns.html", context)

    @method_decorator(require_POST)
    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take goods back, and go back to the page (303)."""
        part = part_for(request, pk)
        if not person_of(request).has_perm(TAKE):
            raise Http404

        def act() -> str:
            goods = take_back(
                fulfillment=part,
                brought=_brought(request),
                reason=request.POST.get("reason", ""),
                token=request.POST.get("token", ""),
            )
            if goods.refund is None:
                return gettext("Taken back.")
            due = money(goods.refund.amount_minor, part.order.currency)
            return gettext("Taken back. The site is told to refund {due}.").format(due=due)

        return tapped(request, act, _page(pk))

    @method_decorator(require_POST)
    def price_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lower a line's price, and go back to the page (303)."""
        part = part_for(request, pk)
        user = person_of(request)
        key = request.POST.get("line", "")
        line = get_object_or_404(
            part.lines.select_related("fulfillment"), pk=int(key) if _is_key(key) else 0
        )

        def act() -> str:
            row = adjust_price(
                line=line,
                unit_price_minor=_minor(request.POST.get("price", ""), part.order.currency),
                reason=request.POST.get("reason", ""),
                by=user,
                token=request.POST.get("token", ""),
            )
            return gettext("A unit costs {money} now.").format(
                money=money(row.after_minor, part.order.currency)
            )

        return tapped(request, act, _page(pk))


def _page(part_id: int) -> str:
    return reverse("admin:orders_goodsreturn_part", args=[part_id])


def _lines(part: FulfillmentOrder) -> list[dict[str, Any]]:
    back, currency = returned_units(part), part.order.currency
    rows = part.lines.select_related("order_line", "item", "stands_for__item")
    rows = rows.prefetch_related("price_adjustments")
    return [_line(row, back.get(row.pk, 0), currency) for row in rows]


def _line(row: FulfillmentLine, back: int, currency: str) -> dict[str, Any]:
    price, least = price_of(row), least_price(row)
    places = -exponent_of(currency)
    return {
        "row": row,
        "price": money(price, currency),
        "bought_at": money(row.order_line.unit_price_minor, currency),
        "is_lower": price < row.order_line.unit_price_minor,
        "supplied": row.handed_off or row.picked,
        "unit": "g" if row.item.unit == "gram" else "",
        "back": back,
        "left": row.handed_off - back,
        "may_restock": may_restock(row),
        "least": f"{Decimal(least).scaleb(places):f}",
        "present": f"{Decimal(price).scaleb(places):f}",
    }


def _settlement(part: FulfillmentOrder) -> dict[str, Any] | None:
    """What the part came to beside what was ordered, and whether the site has still to settle."""
    rows = Settlement.objects.filter(fulfillment=part).select_related("block")
    settled, currency = rows.first(), part.order.currency
    if settled is None:
        return None
    return {
        "ordered": money(settled.ordered_minor, currency),
        "supplied": money(settled.supplied_minor, currency),
        "differs": settled.ordered_minor != settled.supplied_minor,
        "waits": settled.block is not None and settled.block.lifted_at is None,
    }


def _why_not(given: bool, lines: list[dict[str, Any]]) -> str:
    if not given:
        return gettext("Goods come back after they were handed over.")
    if any(line["left"] for line in lines):
        return gettext("You may not take goods back; ask a lead.")
    return gettext("All of it has come back.")


def _returns(part: FulfillmentOrder) -> list[dict[str, Any]]:
    rows: QuerySet[GoodsReturn] = part.returns.order_by("-pk")
    timezone = part.store.timezone
    return [
        {"row": row, "at": local(row.at, timezone), "lines": row.lines.all()}
        for row in rows.prefetch_related("lines__line__item")
    ]


def _refund(refund: Refund, part: FulfillmentOrder) -> dict[str, Any]:
    return {
        "row": refund,
        "amount": money(refund.amount_minor, part.order.currency),
        "at": local(refund.at, part.store.timezone),
    }


def _brought(request: HttpRequest) -> list[Brought]:
    """What was typed beside each line, as ``restock_7=2`` or ``damaged_7=1``."""
    found = []
    for name, value in request.POST.items():
        (disposition, _, key), text = name.partition("_"), str(value).strip()
        if disposition not in ReturnedLine.Disposition.values or text in ("", "0"):
            continue
        if not (_is_key(key) and _is_key(text)):
            raise Invalid("units are whole numbers")
        found.append(Brought(line_id=int(key), units=int(text), disposition=disposition))
    return found


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY


def _minor(text: str, currency: str) -> int:
    """A price as people write it, in minor units; raises Invalid."""
    try:
        amount = Decimal(text.strip().replace(",", ".")[:MOST_DIGITS])
        minor = amount.scaleb(exponent_of(currency))
        if minor != int(minor):
            raise InvalidOperation
    except (ArithmeticError, ValueError):  # a decimal's own overflow is no OverflowError
        raise Invalid("write the new price as a number, such as 3.99") from None
    return int(minor)
