"""Work that no store does: look again, send it to a store of one's choice, or keep it longer."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from hub.errors import HubError, Invalid
from hub.stores.models import Store
from hub.stores.services import find_store
from hub.trace import actor
from orders.actions import is_first
from orders.admin.parts import part_for, tapped
from orders.admin.words import STATUS_TONES, local
from orders.models import FulfillmentOrder, FulfillmentStatus, MoveOffer
from orders.picking.rejecting import send_elsewhere, try_again
from orders.placing.amending import give_up
from orders.placing.rerouting import Work, moves_freely, turned_down_by, work_left
from orders.routing.geography import Point
from orders.routing.judging import Look
from orders.routing.reach import Candidate
from orders.routing.rules import NEAREST
from orders.routing.services import RADIUS_METRES, Errand, search_of
from orders.waiting import MOST_DAYS, extend_wait

MOST_CHOICES = 8
FAR_METRES = 300_000
MOVABLE = {
    FulfillmentStatus.REJECTED,
    FulfillmentStatus.PROPOSED,
    FulfillmentStatus.ACCEPTED,
}


class RescueForm(forms.Form):
    """What a person decides about a part."""

    act = forms.ChoiceField(choices=[(one, one) for one in ("again", "send", "extend", "give_up")])
    token = forms.CharField(max_length=64, required=False)
    store = forms.CharField(max_length=40, required=False)
    other = forms.CharField(max_length=40, required=False)
    consent = forms.BooleanField(required=False)
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, required=False)


def rescue_urls() -> list[URLPattern]:
    """The page of one part, and where its buttons lead."""
    wrap, named = admin.site.admin_view, "orders_fulfillmentorder_rescue"
    return [
        path("<int:pk>/rescue/", wrap(rescue_view), name=named),
        path("<int:pk>/rescue/do/", wrap(do_view), name=named + "_do"),
    ]


def rescue_link(part: FulfillmentOrder) -> str:
    """The page on which a person decides what becomes of this part."""
    return reverse("admin:orders_fulfillmentorder_rescue", args=[part.pk])


def rescue_view(request: HttpRequest, pk: int) -> HttpResponse:
    """What is wrong, and what can be done; reading it changes nothing."""
    part = part_for(request, pk)
    timezone = part.store.timezone
    offers = MoveOffer.objects.filter(fulfillment=part).select_related("store").order_by("-pk")[:5]
    context = {
        **admin.site.each_context(request),
        "title": f"{part.order.external_id} · {part.store.name}",
        "part": part,
        "tone": STATUS_TONES.get(part.status, ""),
        "lines": part.lines.select_related("item"),
        "promised": local(part.promised_at, timezone),
        "accept_by": local(part.accept_by, timezone) if part.accept_by else "",
        "expires": local(part.expires_at, timezone) if part.expires_at else "",
        "offers": [(offer, local(offer.answer_by, timezone)) for offer in offers],
        "waits": any(offer.state == MoveOffer.State.OPEN for offer in offers),
        "blocks": part.order.blocks.filter(lifted_at__isnull=True),
        "free": moves_freely(part.order),
        "successor": part.replacements.select_related("store").last(),
        "may_move": part.status in MOVABLE and may_decide(request),
        "may_extend": part.status == FulfillmentStatus.READY,
        "others": part.order.fulfillments.exclude(pk=part.pk).exists(),
        "days": range(1, MOST_DAYS + 1),
        "choices": _choices(part) if part.status in MOVABLE else [],
        "token": secrets.token_urlsafe(16),
    }
    return TemplateResponse(request, "admin/orders/rescue.html", context)


@require_POST
def do_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what the person decided and go back (303); what was refused is said on the page."""
    part = part_for(request, pk)
    form = RescueForm(request.POST)
    back = rescue_link(part)
    if request.POST.get("next") == "exceptions":
        back = reverse("admin:orders_fulfillmentorder_exceptions")
    return tapped(request, lambda: _do(request, part, form), back)


def may_decide(request: HttpRequest) -> bool:
    """Whether the person may choose another store, or end the order: leads and support."""
    return request.user.has_perm("orders.change_order")


def _do(request: HttpRequest, part: FulfillmentOrder, form: RescueForm) -> str:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field}: {errors[0]}")
    asked = form.cleaned_data
    if asked["act"] == "extend":
        until = extend_wait(fulfillment=part, days=asked["days"] or 1, token=asked["token"])
        return _("Kept until {local}.").format(local=local(until, part.store.timezone))
    if not may_decide(request):
        raise Http404
    if asked["act"] == "again":
        try_again(fulfillment=part, token=asked["token"])
        named = not moves_freely(part.order)
        return (
            _("The customer is asked about another store.") if named else _("Another store has it.")
        )
    if asked["act"] == "give_up":
        _give_up(part, asked["token"])
        return _("Given up. The site is told what the customer gets back.")
    return _send(part, asked)


@transaction.atomic
def _give_up(part: FulfillmentOrder, token: str) -> None:
    if is_first(fulfillment=part, action="give_up", token=token):
        give_up(ended=part)


def _send(part: FulfillmentOrder, asked: dict[str, Any]) -> str:
    reference = (asked["other"] or asked["store"]).replace("\0", "").strip()
    if not reference:
        raise Invalid("choose a store, or type its code")
    store = find_store(reference)
    send_elsewhere(
        fulfillment=part,
        store=store,
        by=actor(),
        consent=asked["consent"],
        token=asked["token"],
    )
    return _("Sent to {store}.").format(store=store)


def _choices(part: FulfillmentOrder) -> list[dict[str, Any]]:
    """The nearest stores that have all of it now and can prepare it, with their distance."""
    try:
        work = work_left(part)
    except HubError:
        return []
    search = search_of(_errand(work), NEAREST)
    found: list[dict[str, Any]] = []

    def note(candidate: Candidate, look: Look) -> str:
        found.append(
            {
                "code": candidate.code,
                "kilometres": f"{candidate.metres / 1000:.1f}",
                "ready": look.promised_at,
            }
        )
        return "" if len(found) == MOST_CHOICES else "listed"

    search.run(note)
    names = dict(
        Store.objects.filter(code__in=[one["code"] for one in found]).values_list("code", "name")
    )
    zones = part.store.timezone
    return [
        one | {"name": names[one["code"]], "ready": local(one["ready"], zones)} for one in found
    ]


def _errand(work: Work) -> Errand:
    order, store = work.ended.order, work.ended.store
    near = Point(store.latitude, store.longitude)
    if order.near_latitude is not None and order.near_longitude is not None:
        near = Point(order.near_latitude, order.near_longitude)
    return Errand(
        channel=order.channel,
        lines=work.goods,
        near=near,
        radius_metres=max(FAR_METRES, order.radius_metres or RADIUS_METRES),
        lead_minutes=work.lead_minutes,
        excluded={*turned_down_by(order), store.pk},
    )
