"""The side menu, by job; settings.UNFOLD names these functions by their dotted paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse


@dataclass(frozen=True)
class Item:
    """One line of the menu: shown to those who may look at the model's page."""

    title: str
    icon: str
    model: str
    view: str = "changelist"


MENU: list[tuple[str, bool, list[Item]]] = [
    (
        "",
        False,
        [
            Item("Pick", "shopping_basket", "orders.FulfillmentOrder", "pick"),
            Item("Ready", "inventory", "orders.FulfillmentOrder", "ready"),
            Item("Arrivals", "directions_car", "orders.FulfillmentOrder", "arrivals"),
            Item("Staging", "shelves", "orders.Bag", "staging"),
            Item("Put back", "assignment_return", "orders.PutBack", "todo"),
            Item("Exceptions", "error", "orders.FulfillmentOrder", "exceptions"),
            Item("Talks", "forum", "notifications.Thread", "board"),
            Item("Orders", "receipt_long", "orders.Order"),
            Item("Substitutes", "swap_horiz", "orders.SubstitutionRound"),
            Item("Returns", "assignment_return", "orders.GoodsReturn"),
            Item("Hand-offs", "handshake", "orders.HandOff"),
            Item("Complaints", "report", "orders.Complaint"),
            Item("Ratings", "star", "orders.Rating", "report"),
            Item("Switches", "toggle_on", "stores.StoreSwitch", "board"),
            Item("Preparation times", "timer", "orders.WindowBooking", "times"),
        ],
    ),
    (
        "Stock",
        False,
        [
            Item("Stock levels", "shelves", "inventory.StockLevel"),
            Item("Items", "sell", "inventory.Item"),
            Item("Holds", "lock_clock", "inventory.Hold"),
            Item("Shortfalls", "trending_down", "inventory.ShortfallCase"),
            Item("Recalls", "report", "inventory.Recall"),
            Item("To pull", "remove_shopping_cart", "inventory.PullTask"),
            Item("Sales stops", "block", "inventory.SalesStop"),
            Item("Unavailable", "broken_image", "inventory.UnavailableUnits"),
            Item("On the way", "local_shipping", "inventory.IncomingUnits"),
            Item("Ledger", "menu_book", "inventory.InventoryEvent"),
        ],
    ),
    (
        "Customers",
        False,
        [
            Item("Customers", "group", "customers.Profile"),
            Item("Messages", "sms", "notifications.Message"),
            Item("Calls", "call", "notifications.CallTask", "board"),
            Item("Words", "edit_note", "notifications.TemplateVersion"),
            Item("Measures", "monitoring", "notifications.Message", "measures"),
            Item("Consent", "verified_user", "customers.ConsentEvent"),
        ],
    ),
    (
        "Integrations",
        True,
        [
            Item("POS connections", "point_of_sale", "stores.PosConnection"),
            Item("Stock files", "upload_file", "inventory.StockFile"),
            Item("File layouts", "view_column", "inventory.FeedLayout"),
            Item("Item codes", "barcode", "inventory.ItemCode"),
            Item("Unmapped codes", "question_mark", "inventory.UnmappedCode"),
            Item("Clocks of sources", "alarm", "inventory.SourceClock"),
            Item("Providers", "cell_tower", "providers.Provider"),
            Item("Limits on texts", "speed", "notifications.TextingRules"),
            Item("API keys", "key", "api.ApiKey"),
            Item("Webhooks", "webhook", "webhooks.WebhookEndpoint"),
            Item("Webhook calls", "outbound", "webhooks.WebhookCall"),
            Item("Inbound calls", "call_received", "inbox.InboundCall"),
            Item("Deliveries", "conveyor_belt", "events.Delivery"),
            Item("Facts", "history", "events.Fact"),
            Item("Schedules", "schedule", "django_q.Schedule"),
            Item("Failed jobs", "running_with_errors", "django_q.Failure"),
        ],
    ),
    (
        "Rules",
        True,
        [
            Item("Stores", "storefront", "stores.Store"),
            Item("Store groups", "workspaces", "stores.StoreGroup"),
            Item("Pickup windows", "calendar_clock", "orders.WindowBooking"),
            Item("Special days", "event_busy", "orders.SlotCapacity"),
            Item("Spots", "local_parking", "orders.Spot"),
            Item("Signs", "qr_code_2", "orders.Sign", "board"),
            Item("Curb settings", "directions_car", "orders.CurbSettings"),
            Item("Staging places", "kitchen", "orders.StagingLocation"),
            Item("Shelf places", "shelves", "inventory.ShelfPlace"),
            Item("Routing rules", "alt_route", "orders.RoutingRuleSet"),
            Item("Routing trials", "science", "orders.RoutingSimulation"),
            Item("Safety stock", "shield", "inventory.SafetyStock"),
            Item("Channel buffers", "tune", "inventory.ChannelBuffer"),
            Item("Late feeds", "timer_off", "inventory.StoreFeed"),
            Item("Stock signals", "notifications", "inventory.SignalRule"),
            Item("Sales channels", "shopping_cart", "stores.SalesChannel"),
            Item("Brands", "label", "stores.Brand"),
            Item("People", "badge", "auth.User"),
            Item("Groups", "groups", "auth.Group"),
        ],
    ),
]

_badges: dict[str, Callable[[HttpRequest], int]] = {}


def add_badge(model: str, badge: Callable[[HttpRequest], int]) -> None:
    """Let an app show beside its line in the menu how many wait; none shows nothing."""
    _badges[model] = badge


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu of the person who asks: only pages that open for them."""
    groups = [_group(request, *group) for group in MENU]
    today = {
        "title": "Today",
        "icon": "today",
        "link": reverse("admin:index"),
        "active": request.path == reverse("admin:index"),
    }
    groups[0]["items"].insert(0, today)
    return [group for group in groups if group["items"]]


def _group(request: HttpRequest, title: str, collapsible: bool, menu: list[Item]) -> dict[str, Any]:
    items = [_item(request, item) for item in menu if _may_see(request, item)]
    return {"title": title, "collapsible": collapsible, "separator": bool(title), "items": items}


def _item(request: HttpRequest, item: Item) -> dict[str, Any]:
    link = _link(item)
    # one page's address may begin with another's: a list is lit for its own pages only
    own = request.path == link if item.view != "changelist" else _within(request.path, item)
    line = {"title": item.title, "icon": item.icon, "link": link, "active": own}
    count = _badges[item.model](request) if item.model in _badges else 0
    badge = {"badge": count, "badge_variant": "danger", "badge_style": "solid"}
    return line | badge if count else line


def _within(path: str, item: Item) -> bool:
    others = [other for _, _, menu in MENU for other in menu if other.view != "changelist"]
    return path.startswith(_link(item)) and path not in [_link(other) for other in others]


def _link(item: Item) -> str:
    app, model = item.model.lower().split(".")
    return reverse(f"admin:{app}_{model}_{item.view}")


def _may_see(request: HttpRequest, item: Item) -> bool:
    page = admin.site._registry.get(apps.get_model(item.model))
    return page is not None and page.has_view_permission(request)


def stylesheet(_: HttpRequest) -> str:
    """The address of the workspace's own styles."""
    return static("hub/staff.css")


def script(_: HttpRequest) -> str:
    """The address of the workspace's own script."""
    return static("hub/staff.js")


def favicon(_: HttpRequest) -> str:
    """The address of the icon in the browser's tab."""
    return static("hub/favicon.svg")


def environment(_: HttpRequest) -> list[str] | None:
    """A label in the page's corner: a hub with simulated tills and phones must not go unnoticed."""
    return ["Demo", "warning"] if settings.SIMULATORS else None
