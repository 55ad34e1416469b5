"""The one search: what it finds, whom it lets find it, and what that costs."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.admin import hits
from orders.curbside.vehicles import Car
from orders.curbside.visits import arrive
from orders.models import Bag, FulfillmentOrder, FulfillmentStatus, StagingLocation
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_ready,
    make_spots,
    make_store,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    store = make_store()
    make_spots(store)
    return store


@pytest.fixture
def item(store):
    item = make_item()
    stock(store, {item: 500})
    return item


@pytest.fixture
def picker(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


@pytest.fixture
def part(store, item):
    who = {"name": "Zofia Łęcka", "phone": "+48500124711", "email": "zofia@example.com"}
    return make_ready(store=store, lines={item: 1}, customer=who)


@pytest.fixture
def others(store, item):
    names = ["Ann Lee", "Bo Ek"]
    return [
        make_ready(
            store=store,
            lines={item: 1},
            customer={"name": name, "phone": f"+4850099900{place}", "email": ""},
        )
        for place, name in enumerate(names)
    ]


def find(client, term, **more):
    return client.get(reverse("admin:orders_fulfillmentorder_find"), {"term": term} | more)


def leads_to(reply, part):
    return reply.status_code == 302 and reply["Location"] == work(part)


def work(part):
    return reverse("admin:orders_fulfillmentorder_change", args=[part.pk])


def bag_of(part, place="A7"):
    location = StagingLocation.objects.create(store=part.store, code=place)
    return Bag.objects.create(
        fulfillment=part, number=9, zone="ambient", location=location, staged_at=part.created_at
    )


@pytest.mark.parametrize(
    "term", ["zofia łęcka", "4711", "+48 500 124 711", "zofia@example.com", "łęcka", "Zof", "a7"]
)
def test_what_fits_one_order_only_leads_straight_to_it(client, picker, part, others, term):
    bag_of(part)
    assert leads_to(find(client, term), part)


def test_numbers_bags_and_ids_lead_straight_to_the_order(client, picker, part, others):
    number, bag = part.order.external_id, bag_of(part)
    for term in (number, number.lower(), f" {number} ", bag.barcode, bag.barcode.lower()):
        assert leads_to(find(client, term), part), term
    for term in (part.public_id, part.order.public_id):
        assert leads_to(find(client, term), part), term


@pytest.mark.parametrize("term", ["WX 12345", "wx12345", "12345"])
def test_a_car_outside_is_found_by_its_plate_however_it_was_told(
    client, picker, part, others, term
):
    arrive(fulfillment=part, spot="1", vehicle=Car(make="Skoda", plate="WX 12345"))
    arrive(fulfillment=others[0], spot="2", vehicle="red Fiat, KR 777AA")
    assert leads_to(find(client, term), part)
    assert leads_to(find(client, "kr777aa"), others[0])


@pytest.mark.usefixtures("picker")
def test_a_sku_lists_the_open_orders_with_it_and_leads_to_its_stock_when_there_are_none(
    client, part, others, item
):
    reply = find(client, item.sku)
    assert {row["part"].pk for row in reply.context["rows"]} == {part.pk, *(o.pk for o in others)}
    assert item.sku in reply.context["stock_url"]
    lone = make_item()
    assert f"q={lone.sku}" in find(client, lone.sku)["Location"]


def test_several_hits_are_listed_and_what_is_over_only_when_asked_or_alone(
    client, picker, part, others
):
    twin = make_ready(
        store=part.store,
        lines={part.lines.get().item: 1},
        customer={"name": "Other One", "phone": "+48600004711"},
    )
    reply = find(client, "4711")
    assert {row["part"].pk for row in reply.context["rows"]} == {part.pk, twin.pk}

    FulfillmentOrder.objects.filter(pk=twin.pk).update(status=FulfillmentStatus.COMPLETED)
    assert leads_to(find(client, "4711"), part)
    assert {row["part"].pk for row in find(client, "4711", over="1").context["rows"]} == {
        part.pk,
        twin.pk,
    }
    FulfillmentOrder.objects.filter(pk=part.pk).update(status=FulfillmentStatus.EXPIRED)
    assert len(find(client, "4711").context["rows"]) == 2


def test_another_stores_orders_are_not_found_in_any_way(client, picker):
    foreign = make_ready(
        customer={"name": "Zofia Obca", "phone": "+48500777666", "email": "z@e.pl"}
    )
    make_spots(foreign.store)
    bag = bag_of(foreign, "Z9")
    arrive(fulfillment=foreign, spot="1", vehicle=Car(plate="PO 99999"))
    terms = ["Zofia Obca", "Obca", "7666", "+48500777666", "z@e.pl", "PO99999", "Z9", bag.barcode]
    for term in [*terms, foreign.order.external_id, foreign.public_id]:
        reply = find(client, term, over="1")
        assert reply.status_code == 200, term
        assert not reply.context["rows"], term


def test_the_search_is_closed_to_those_without_a_store(client):
    client.force_login(make_person())
    assert find(client, "4711").status_code == 404
    assert b"data-find" not in client.get(reverse("admin:index")).content


def test_lists_and_forms_have_the_search_and_the_boards_at_hand_too(client, admin_user):
    client.force_login(admin_user)
    for name in ("orders_order_changelist", "orders_spot_add", "stores_store_changelist"):
        page = client.get(reverse(f"admin:{name}")).content.decode()
        assert page.count("data-find") == 1, name
        assert page.count('class="hub-hand"') == 1, name


def test_the_palette_over_all_tables_is_closed(client, admin_user):
    client.force_login(admin_user)
    for term in ("s=order", "s=order&extended=1", "s=a&page=x"):
        assert client.get(f"/admin/search/?{term}").status_code == 404
    assert b"searchCommand()" not in client.get(reverse("admin:index")).content


@pytest.mark.parametrize(
    "term", ["\0", "%", "a" * 5000, "\u202e4711", "0000", "'", "😀", "   ", "/"]
)
def test_odd_terms_find_nothing_and_break_nothing(client, picker, part, term):
    reply = find(client, term)
    assert reply.status_code == 200
    assert not reply.context.get("rows")


def test_the_search_takes_the_same_queries_however_much_it_finds(client, picker, store, item, part):
    def count():
        with CaptureQueriesContext(connection) as queries:
            find(client, "Ann")
        return [query["sql"][:90] for query in queries]

    def add():
        for place in range(2):
            who = {"name": f"Ann {store.pk} {place}", "phone": f"+4850000{counter()}"}
            make_fulfillment(store=store, lines={item: 1}, customer=who)

    numbers = iter(range(1000, 1100))
    counter = numbers.__next__
    add()
    count()  # which also looks up the person's language, once per log-in
    few = count()
    for _ in range(3):
        add()
    assert count() == few


def test_no_search_reads_a_table_that_only_grows_from_end_to_end(store, part, others):
    bag_of(part)
    growing = {"orders_order", "orders_fulfillmentorder", "orders_bag", "customers_contact"}
    with CaptureQueriesContext(connection) as captured:
        stores = type(store).objects.filter(pk=store.pk)
        for term in ("4711", part.order.external_id):
            hits.hits_of(stores, term)
        hits.hits_of(stores, "nobody@example.com")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in captured:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
            plan = json.loads(json.dumps(cursor.fetchone()[0]))
            read = set(read_whole(plan[0]["Plan"]))
            assert not read & growing, query["sql"]


def read_whole(plan):
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for below in plan.get("Plans", []):
        yield from read_whole(below)


def test_who_may_look_at_all_orders_is_offered_the_search(client, store):
    observer = make_person()
    StaffScope.objects.create(user=observer, store=store)
    observer.user_permissions.add(Permission.objects.get(codename="view_fulfillmentorder"))
    client.force_login(observer)
    assert b"data-find" in client.get(reverse("admin:index")).content
