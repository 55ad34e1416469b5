"""The words of the workspace, each in a sentence of its own; «?» on a page leads to one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

LONGEST_QUERY = 60


@dataclass(frozen=True)
class Word:
    """A word under the ``key`` that addresses it, and what it means here."""

    key: str
    title: Any
    meaning: Any


GROUPS: list[tuple[Any, list[Word]]] = [
    (
        _("Orders and their parts"),
        [
            Word("order", _("Order"), _("What a customer bought on a site, and pays there.")),
            Word(
                "fulfillment",
                _("Fulfillment order"),
                _(
                    "The part of an order that one store prepares. An order that two stores share "
                    "has two; the boards show these parts."
                ),
            ),
            Word("sales_channel", _("Sales channel"), _("A site or app that sends orders.")),
            Word(
                "routing",
                _("Routing"),
                _("Choosing the store that prepares an order. Every choice tells its reasons."),
            ),
            Word(
                "block",
                _("Block"),
                _(
                    "A reason why an order may not move on: a recall, a question to the customer, "
                    "a stop by a person. It goes when the reason does, or when a lead lifts it."
                ),
            ),
            Word(
                "rejection",
                _("Rejection"),
                _(
                    "The store says that it cannot prepare its part. Another store is looked for "
                    "at once; if there is none, a person decides."
                ),
            ),
            Word(
                "exception",
                _("Exception"),
                _("Something that only a person can put right. It has a board of its own."),
            ),
            Word(
                "sandbox",
                _("Sandbox order"),
                _(
                    "An order made to try things out. It reaches no real phone and no real POS, "
                    "and its goods are put right when it is over."
                ),
            ),
        ],
    ),
    (
        _("Picking and keeping"),
        [
            Word(
                "pick_list",
                _("Pick list"),
                _("The lines to collect from the shelves, in the order of the walk."),
            ),
            Word(
                "claim",
                _("Claim"),
                _(
                    "You pick this zone of an order, and everybody sees it. A claim ends a quarter "
                    "of an hour after your last scan, or when somebody takes it over."
                ),
            ),
            Word(
                "zone",
                _("Zone"),
                _(
                    "How goods are kept: ambient, chilled or frozen. Frozen goods are picked last, "
                    "and each zone has bags and places of its own."
                ),
            ),
            Word(
                "batch",
                _("Batch"),
                _("Several orders that one person picks on one way through the store."),
            ),
            Word(
                "tote",
                _("Tote"),
                _("A box on the cart that belongs to one order of a batch."),
            ),
            Word(
                "short",
                _("Short pick"),
                _(
                    "Fewer found than asked for. The store sells no more of the item until "
                    "somebody counts it."
                ),
            ),
            Word(
                "substitute",
                _("Substitute"),
                _("What the customer gets instead of missing goods, if the customer agrees."),
            ),
            Word(
                "staging",
                _("Staging place"),
                _("The shelf, cooler or freezer where a bagged order waits for its customer."),
            ),
            Word(
                "put_back",
                _("Put back"),
                _(
                    "Goods that were picked and will not be collected. They count as stock again "
                    "when somebody has said what became of them."
                ),
            ),
            Word(
                "unsent",
                _("Unsent"),
                _(
                    "A scan or tap that the tablet keeps because it has no contact with the hub. "
                    "It is sent once, as soon as there is contact, under the name of its maker."
                ),
            ),
        ],
    ),
    (
        _("The customer comes"),
        [
            Word(
                "promise",
                _("Promise"),
                _("When the customer was told that it will be ready."),
            ),
            Word("window", _("Pickup window"), _("The time span the customer chose to come.")),
            Word(
                "visit",
                _("Visit"),
                _("One trip of a customer to the curb: on the way, near, here, served, gone."),
            ),
            Word("arrival", _("Arrival"), _("The customer says “I am here”.")),
            Word(
                "pin",
                _("PIN"),
                _(
                    "Six digits that prove whose order it is. Five wrong tries lock it; then a "
                    "lead looks at an ID and gives a reason."
                ),
            ),
            Word(
                "hand_off",
                _("Hand-off"),
                _("The goods are given to the customer, and it is recorded who proved what."),
            ),
            Word(
                "dwell",
                _("Dwell time"),
                _("How long a customer waited at the curb, from arrival to hand-off."),
            ),
            Word(
                "no_show",
                _("No-show"),
                _("A ready order that nobody collected in time. Its goods are put back."),
            ),
            Word(
                "delegate",
                _("Delegate"),
                _("Somebody whom the customer named to collect; has a code of their own."),
            ),
        ],
    ),
    (
        _("Stock"),
        [
            Word("sku", _("SKU"), _("The code of an item that can be sold.")),
            Word("on_hand", _("On hand"), _("Units that are physically in the store.")),
            Word(
                "unavailable",
                _("Unavailable"),
                _("On hand, but damaged, on display, recalled or being checked: not sold."),
            ),
            Word(
                "reservation",
                _("Reservation"),
                _(
                    "Units set aside. A hold is for a cart and runs out; an allocation belongs to "
                    "an order that was placed."
                ),
            ),
            Word(
                "safety_stock",
                _("Safety stock"),
                _("Units that sites never sell, so that the shelf does not run empty."),
            ),
            Word(
                "buffer",
                _("Channel buffer"),
                _("Units that are hidden from one sales channel."),
            ),
            Word(
                "atp",
                _("Available to promise (ATP)"),
                _(
                    "What a site may still sell: on hand less unavailable, reserved, safety stock "
                    "and buffer; never less than none."
                ),
            ),
            Word(
                "shortfall",
                _("Shortfall"),
                _("More is promised to customers than there is. It stays open until it is solved."),
            ),
            Word(
                "ledger",
                _("Ledger"),
                _("Every change of stock with its reason; the stock is the sum of it."),
            ),
            Word(
                "write_off",
                _("Write off"),
                _("Say that units are broken, spoiled or gone. It goes into the ledger."),
            ),
        ],
    ),
    (
        _("Customers and messages"),
        [
            Word(
                "golden_record",
                _("Golden Record"),
                _("One profile of a customer, merged from what several sources say."),
            ),
            Word(
                "preference",
                _("Preference"),
                _("The way a customer wants to be told: text or e-mail."),
            ),
            Word(
                "consent",
                _("Consent"),
                _("What the customer agreed to be told. STOP takes it back, at once and for all."),
            ),
        ],
    ),
    (
        _("Integrations"),
        [
            Word(
                "connector",
                _("Connector"),
                _("What speaks to one vendor: a POS, a text provider, a site."),
            ),
            Word(
                "fact",
                _("Fact"),
                _("Something that happened, kept for ever with its time."),
            ),
            Word(
                "delivery",
                _("Delivery"),
                _("The copy of a fact that one receiver gets. It is tried until it arrives."),
            ),
            Word(
                "parked",
                _("Parked"),
                _("Given up after many tries, and waiting for a person to look and try again."),
            ),
            Word(
                "idempotency",
                _("Idempotency key"),
                _("A mark on a request by which a repeated one acts only once."),
            ),
            Word(
                "drift",
                _("Drift"),
                _("How far the hub's stock and a POS's stock have come apart."),
            ),
        ],
    ),
]


def glossary_urls() -> list[URLPattern]:
    """The page of words."""
    return [path("glossary/", admin.site.admin_view(glossary_view), name="orders_glossary")]


def glossary_view(request: HttpRequest) -> HttpResponse:
    """All words, or those that have what is looked for in them."""
    query = request.GET.get("q", "").strip()[:LONGEST_QUERY]
    wanted = query.casefold()
    groups = [
        (title, [word for word in listed if wanted in f"{word.title} {word.meaning}".casefold()])
        for title, listed in GROUPS
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Glossary"),
        "query": query,
        "groups": [group for group in groups if group[1]],
    }
    return TemplateResponse(request, "admin/orders/glossary.html", context)
