"""One step on several orders at once, and the table of what came of each."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.errors import HubError
from hub.staff.chosen import choices, chosen_code, chosen_stores
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from orders.admin.boards import work_link
from orders.admin.parts import LONGEST_KEY, person_of, sentence
from orders.admin.words import STATUS_TONES, due, local
from orders.models import BulkRun, FulfillmentOrder, FulfillmentStatus
from orders.picking import documents
from orders.reports import TO_PICK
from orders.several import MOST_PARTS, run_several

NAME = "orders_zonepick_several"
DONE = {
    "accept": gettext_lazy("Accepted"),
    "claim": gettext_lazy("Yours to pick"),
    "reject": gettext_lazy("Rejected; another store is looked for"),
    "no_show": gettext_lazy("Ended as not collected"),
}
TITLES = {
    "accept": gettext_lazy("Accept"),
    "claim": gettext_lazy("Claim for me"),
    "reject": gettext_lazy("Reject"),
    "no_show": gettext_lazy("Not collected"),
}
TABS = {"pick": TO_PICK, "ready": [FulfillmentStatus.READY]}


def several_urls() -> list[URLPattern]:
    """Choosing, doing, printing, and what came of it."""
    wrap = admin.site.admin_view
    return [
        path("several/", wrap(several_view), name=NAME),
        path("several/print/", wrap(print_view), name=f"{NAME}_print"),
        path("several/<int:pk>/", wrap(run_view), name=f"{NAME}_run"),
    ]


def several_link(parts: QuerySet[FulfillmentOrder]) -> str:
    """The page with just these parts ticked, or those of them that are still to be picked."""
    some = list(parts.order_by("pk").values_list("pk", "status")[:MOST_PARTS])
    tab = "ready" if {status for _key, status in some} == {FulfillmentStatus.READY} else "pick"
    ticked = [str(key) for key, _status in some]
    query = urlencode([("tab", tab), *(("parts", key) for key in ticked)])
    return f"{reverse(f'admin:{NAME}')}?{query}"


def several_view(request: HttpRequest) -> HttpResponse:
    """The orders of a board with boxes to tick; posted, the step is taken on each (303)."""
    person = person_of(request)
    if request.method == "POST":
        return _posted(request, person)
    tab = request.GET.get("tab", "pick")
    if tab not in TABS:
        raise Http404
    asked = set(_keys(request.GET.getlist("parts")))
    found = _parts(request, tab)
    rows = list((found.filter(pk__in=asked) if asked else found)[:MOST_PARTS])
    now = clock.now()
    context = {
        **admin.site.each_context(request),
        "title": _("Several orders at once"),
        "tab": tab,
        "rows": [_row(row, now, ticked=row.pk in asked) for row in rows],
        "store_choices": choices(request),
        "asked_store": chosen_code(request),
        "board": reverse(f"admin:orders_fulfillmentorder_{tab}"),
        "most": MOST_PARTS,
        "token": secrets.token_urlsafe(16),
    }
    return TemplateResponse(request, "admin/orders/several.html", context)


def _posted(request: HttpRequest, person: Any) -> HttpResponse:
    keys = _keys(request.POST.getlist("parts"))
    rows = FulfillmentOrder.objects.filter(store__in=stores_for(request), pk__in=keys)
    back = f"{reverse(f'admin:{NAME}')}?{urlencode({'tab': request.POST.get('tab', 'pick')})}"
    if request.POST.get("action") == "print":
        link = reverse(f"admin:{NAME}_print")
        return HttpResponseRedirect(f"{link}?{urlencode({'parts': keys}, doseq=True)}", status=303)
    try:
        run = run_several(
            action=request.POST.get("action", ""),
            parts=list(rows.select_related("order", "store")),
            by=person,
            token=request.POST.get("token", ""),
            reason=request.POST.get("reason", "").replace("\0", ""),
        )
    except HubError as error:
        messages.error(request, sentence(refused(error)))
        return HttpResponseRedirect(back, status=303)
    return HttpResponseRedirect(reverse(f"admin:{NAME}_run", args=[run.pk]), status=303)


def run_view(request: HttpRequest, pk: int) -> HttpResponse:
    """What came of each order, refusals first; it stays for whoever did it."""
    if len(str(pk)) > LONGEST_KEY:
        raise Http404
    run = get_object_or_404(BulkRun.objects.select_related("by"), pk=pk, by=person_of(request))
    rows = run.results.filter(fulfillment__store__in=stores_for(request))
    rows = rows.select_related("fulfillment__order", "fulfillment__store").order_by("done", "pk")
    results = [
        {
            "row": row,
            "link": work_link(row.fulfillment),
            "words": DONE.get(run.action, "") if row.done else sentence(row.words),
        }
        for row in rows
    ]
    done = sum(1 for one in rows if one.done)
    tab = "ready" if run.action == "no_show" else "pick"
    context = {
        **admin.site.each_context(request),
        "title": _("What came of it"),
        "run": run,
        "action": TITLES.get(run.action, run.action),
        "results": results,
        "done": done,
        "refused": len(results) - done,
        "again": f"{reverse(f'admin:{NAME}')}?tab={tab}",
        "board": reverse(f"admin:orders_fulfillmentorder_{tab}"),
    }
    return TemplateResponse(request, "admin/orders/several_run.html", context)


def print_view(request: HttpRequest) -> HttpResponse:
    """The pick lists (or packing slips, once picked) of the chosen orders, a page for each."""
    person_of(request)
    keys = _keys(request.GET.getlist("parts"))
    rows = FulfillmentOrder.objects.filter(store__in=stores_for(request), pk__in=keys)
    rows = rows.select_related("order__contact", "store").order_by("promised_at", "pk")
    papers = [_paper(row) for row in rows[:MOST_PARTS]]
    context = {"papers": papers, "back": reverse(f"admin:{NAME}")}
    return TemplateResponse(request, "admin/orders/several_print.html", context)


def _paper(part: FulfillmentOrder) -> dict[str, Any]:
    picked = part.status in (FulfillmentStatus.PICKED, FulfillmentStatus.READY)
    paper = documents.packing_slip(part) if picked else documents.pick_list(part)
    return {"paper": paper, "kind": "slip" if picked else "list", "timezone": part.store.timezone}


def _parts(request: HttpRequest, tab: str) -> QuerySet[FulfillmentOrder]:
    rows = FulfillmentOrder.objects.filter(store__in=chosen_stores(request), status__in=TABS[tab])
    order = "promised_at" if tab == "pick" else "expires_at"
    return rows.select_related("order__contact", "store").order_by(order, "pk")


def _row(part: FulfillmentOrder, now: Any, *, ticked: bool) -> dict[str, Any]:
    moment = part.expires_at if part.status == FulfillmentStatus.READY else part.promised_at
    words, tone = due(moment, now) if moment else ("", "")
    return {
        "part": part,
        "ticked": ticked,
        "due": words,
        "tone": tone,
        "at": local(moment, part.store.timezone) if moment else "",
        "status_tone": STATUS_TONES.get(part.status, ""),
    }


def _keys(told: list[str]) -> list[int]:
    """The keys that can be keys at all, at most as many as are taken at once."""
    some = told[:MOST_PARTS]
    return [
        int(text)
        for text in some
        if text.isascii() and text.isdecimal() and len(text) <= LONGEST_KEY
    ]
