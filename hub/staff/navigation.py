"""The menu, by job; settings.UNFOLD names these functions by their dotted paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.staff.pages import HubAdmin

Words = str | Promise


@dataclass(frozen=True)
class Item:
    """One page: shown to those who may look at its model's rows; to all staff without a model.

    ``live`` names the count that boards keep up to date beside it.
    """

    title: Words
    icon: str
    model: str
    view: str = "changelist"
    live: str = ""


@dataclass(frozen=True)
class Job:
    """What somebody comes to do, and its pages. The first page that opens is the job's own."""

    title: Words
    icon: str
    pages: list[Item]


PARTS = "orders.FulfillmentOrder"
MENU: list[Job] = [
    Job(
        _("Today"),
        "today",
        [
            Item(_("Today"), "today", "", "index"),
            Item(_("Glossary"), "help", "", "orders_glossary"),
        ],
    ),
    Job(
        _("Pick"),
        "shopping_basket",
        [
            Item(_("Pick"), "shopping_basket", PARTS, "pick", live="pick"),
            Item(_("Pick several together"), "stacks", "orders.PickBatch", "choose"),
            Item(_("Several at once"), "done_all", "orders.ZonePick", "several"),
            Item(_("Commands for the scanner"), "barcode_scanner", "orders.ZonePick", "commands"),
            Item(_("Substitutes"), "swap_horiz", "orders.SubstitutionRound"),
            Item(_("Picked so far"), "checklist", "orders.PickEntry"),
        ],
    ),
    Job(
        _("Ready"),
        "inventory",
        [
            Item(_("Ready"), "inventory", PARTS, "ready", live="ready"),
            Item(_("Staging"), "shelves", "orders.Bag", "staging"),
            Item(_("Put back"), "assignment_return", "orders.PutBack", "todo"),
            Item(_("Hand-offs"), "handshake", "orders.HandOff"),
            Item(_("Returns"), "assignment_return", "orders.GoodsReturn"),
        ],
    ),
    Job(
        _("Arrivals"),
        "directions_car",
        [
            Item(_("Arrivals"), "directions_car", PARTS, "arrivals", live="arrivals"),
            Item(_("Spots"), "local_parking", "orders.Spot"),
            Item(_("Signs"), "qr_code_2", "orders.Sign", "board"),
        ],
    ),
    Job(
        _("Exceptions"),
        "error",
        [
            Item(_("Exceptions"), "error", PARTS, "exceptions", live="exceptions"),
            Item(_("Complaints"), "report", "orders.Complaint"),
            Item(_("Shortfalls"), "trending_down", "inventory.ShortfallCase"),
            Item(_("Recalls"), "report", "inventory.Recall"),
            Item(_("To pull"), "remove_shopping_cart", "inventory.PullTask"),
            Item(_("Switches"), "toggle_on", "stores.StoreSwitch", "board"),
        ],
    ),
    Job(
        _("Stock"),
        "shelves",
        [
            Item(_("Stock levels"), "shelves", "inventory.StockLevel"),
            Item(_("Items"), "sell", "inventory.Item"),
            Item(_("Holds"), "lock_clock", "inventory.Hold"),
            Item(_("Sales stops"), "block", "inventory.SalesStop"),
            Item(_("Unavailable"), "broken_image", "inventory.UnavailableUnits"),
            Item(_("On the way"), "local_shipping", "inventory.IncomingUnits"),
            Item(_("Ledger"), "menu_book", "inventory.InventoryEvent"),
        ],
    ),
    Job(
        _("Customers"),
        "group",
        [
            Item(_("Orders"), "receipt_long", "orders.Order"),
            Item(_("Customers"), "group", "customers.Profile"),
            Item(_("Consent"), "verified_user", "customers.ConsentEvent"),
        ],
    ),
    Job(
        _("Messages"),
        "sms",
        [
            Item(_("Talks"), "forum", "notifications.Thread", "board", live="talks"),
            Item(_("Calls"), "call", "notifications.CallTask", "board", live="calls"),
            Item(_("Messages"), "sms", "notifications.Message"),
            Item(_("Words"), "edit_note", "notifications.TemplateVersion"),
        ],
    ),
    Job(
        _("Integrations"),
        "hub",
        [
            Item(_("Cockpit"), "monitor_heart", "events.Breaker", "cockpit"),
            Item(_("Sandbox"), "science", "orders.SandboxRun"),
            Item(_("Bring stores on line"), "rocket_launch", "integration.Wave", "choose"),
            Item(_("POS connections"), "point_of_sale", "stores.PosConnection"),
            Item(_("Stock files"), "upload_file", "inventory.StockFile"),
            Item(_("File layouts"), "view_column", "inventory.FeedLayout"),
            Item(_("Item codes"), "barcode", "inventory.ItemCode"),
            Item(_("Unmapped codes"), "question_mark", "inventory.UnmappedCode"),
            Item(_("Clocks of sources"), "alarm", "inventory.SourceClock"),
            Item(_("Providers"), "cell_tower", "providers.Provider"),
            Item(_("Limits on texts"), "speed", "notifications.TextingRules"),
            Item(_("API keys"), "key", "api.ApiKey"),
            Item(_("Webhooks"), "webhook", "webhooks.WebhookEndpoint"),
            Item(_("Webhook calls"), "outbound", "webhooks.WebhookCall"),
            Item(_("Inbound calls"), "call_received", "inbox.InboundCall"),
            Item(_("Deliveries"), "conveyor_belt", "events.Delivery"),
            Item(_("Facts"), "history", "events.Fact"),
            Item(_("Schedules"), "schedule", "django_q.Schedule"),
            Item(_("Failed jobs"), "running_with_errors", "django_q.Failure"),
        ],
    ),
    Job(
        _("Rules"),
        "rule",
        [
            Item(_("Stores"), "storefront", "stores.Store"),
            Item(_("Opening hours"), "calendar_month", "stores.Store", "calendar"),
            Item(_("Store groups"), "workspaces", "stores.StoreGroup"),
            Item(_("Settings"), "settings", "stores.SettingsLevel"),
            Item(_("Moves between stages"), "step", "integration.StageChange"),
            Item(_("Pickup windows"), "calendar_clock", "orders.WindowBooking"),
            Item(_("Special days"), "event_busy", "orders.SlotCapacity"),
            Item(_("Curb settings"), "directions_car", "orders.CurbSettings"),
            Item(_("Staging places"), "kitchen", "orders.StagingLocation"),
            Item(_("Shelf places"), "shelves", "inventory.ShelfPlace"),
            Item(_("Routing rules"), "alt_route", "orders.RoutingRuleSet"),
            Item(_("Routing trials"), "science", "orders.RoutingSimulation"),
            Item(_("Safety stock"), "shield", "inventory.SafetyStock"),
            Item(_("Channel buffers"), "tune", "inventory.ChannelBuffer"),
            Item(_("Late feeds"), "timer_off", "inventory.StoreFeed"),
            Item(_("Stock signals"), "notifications", "inventory.SignalRule"),
            Item(_("Sales channels"), "shopping_cart", "stores.SalesChannel"),
            Item(_("Brands"), "label", "stores.Brand"),
            Item(_("People"), "badge", "auth.User"),
            Item(_("Groups"), "groups", "auth.Group"),
            Item(_("People of the store"), "badge", "staff.StaffKey"),
            Item(_("Tablets"), "tablet_android", "staff.Tablet"),
            Item(_("Audit trail"), "policy", "admin.LogEntry"),
        ],
    ),
    Job(
        _("Reports"),
        "bar_chart",
        [
            Item(_("Reports"), "monitoring", "orders.DayFigures", "report"),
            Item(_("Preparation times"), "timer", "orders.WindowBooking", "times"),
            Item(_("Ratings"), "star", "orders.Rating", "report"),
            Item(_("Measures of messages"), "monitoring", "notifications.Message", "measures"),
        ],
    ),
]
# in reach of the thumb, beside the search
AT_HAND = ("pick", "ready", "arrivals", "exceptions")
LOUD = {"arrivals": "warning", "exceptions": "danger", "talks": "danger", "calls": "danger"}

Badge = Callable[[HttpRequest], int]
_badges: dict[str, Badge] = {}
_search: list[str] = []
_pulse: list[Callable[[HttpRequest, str], str]] = []


def add_badge(page: str, badge: Badge) -> None:
    """Let an app show beside a page in the menu how many wait; none shows nothing.

    ``page`` is a model's label, with the view behind a stroke where a model has several.
    """
    _badges[page] = badge


def set_search(name: str) -> None:
    """Let an app offer the page ``name`` as the one search; people without stores do not see it."""
    _search[:] = [name]


def set_pulse(address: Callable[[HttpRequest, str], str]) -> None:
    """Let an app say where a page asks for the pulse of the board of that name."""
    _pulse[:] = [address]


def pulse_url(request: HttpRequest, board: str) -> str:
    """Where a page of the person asks whether something changed; empty without such an app."""
    return _pulse[0](request, board) if _pulse else ""


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu of the person who asks: only pages that open for them, asked once per request."""
    known: list[dict[str, Any]] | None = getattr(request, "_menu", None)
    if known is None:
        jobs = [_job(request, job) for job in MENU]
        known = [job for job in jobs if job["items"]]
        _light(request.path, known)
        request._menu = known  # type: ignore[attr-defined]
    return known


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """What each staff page has besides its own: the boards at hand and the search."""
    if not (request.user.is_authenticated and request.user.is_staff):
        return {}
    lines = {line["live"]: line for job in sidebar(request) for line in job["items"]}
    at_hand = [lines[name] for name in AT_HAND if name in lines]
    find_url = reverse(_search[0]) if _search and at_hand else ""
    return {"at_hand": at_hand, "find_url": find_url, "find_active": request.path == find_url}


def _job(request: HttpRequest, job: Job) -> dict[str, Any]:
    lines = [_line(request, item) for item in job.pages if _may_see(request, item)]
    first = lines[0] if lines else {}
    own = {key: first.get(key) for key in ("link", "live", "badge", "tone")}
    return own | {"title": str(job.title), "icon": job.icon, "items": lines, "active": False}


def _line(request: HttpRequest, item: Item) -> dict[str, Any]:
    badge = _badges.get(f"{item.model}/{item.view}") or _badges.get(item.model)
    return {
        "title": str(item.title),
        "icon": item.icon,
        "link": _link(item),
        "live": item.live,
        "badge": badge(request) if badge else 0,
        "tone": LOUD.get(item.live, ""),
        "active": False,
    }


def _light(path: str, jobs: list[dict[str, Any]]) -> None:
    """Mark the one line whose address is the longest beginning of ``path``, and its job."""
    index = reverse("admin:index")
    lines = [(line, job) for job in jobs for line in job["items"]]
    fitting = [
        (line, job)
        for line, job in lines
        if path == line["link"] or (path.startswith(line["link"]) and line["link"] != index)
    ]
    if fitting:
        line, job = max(fitting, key=lambda pair: len(pair[0]["link"]))
        line["active"] = job["active"] = True


def _link(item: Item) -> str:
    if not item.model:
        return reverse(f"admin:{item.view}")
    app, model = item.model.lower().split(".")
    return reverse(f"admin:{app}_{model}_{item.view}")


def _may_see(request: HttpRequest, item: Item) -> bool:
    if not item.model:
        return True
    page = admin.site._registry.get(apps.get_model(item.model))
    return isinstance(page, HubAdmin) and page.opens(request, item.view)


def no_palette(_request: HttpRequest) -> NoReturn:
    """404: unfold's search over tables keeps what it found for minutes, whoever asks by then."""
    raise Http404


def stylesheet(_request: HttpRequest) -> str:
    """The address of the workspace's own styles."""
    return static("hub/staff.css")


def script(_request: HttpRequest) -> str:
    """The address of the workspace's own script."""
    return static("hub/staff.js")


def favicon(_request: HttpRequest) -> str:
    """The address of the icon in the browser's tab."""
    return static("hub/favicon.svg")


def environment(_request: HttpRequest) -> list[str] | None:
    """A label in the page's corner: a hub with simulated tills and phones must not go unnoticed."""
    return [str(_("Demo")), "warning"] if settings.SIMULATORS else None
