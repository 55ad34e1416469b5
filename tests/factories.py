"""Rows for tests: each function makes one thing that is valid and needs no argument."""

from __future__ import annotations

import itertools
from datetime import timedelta

from django.contrib.auth.models import Group, User

from hub import clock
from hub.connectors.signing import new_secret
from hub.providers.models import Provider
from hub.staff import roles
from hub.staff.models import Tablet
from hub.staff.tablets import enroll
from hub.stores.models import (
    Brand,
    OpeningHours,
    PosConnection,
    SalesChannel,
    StaffScope,
    Store,
)
from hub.webhooks.endpoints import create_endpoint
from hub.webhooks.models import WebhookEndpoint
from inventory.models import FeedLayout, Item, StockFile, UnmappedCode
from inventory.services.counts import record_counts
from orders.models import (
    FulfillmentOrder,
    Order,
    PickupCode,
    Spot,
    SubstitutionRound,
)
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.placing.drafts import Desk
from orders.placing.services import place_order
from orders.substitution.offering import Proposal, offer_substitutes

_numbers = itertools.count(1)

# --- stores -----------------------------------------------------------------------------------


def make_brand(name: str = "Greenleaf") -> Brand:
    return Brand.objects.get_or_create(name=name)[0]


def make_channel(**values) -> SalesChannel:
    number = next(_numbers)
    values = {"code": f"site-{number}", "name": f"Site {number}", "currency": "EUR"} | values
    return SalesChannel.objects.create(brand=values.pop("brand", None) or make_brand(), **values)


def make_store(**values) -> Store:
    """A store in Warsaw that is open from 8 to 20 every day."""
    number = next(_numbers)
    values = {
        "code": f"S{number:04}",
        "name": f"Store {number}",
        "city": "Warszawa",
        "country": "PL",
        "latitude": 52.23,
        "longitude": 21.01,
        "timezone": "Europe/Warsaw",
    } | values
    store = Store.objects.create(brand=values.pop("brand", None) or make_brand(), **values)
    OpeningHours.objects.bulk_create(
        OpeningHours(store=store, weekday=day, opens="08:00", closes="20:00") for day in range(7)
    )
    return store


# --- inventory --------------------------------------------------------------------------------


def make_item(**values) -> Item:
    number = next(_numbers)
    return Item.objects.create(**{"sku": f"SKU-{number:05}", "name": f"Thing {number}"} | values)


def stock(store: Store, counts: dict[Item, int], *, minutes_ago: int = 60) -> None:
    """Let the store be counted: so many units of each item on hand."""
    record_counts(
        store=store,
        source="test",
        as_of=clock.now() - timedelta(minutes=minutes_ago),
        counts={item.sku: units for item, units in counts.items()},
        event_prefix=f"count-{next(_numbers)}",
    )


# --- orders -----------------------------------------------------------------------------------

CUSTOMER = {"name": "Ann Lee", "phone": "+48500123456", "email": "ann@example.com"}


def make_customer() -> dict[str, str]:
    """Who buys: Ann Lee first, then others of her family, who share her phone and address.

    Orders of one name and phone are collected on one visit; most tests mean several customers.
    """
    first = not Order.objects.exists()
    return CUSTOMER if first else CUSTOMER | {"name": f"Ann Lee {next(_numbers)}"}


def make_order(
    *, store=None, channel=None, lines: dict[Item, int] | None = None, **values
) -> Order:
    """An order placed by the real service; without store or pickup, in a stocked store of its own.

    ``values`` go to the service; ``lines_asked`` are its lines where ``lines`` cannot say it.
    """
    channel = channel or make_channel()
    lines = lines or {make_item(): 2}
    if store is None and "pickup" not in values:
        store = make_store()
        stock(store, {item: units * 2 for item, units in lines.items()})
    values = {
        "external_id": f"W-{next(_numbers)}",
        "pickup": {"store": store.code} if store else None,
        "customer": make_customer(),
        "currency": channel.currency,
        "total_minor": 1000,
        "lines": values.pop("lines_asked", None)
        or [
            {"sku": item.sku, "quantity": units, "unit_price_minor": 500}
            for item, units in lines.items()
        ],
    } | values
    desk = Desk(channel, values.pop("is_test", False), values.pop("allowed_store_ids", None))
    return Order.objects.get(pk=place_order(desk=desk, asked=values).pk)


def make_fulfillment(**values) -> FulfillmentOrder:
    """The PROPOSED part of a fresh order; takes what ``make_order`` takes."""
    return make_order(**values).fulfillments.select_related("order", "store").get()


# --- picking and curbside ---------------------------------------------------------------------


def make_picking(**values) -> FulfillmentOrder:
    """A part that somebody is picking; takes what ``make_order`` takes."""
    fulfillment = make_fulfillment(**values)
    accept(fulfillment=fulfillment)
    start_picking(fulfillment=fulfillment)
    return fulfillment


def pick_all(fulfillment: FulfillmentOrder) -> None:
    """Everything that was asked for is found."""
    counts = {line.pk: line.allocated for line in fulfillment.lines.all()}
    finish_picking(fulfillment=fulfillment, picked=counts)


def make_ready(**values) -> FulfillmentOrder:
    """A part that waits on shelf A-1 in two bags; takes what ``make_order`` takes."""
    fulfillment = make_picking(**values)
    pick_all(fulfillment)
    mark_ready(fulfillment=fulfillment, staging_location="A-1", bags=2)
    return fulfillment


def pin_of(fulfillment: FulfillmentOrder) -> str:
    """The right PIN of a ready part."""
    return str(PickupCode.objects.get(fulfillment=fulfillment).pin)


def make_spots(store: Store, labels: str = "1 2 3") -> list[Spot]:
    """Numbered spots in front of a store."""
    return [Spot.objects.create(store=store, label=label) for label in labels.split()]


def make_person(**values) -> User:
    """Somebody of the staff, without any permission."""
    return User.objects.create_user(f"person-{next(_numbers)}", **{"is_staff": True} | values)


# --- the outside world ------------------------------------------------------------------------


def make_pos(store: Store | None = None, **values) -> PosConnection:
    """A POS that speaks webhooks at an address where nobody listens."""
    values = {"base_url": "http://127.0.0.1:9/pos", "secret": new_secret()} | values
    return PosConnection.objects.create(store=store or make_store(), **values)


def make_endpoint(channel: SalesChannel | None = None, url: str = "") -> WebhookEndpoint:
    """Where a site wants its events; by default an address where nobody listens."""
    url = url or "http://127.0.0.1:9/webhooks"
    return create_endpoint(channel=channel or make_channel(), url=url)


# --- stock files ------------------------------------------------------------------------------


def make_layout(**values) -> FeedLayout:
    """A layout whose files call everything as the hub does."""
    number = next(_numbers)
    return FeedLayout.objects.create(
        **{"code": f"layout-{number}", "source": f"source-{number}"} | values
    )


def make_unmapped(**values) -> UnmappedCode:
    """A code that stands for no item, seen in some file of a source."""
    number = next(_numbers)
    values = {"source": f"source-{number}", "code": f"X-{number}", "seen_at": clock.now()} | values
    return UnmappedCode.objects.create(**values)


def make_stock_file(**values) -> StockFile:
    """A file that came in a minute ago and waits; its content is nowhere."""
    number = next(_numbers)
    values = {
        "name": f"stock-{number}.csv",
        "source": f"source-{number}",
        "as_of": clock.now() - timedelta(minutes=1),
        "digest": f"{number:064}",
        "size": 1_000,
        "path": "",
    } | values
    return StockFile.objects.create(**values)


# --- substitutes ------------------------------------------------------------------------------

PLAIN = {"category": "tea", "price_minor": 500, "allergens": [], "diets": []}


def make_missing(*, allow="ask", units=3, offered=None, spare=10, **wish):
    """A part that is being picked, one line of which may be missing, and an item to offer for it.

    ``offered`` are values of that item; ``wish`` those of the order line. In a store of its own.
    """
    store = make_store()
    item, other = make_item(**PLAIN), make_item(**PLAIN | (offered or {}))
    stock(store, {item: units * 2, other: spare})
    part = make_picking(store=store, lines={item: units})
    part.order.lines.update(substitution=allow, **wish)
    return part, part.lines.select_related("item", "order_line", "fulfillment").get(), other


def ask_for(part: FulfillmentOrder, line, item: Item, units: int = 2) -> SubstitutionRound:
    """The question whether so many units of the item will do."""
    proposal = Proposal(line_id=line.pk, item_id=item.pk, units=units)
    return offer_substitutes(fulfillment=part, proposals=[proposal])


# --- carriers of messages ---------------------------------------------------------------------


def make_provider(**values) -> Provider:
    """An account for texts at an address where nobody listens."""
    number = next(_numbers)
    values = {
        "name": f"carrier-{number}",
        "channel": "sms",
        "connector": "http",
        "base_url": "http://127.0.0.1:9/send",
        "secret": "token",
        "callback_secret": new_secret(),
        "sender": "+15550001",
    } | values
    return Provider.objects.create(**values)


# --- people and tablets -----------------------------------------------------------------------


def make_role(role: str, *stores: Store, **values) -> User:
    """A person of one of the roles that come with the hub, named for these stores."""
    if not Group.objects.filter(name=role).exists():
        roles.ship()  # a test that commits empties the tables that migrations filled
    person = make_person(**values)
    person.groups.add(Group.objects.get(name=role))
    StaffScope.objects.bulk_create(StaffScope(user=person, store=store) for store in stores)
    return User.objects.get(pk=person.pk)


def make_tablet(store: Store | None = None, **values) -> tuple[Tablet, str]:
    """A tablet of a store and the token that its browser keeps."""
    store, by = store or make_store(), values.pop("by", None) or make_person()
    tablet, token = enroll(store=store, name=f"Tablet {next(_numbers)}", by=by)
    Tablet.objects.filter(pk=tablet.pk).update(**values)
    tablet.refresh_from_db()
    return tablet, token
