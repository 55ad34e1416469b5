"""What a person may mean who types or scans into the one search: each way of meaning, bounded.

What is still to be done is searched in every way, for it is little; what is over only by what an
index finds: the order's number, its bags, and whole names, phones and addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from hub.customers.models import Contact
from hub.stores.models import SalesChannel, Store
from inventory.models import Item, ItemCode
from orders.admin.finding import contact_hashes
from orders.curbside.vehicles import Car
from orders.models import Bag, FulfillmentLine, FulfillmentOrder, Order, Visit
from orders.models.visit import ACTIVE_VISIT
from orders.picking.codes import GTIN_LENGTHS, read_code
from orders.picking.errors import UnreadableCode
from orders.states import LIVE

LONGEST_TERM = 100
MOST_SHOWN = 50
MOST_READ = 500  # names and numbers that are compared one by one
MOST_CONTACTS = 200
SHORTEST_PART = 3  # of a name, a number or a plate


@dataclass(frozen=True)
class Hits:
    """Parts of orders, those still to be done first, and the item that the term names, if any.

    ``over`` is whether parts that are over are among them.
    """

    parts: Sequence[FulfillmentOrder]
    item: Item | None
    over: bool

    @property
    def only(self) -> FulfillmentOrder | None:
        """The one part that can be meant."""
        return self.parts[0] if len(self.parts) == 1 else None


Way = Callable[[QuerySet[FulfillmentOrder], str], QuerySet[FulfillmentOrder]]


def hits_of(stores: QuerySet[Store], term: str, *, over: bool = False) -> Hits:
    """What ``term`` may mean in these stores. A bag or an order's number that fits decides; what
    is over is looked at when nothing else fits, or when it is asked for."""
    rows = FulfillmentOrder.objects.filter(store__in=stores)
    live = rows.filter(status__in=LIVE)
    item = item_of(term)
    for way in (_by_bag, _by_number):
        if exact := _shown(way(rows, term), live_only=not over):
            return Hits(exact, item, over)
    keys = set(_by_person(live, term).values_list("pk", flat=True)[:MOST_SHOWN])
    keys |= _by_car(live, stores, term) | _by_place(live, stores, term)
    keys |= _by_item(live, item) | _by_words(live, term)
    found = _shown(rows.filter(pk__in=keys), live_only=True)
    if over or not (found or item):
        older = set(
            _by_person(rows, term).order_by("-pk").values_list("pk", flat=True)[:MOST_SHOWN]
        )
        return Hits(_shown(rows.filter(pk__in=keys | older), live_only=False), item, over=True)
    return Hits(found, item, over=False)


def item_of(term: str) -> Item | None:
    """The item with this SKU, barcode or PLU; None when there is none."""
    try:
        code = read_code(term)
    except UnreadableCode:
        return None
    known = Q(sku__in={term, term.upper()})
    if len(term) in GTIN_LENGTHS and code.gtins:
        known |= Q(gtin__in=code.gtins)
    other = ItemCode.objects.filter(
        Q(system="gtin", code__in=[term, *code.gtins])
        | Q(system="plu", code__in=[term, *code.plus])
    )
    return Item.objects.filter(known | Q(pk__in=other.values("item"))).order_by("pk").first()


def _shown(rows: QuerySet[FulfillmentOrder], *, live_only: bool) -> Sequence[FulfillmentOrder]:
    """A page of them, what is still to be done first; ``live_only`` leaves out what is over when
    there is anything else."""
    place = Case(When(status__in=LIVE, then=Value(0)), default=1, output_field=IntegerField())
    rows = rows.select_related("order__contact", "store").prefetch_related("bag_rows__location")
    found = list(rows.annotate(place=place).order_by("place", "promised_at", "pk")[:MOST_SHOWN])
    live = [row for row in found if row.status in LIVE]
    return live if live and live_only else found


def _by_bag(rows: QuerySet[FulfillmentOrder], term: str) -> QuerySet[FulfillmentOrder]:
    bags = Bag.objects.filter(barcode=term.upper()).values("fulfillment")
    return rows.filter(pk__in=bags)


def _by_number(rows: QuerySet[FulfillmentOrder], term: str) -> QuerySet[FulfillmentOrder]:
    """By the site's number, in whatever case it was typed, or by an id of the hub's own."""
    channels = list(SalesChannel.objects.values_list("pk", flat=True))
    orders = Order.objects.filter(
        Q(public_id=term)
        | Q(
            channel__in=channels,
            is_test__in=[False, True],  # so that the index of numbers serves
            external_id__in={term, term.upper(), term.lower()},
        )
    )
    return rows.filter(
        Q(order__in=list(orders.values_list("pk", flat=True)[:MOST_SHOWN])) | Q(public_id=term)
    )


def _by_person(rows: QuerySet[FulfillmentOrder], term: str) -> QuerySet[FulfillmentOrder]:
    """By the whole name, the phone or its last four digits, or the e-mail address."""
    known = Contact.objects.filter(contact_hashes(term, path="")).order_by("-pk")
    keys = list(known.values_list("pk", flat=True)[:MOST_CONTACTS])
    return rows.filter(order__contact__in=keys)


def _by_car(live: QuerySet[FulfillmentOrder], stores: QuerySet[Store], term: str) -> set[int]:
    """Whose car stands outside or is on its way, or who once agreed to have its plate kept."""
    letters = _letters(term)
    if len(letters) < SHORTEST_PART:
        return set()
    visits = Visit.objects.filter(store__in=stores, status__in=ACTIVE_VISIT)
    cars = visits.values_list("pk", "plate_hash", "vehicle").order_by("-pk")[:MOST_READ]
    wanted = Car(plate=term).plate_hash
    come = [pk for pk, known, words in cars if known == wanted or letters in _letters(words)]
    kept = Q(order__profile__vehicle__plate_hash=wanted)
    found = live.filter(Q(visit_pickups__active=True, visit_pickups__visit__in=come) | kept)
    return set(found.values_list("pk", flat=True)[:MOST_SHOWN])


def _by_place(live: QuerySet[FulfillmentOrder], stores: QuerySet[Store], term: str) -> set[int]:
    bags = Bag.objects.filter(location__store__in=stores, location__code__iexact=term)
    found = live.filter(Q(staging_location__iexact=term) | Q(pk__in=bags.values("fulfillment")))
    return set(found.values_list("pk", flat=True)[:MOST_SHOWN])


def _by_item(live: QuerySet[FulfillmentOrder], item: Item | None) -> set[int]:
    if item is None:
        return set()
    lines = FulfillmentLine.objects.filter(item=item, fulfillment__in=live)
    return set(lines.values_list("fulfillment_id", flat=True)[:MOST_SHOWN])


def _by_words(live: QuerySet[FulfillmentOrder], term: str) -> set[int]:
    """By a piece of a number or a name, among the five hundred that were promised first."""
    if len(term) < SHORTEST_PART:
        return set()
    wanted = term.casefold()
    rows = live.values_list("pk", "order__external_id", "order__contact__name")
    return {
        pk
        for pk, number, name in rows.order_by("promised_at")[:MOST_READ]
        if wanted in number.casefold() or wanted in name.casefold()
    }


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).upper()
