"""Who waits when more is promised than there is, in the API and on the staff's page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from inventory.models import Allocation, ShortfallCase, StockLevel
from inventory.services.allocations import allocate, convert_hold, hand_off, release
from inventory.services.holds import place_hold
from inventory.services.shortfalls import proposal
from tests.factories import make_channel, make_item, make_person, make_store, stock
from tests.inventory.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def channel():
    return make_channel()


@pytest.fixture
def mug(store):
    item = make_item(sku="MUG")
    stock(store, {item: 12})
    return item


@pytest.fixture
def case(store, channel, mug):
    """Five units for four promises of eleven, told in another order than they are served in."""
    soon = clock.now() + timedelta(hours=1)
    place_hold(channel=channel, store=store, lines={mug.pk: 2}, minutes=60)
    for reference, units, hours in (
        ("ful_late", 3, 5),
        ("ful_soon", 4, 0),
        ("ful_whenever", 2, -1),
    ):
        allocate(
            reference=reference,
            channel=channel,
            store=store,
            lines={mug.pk: units},
            promised_at=None if hours < 0 else soon + timedelta(hours=hours),
        )
    stock(store, {mug: 5}, minutes_ago=0)
    return ShortfallCase.objects.get()


def told(case):
    return [(claim.reference[:12], claim.wanted, claim.served) for claim in proposal(case)]


def test_the_earliest_promise_is_served_first_and_carts_last(case):
    *orders, cart = proposal(case)

    assert [(row.reference, row.served, row.waiting) for row in orders] == [
        ("ful_soon", 4, 0),
        ("ful_late", 1, 2),
        ("ful_whenever", 0, 2),
    ]
    assert (cart.kind, cart.wanted, cart.waiting) == ("hold", 2, 2)


def test_what_has_left_or_come_back_is_nobodys_claim(case, mug):
    hand_off(reference="ful_soon", lines={mug.pk: 4})
    release(reference="ful_whenever")

    assert told(case)[0] == ("ful_late", 3, 1)
    assert len(told(case)) == 2


def test_units_that_cannot_be_sold_serve_nobody(case, mug):
    StockLevel.objects.update(unavailable=3)

    assert sum(claim.served for claim in proposal(case)) == 2


def test_a_converted_hold_keeps_the_promised_time(store, channel, mug):
    hold = place_hold(channel=channel, store=store, lines={mug.pk: 1})
    noon = clock.now() + timedelta(hours=2)

    convert_hold(hold=hold, reference="ful_1", lines={mug.pk: 1}, promised_at=noon)

    assert Allocation.objects.get().promised_at == noon


# --- the API -----------------------------------------------------------------------------------


def test_open_cases_are_listed_page_by_page(store, channel, mug, case):
    tea = make_item(sku="TEA")
    stock(store, {tea: 2})
    allocate(reference="ful_tea", channel=channel, store=store, lines={tea.pk: 2})
    stock(store, {tea: 0}, minutes_ago=0)
    api = Api(channel)

    first = api.get("/v1/stock/shortfalls?limit=1").json()
    second = api.get(f"/v1/stock/shortfalls?limit=1&cursor={first['next_cursor']}").json()

    rows = first["shortfalls"] + second["shortfalls"]
    assert [(row["store"], row["sku"], row["missing"]) for row in rows] == [
        ("S1", "MUG", 6),
        ("S1", "TEA", 2),
    ]
    assert second["next_cursor"] is None


def test_the_proposal_names_own_orders_and_hides_those_of_other_sites(channel, case):
    mine = Api(channel).get("/v1/stock/shortfalls/proposal?store=S1&sku=MUG").json()
    theirs = Api(make_channel()).get("/v1/stock/shortfalls/proposal?store=S1&sku=MUG").json()

    assert mine["missing"] == 6
    assert [(row["id"], row["served"]) for row in mine["proposal"][:2]] == [
        ("ful_soon", 4),
        ("ful_late", 1),
    ]
    assert {row["id"] for row in theirs["proposal"]} == {None}


def test_stores_out_of_the_keys_reach_have_no_cases(channel, case):
    elsewhere = Api(channel, stores=[make_store(code="S2")])

    assert elsewhere.get("/v1/stock/shortfalls").json()["shortfalls"] == []
    for address in (
        "/v1/stock/shortfalls?store=S1",
        "/v1/stock/shortfalls/proposal?store=S1&sku=MUG",
    ):
        assert elsewhere.get(address).status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?cursor=x", 400),
        ("?cursor=LTE", 400),
        ("?limit=0", 400),
        ("?store=S9", 404),
        ("/proposal?store=S1&sku=TEA", 422),
        ("/proposal?store=S1", 400),
    ],
)
def test_senseless_questions_are_refused_with_a_code(channel, case, query, status):
    reply = Api(channel).get(f"/v1/stock/shortfalls{query}")

    assert (reply.status_code, bool(reply.json()["code"])) == (status, True)


def test_a_case_that_is_over_is_not_there_any_more(channel, store, mug, case):
    stock(store, {mug: 11}, minutes_ago=-1)

    reply = Api(channel).get("/v1/stock/shortfalls/proposal?store=S1&sku=MUG")

    assert reply.status_code == 404


# --- the staff's page --------------------------------------------------------------------------


def page_of(case):
    return reverse("admin:inventory_shortfallcase_change", args=[case.pk])


def test_the_page_says_who_waits_and_links_to_the_order(client, store, case):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)

    page = client.get(page_of(case)).content.decode()
    listed = client.get(reverse("admin:inventory_shortfallcase_changelist")).content.decode()

    assert "6 units missing" in page
    assert "/admin/orders/fulfillmentorder/?q=ful_soon" in page
    assert page.index("ful_soon") < page.index("ful_late") < page.index("hld_")
    assert ">6<" in "".join(listed.split())


def test_a_case_of_another_store_does_not_exist(client, case):
    person = make_person()
    StaffScope.objects.create(user=person, store=make_store())
    client.force_login(person)

    assert client.get(page_of(case)).status_code == 404
    assert client.get(page_of(case).replace(str(case.pk), "1" * 19)).status_code == 404
