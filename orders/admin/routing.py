# ruff: noqa: ARG002  an override takes all that Django passes
"""The rules that choose stores, their trials on past orders, and the decisions they made."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from hub import clock
from hub.errors import HubError, Invalid
from hub.staff.editing import OpenedAdmin
from hub.staff.pages import HubAdmin, ReadOnlyAdmin, TabularInline
from hub.staff.refusals import refused
from hub.staff.scope import StoreWorkAdmin
from hub.staff.tones import Tones
from orders.admin.parts import sentence
from orders.admin.picture import decision_told, trial_told
from orders.admin.routing_activation import activated, activation_page
from orders.admin.routing_forms import PLACES, SORTERS, RuleForm, TrialForm
from orders.models import RoutingDecision, RoutingRule, RoutingRuleSet, RoutingSimulation
from orders.routing.drafting import copy_as_draft, trial_of
from orders.routing.trials import start_simulation

DRAFT = RoutingRuleSet.State.DRAFT
ROWS: list[Any] = [
    ("position", "group"),
    ("whole_basket", "spare_rejected"),
    ("radius_metres", "within_minutes"),
    "capacity_left",
    "most_rejected_percent",
    ("rejected_days", "rejected_least"),
]
UNFINISHED = (RoutingSimulation.State.WAITING, RoutingSimulation.State.RUNNING)
STATE_TONES = Tones({"Draft": "info", "Active": "success", "Retired": ""})
TRIAL_TONES = Tones({"Waiting": "info", "Running": "info", "Done": "success", "Failed": "danger"})
TRIED_DAYS = 30
TRIED_ORDERS = 500


class RuleInline(TabularInline[RoutingRule, RoutingRuleSet]):
    """The rules of a set, in order; a draft's may be changed."""

    model = RoutingRule
    form = RuleForm
    template = "admin/edit_inline/stacked.html"  # too many fields for a row of a table
    extra = 0
    ordering = ["position"]
    autocomplete_fields: ClassVar[list[str]] = []

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The form makes fields of its own that Django's factory must not look for."""
        kwargs["fields"] = RuleForm.Meta.fields
        return super().get_formset(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the sorters and the ranked list, or as they stand for what is not a draft."""
        if not _is_draft(obj):
            return [*ROWS, "ranks", "list_of_stores"]
        sorters = tuple(f"sorter_{place}" for place in PLACES)
        return [*ROWS, sorters[:2], sorters[2:4], sorters[4:], "ranked_codes"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What has been active is told in words."""
        return [] if _is_draft(obj) else ["ranks", "list_of_stores"]

    @admin.display(description=gettext_lazy("Ranks by"))
    def ranks(self, row: RoutingRule) -> str:
        """The sorters in order."""
        return ", ".join(str(SORTERS.get(code, code)) for code in row.sorters) or _(
            "the store's code"
        )

    @admin.display(description=gettext_lazy("Ranked list"))
    def list_of_stores(self, row: RoutingRule) -> str:
        """The stores preferred, in order."""
        return ", ".join(row.ranked) or "–"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has been active stays as it was."""
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A draft may lose a rule."""
        return _is_draft(obj) and super().has_change_permission(request, obj)


@admin.register(RoutingRuleSet)
class RoutingRuleSetAdmin(OpenedAdmin[RoutingRuleSet]):
    """Drafts are changed, tried and made active; what has been active can be copied."""

    empty_note = gettext_lazy(
        "Without rules the nearest store that has everything is chosen. Add some to prefer others."
    )
    change_form_template = "admin/orders/routingruleset/change_form.html"
    list_display = ["name", "whose", "said", "version", "most_parts", "activated_at"]
    list_filter = ["state", "channel"]
    list_select_related = ["channel"]
    search_fields = ["name"]
    ordering = ["-pk"]
    fields = ["name", "channel", "most_parts"]
    inlines = [RuleInline]
    told_with = ((RoutingRule, "rule_set_id"),)

    def get_urls(self) -> list[URLPattern]:
        """What is done with a whole set has addresses of its own."""
        named, wrap = "orders_routingruleset_", self.admin_site.admin_view
        views = {"activate": self.activate_view, "copy": self.copy_view, "try": self.try_view}
        own = [
            path(f"<int:pk>/{name}/", wrap(view), name=named + name) for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    @admin.display(description=gettext_lazy("Sales channel"))
    def whose(self, row: RoutingRuleSet) -> str:
        """The channel, or all that have none of their own."""
        return str(row.channel) if row.channel else _("all others")

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def said(self, row: RoutingRuleSet) -> str:
        """Draft, active or retired."""
        return row.get_state_display()

    said.label = STATE_TONES  # type: ignore[attr-defined]  # unfold colours by it

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has been active stays as it was: copy it."""
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: RoutingRuleSet, form: Any, change: bool
    ) -> None:
        """A new set remembers who made it."""
        if not change:
            obj.created_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kw: Any) -> Any:
        """With the trials made so far, and the fields of another one."""
        rule_set = context.get("original")
        if rule_set is not None:
            context["trials"] = rule_set.simulations.order_by("-pk")[:5]
            context["may_decide"] = self.may_decide(request)
            context |= _asked_first()
        return super().render_change_form(request, context, *args, **kw)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def activate_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the draft's trial found; sent, the draft chooses stores as it was tried."""
        rule_set = self._decided(request, pk)
        if request.method == "POST":
            return activated(request, rule_set)
        if not _is_draft(rule_set):
            return _to("routingruleset_change", rule_set.pk)
        return activation_page(request, rule_set, _asked_first())

    @method_decorator(require_POST)
    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a draft with the same rules and open it."""
        rule_set = self._decided(request, pk)
        draft = copy_as_draft(rule_set=rule_set, by=request.user.get_username())
        messages.success(
            request, _("A draft with the same rules. Nothing changes until it is active.")
        )
        return _to("routingruleset_change", draft.pk)

    @method_decorator(require_POST)
    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Have past orders tried in the background and show how far that is."""
        rule_set = self._decided(request, pk)
        try:
            trial = _start(rule_set, request)
        except HubError as error:
            messages.error(request, sentence(refused(error)))
            return _to("routingruleset_change", rule_set.pk)
        return _to("routingsimulation_change", trial.pk)

    def may_decide(self, request: HttpRequest) -> bool:
        """Whether the person may try, copy and activate rules."""
        return self.is_open_to(request) and request.user.has_perm("orders.change_routingruleset")

    def _decided(self, request: HttpRequest, pk: int) -> RoutingRuleSet:
        if not self.may_decide(request):
            raise Http404
        return get_object_or_404(RoutingRuleSet, pk=pk)


@admin.register(RoutingSimulation)
class RoutingSimulationAdmin(ReadOnlyAdmin[RoutingSimulation]):
    """Trials of rules on past orders: how far they are, and what they found."""

    empty_note = gettext_lazy("Try rules on past orders here before they count.")
    list_display = ["rule_set", "said", "since", "done", "total", "asked_by", "asked_at"]
    list_select_related = ["rule_set"]
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        """The part of the page that renews itself."""
        live = self.admin_site.admin_view(self.live_view)
        return [
            path("<int:pk>/live/", live, name="orders_routingsimulation_live"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def said(self, row: RoutingSimulation) -> str:
        """Waiting, running, done or failed."""
        return row.get_state_display()

    said.label = TRIAL_TONES  # type: ignore[attr-defined]  # unfold colours by it

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one trial."""
        context = self._context(request, object_id)
        return TemplateResponse(request, "admin/orders/routingsimulation/page.html", context)

    def live_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Its changing part; 204 while there is no news."""
        context = self._context(request, str(pk))
        if request.GET.get("seen") == context["seen"]:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return TemplateResponse(request, "admin/orders/routingsimulation/live.html", context)

    def _context(self, request: HttpRequest, pk: str) -> dict[str, Any]:
        row = _found(self, request, pk, "rule_set")
        return {
            **self.admin_site.each_context(request),
            "title": _("Trial of {rule_set}").format(rule_set=row.rule_set),
            "trial": row,
            "tone": TRIAL_TONES[row.get_state_display()],
            "live": row.state in UNFINISHED,
            "percent": 100 * row.done // row.total if row.total else 0,
            "told": trial_told(row.result),
            "seen": f"{row.state}.{row.done}",
            "leads_on": self._leads_on(request, row),
        }

    def _leads_on(self, request: HttpRequest, row: RoutingSimulation) -> str:
        """``activate`` when what was tried can be made active, ``again`` when the draft has been
        edited since, or the rules in force have changed; else nothing."""
        rule_set = row.rule_set
        done = row.state == RoutingSimulation.State.DONE and rule_set.state == DRAFT
        pages: Any = self.admin_site.get_model_admin(RoutingRuleSet)
        if not done or not pages.may_decide(request):
            return ""
        valid = trial_of(rule_set)
        return "activate" if valid and valid.fingerprint == row.fingerprint else "again"


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(StoreWorkAdmin[RoutingDecision]):
    """Why a store was chosen: what every rule made of the stores, and the best twenty."""

    empty_note = gettext_lazy("Every order keeps here why its store was chosen.")
    store_path = "order__fulfillments__store"
    list_display = ["order", "store", "decided_at"]
    list_select_related = ["order", "store"]
    search_fields = ["=order__external_id"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """An order may have parts in several of the person's stores: its decisions count once."""
        return super().get_queryset(request).distinct()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one decision."""
        row = _found(self, request, object_id, "order", "store")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Why this store? {external_id}").format(external_id=row.order.external_id),
            "decision": row,
            **decision_told(row.explanation),
        }
        return TemplateResponse(request, "admin/orders/decision.html", context)


def _asked_first() -> dict[str, Any]:
    """What a trial is asked with unless the person says something else."""
    since = (clock.now() - timedelta(days=TRIED_DAYS)).date()
    return {"tried_since": since, "tried_orders": TRIED_ORDERS}


def _is_draft(rule_set: RoutingRuleSet | None) -> bool:
    return rule_set is None or rule_set.state == DRAFT


def _found(page: HubAdmin[Any], request: HttpRequest, pk: str, *related: str) -> Any:
    if not page.has_view_permission(request) or not pk.isdecimal() or len(pk) > 18:  # noqa: PLR2004  a bigint
        raise Http404
    return get_object_or_404(page.get_queryset(request).select_related(*related), pk=int(pk))


def _start(rule_set: RoutingRuleSet, request: HttpRequest) -> RoutingSimulation:
    form = TrialForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field.replace('_', ' ')}: {errors[0]}")
    return start_simulation(
        rule_set=rule_set,
        since=datetime.combine(form.cleaned_data["since"], time(), UTC),
        most_orders=form.cleaned_data["most_orders"],
        by=request.user.get_username(),
    )


def _to(page: str, key: int) -> HttpResponse:
    return HttpResponseRedirect(reverse(f"admin:orders_{page}", args=[key]), status=303)
