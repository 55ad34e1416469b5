"""The page on which a draft becomes the rules in force: after a look at what its trial found."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub.errors import HubError
from hub.history import because
from hub.staff.effects import TOKEN, Said, first_reply, keep_reply
from hub.staff.history import REASON
from hub.staff.refusals import refused
from orders.admin.parts import sentence
from orders.admin.picture import trial_told
from orders.models import RoutingRuleSet, RoutingSimulation
from orders.routing.drafting import activate_tried, trial_of

TRIED = "tried"
LONGEST_MARK = 64


def activation_page(
    request: HttpRequest, rule_set: RoutingRuleSet, trial_fields: Mapping[str, Any]
) -> HttpResponse:
    """What the trial of exactly these rules found, and the button; without one, how to try.

    ``trial_fields`` are what another trial is asked with.
    """
    trial = trial_of(rule_set)
    told = trial_told(trial.result) if trial else None
    context = {
        **admin.site.each_context(request),
        "title": _("Make active: {rule_set}").format(rule_set=rule_set),
        "rule_set": rule_set,
        "has_rules": rule_set.rules.exists(),
        "trial": trial,
        "told": told,
        "said": _said(trial) if trial else [],
        "running": rule_set.simulations.filter(state__in=["waiting", "running"]).last(),
        "own": [(TRIED, trial.fingerprint if trial else ""), (TOKEN, secrets.token_urlsafe(24))],
        "reason_name": REASON,
        "add": True,  # the reason may be given
        **trial_fields,
    }
    return TemplateResponse(request, "admin/orders/routingruleset/activate.html", context)


def activated(request: HttpRequest, rule_set: RoutingRuleSet) -> HttpResponse:
    """Make active what was tried (303). A second press gets the first one's answer; what is
    refused is said on the page of the activation."""
    with transaction.atomic():
        if done := first_reply(request):
            return done
        tried = request.POST.get(TRIED, "")[:LONGEST_MARK]
        try:
            with because(request.POST.get(REASON, "")):
                activate_tried(rule_set=rule_set, tried=tried, by=request.user.get_username())
        except HubError as error:
            messages.error(request, sentence(refused(error)))
            return _to("activate", rule_set)
        messages.success(
            request, _("{rule_set} choose the stores from now on.").format(rule_set=rule_set)
        )
        return keep_reply(request, _to("change", rule_set))


def _said(trial: RoutingSimulation) -> list[Said]:
    """What the trial found, as sentences; what is worse than now stands out."""
    result = trial.result
    if not result or not result["orders"]:
        words = _("No order of that time asked for a store near a point: nothing could be tried.")
        return [Said(words, "warning")]
    now, draft = result["now"], result["draft"]
    said = [_moved(result["moved"], result["orders"])]
    if (more := draft["refused"] - now["refused"]) > 0:
        words = ngettext(
            "%(count)s more order would find no store.",
            "%(count)s more orders would find no store.",
            more,
        )
        said.append(Said(words % {"count": more}, "danger"))
    if (more := draft["split"] - now["split"]) > 0:
        words = ngettext(
            "%(count)s more order would be split over stores.",
            "%(count)s more orders would be split over stores.",
            more,
        )
        said.append(Said(words % {"count": more}, "warning"))
    return said


def _moved(moved: int, orders: int) -> Said:
    if not moved:
        return Said(_("Every order would go where it goes now."))
    words = ngettext(
        "%(count)s of %(orders)s orders would go to another store.",
        "%(count)s of %(orders)s orders would go to other stores.",
        moved,
    )
    return Said(words % {"count": moved, "orders": orders})


def _to(page: str, rule_set: RoutingRuleSet) -> HttpResponseRedirect:
    address = reverse(f"admin:orders_routingruleset_{page}", args=[rule_set.pk])
    return HttpResponseRedirect(address, status=303)
