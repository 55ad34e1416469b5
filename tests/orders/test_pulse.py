"""The pulse of the boards: what moves it, and that its counts are those of the boards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope, Store
from orders import pulse
from orders.admin.exceptions import problems
from orders.curbside.visits import arrive
from orders.models import (
    Block,
    FulfillmentOrder,
    FulfillmentStatus,
    PickupCode,
    Visit,
    ZonePick,
)
from orders.picking.queue import BREACHED, bands
from orders.pulse import fresh_pulse, numbers, pulse_of_ticket, ticket_for
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_ready,
    make_spots,
    make_store,
    stock,
)
from tests.orders.test_find import read_whole

pytestmark = pytest.mark.django_db

TABS = ["pick", "ready", "arrivals", "exceptions"]


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


def signs(store):
    return {tab: fresh_pulse([store.pk], tab).sign for tab in TABS}


def moved(store, act):
    """The boards of the store whose pulse ``act`` changes."""
    before = signs(store)
    act()
    after = signs(store)
    return {tab for tab in TABS if before[tab] != after[tab]}


def rows(part):
    return FulfillmentOrder.objects.filter(pk=part.pk)


def test_a_new_order_moves_the_pick_board_and_no_other(store, item):
    make_ready(store=store, lines={item: 1})
    assert moved(store, lambda: make_fulfillment(store=store, lines={item: 1})) == {"pick"}


def test_what_becomes_ready_moves_both_boards(store, item):
    part = make_fulfillment(store=store, lines={item: 1})

    def ready():
        rows(part).update(status=FulfillmentStatus.READY, version=F("version") + 1)

    assert moved(store, ready) == {"pick", "ready"}


def test_an_arrival_moves_the_boards_that_show_the_customer(store, item):
    part = make_ready(store=store, lines={item: 1})
    moves = moved(store, lambda: arrive(fulfillment=part, spot="1"))
    assert moves == {"pick", "ready", "arrivals"}


def test_a_promise_that_comes_near_and_passes_moves_the_boards_with_nobody_acting(store, item):
    part = make_fulfillment(store=store, lines={item: 1})
    now = clock.now()
    rows(part).update(created_at=now, promised_at=now + timedelta(minutes=100))
    seen = []
    for minutes in (0, 79, 81, 90, 99, 101, 500):
        with clock.turned_to(now + timedelta(minutes=minutes)):
            seen.append(signs(store))
    pick = [one["pick"] for one in seen]
    assert pick[0] == pick[1]
    assert len({pick[1], pick[2], pick[5]}) == 3
    assert pick[5] == pick[6]
    exceptions = [one["exceptions"] for one in seen]
    assert exceptions[0] == exceptions[2]
    assert len({exceptions[2], exceptions[3], exceptions[5]}) == 3


def test_the_time_to_collect_that_passes_moves_the_board_of_what_is_ready(store, item):
    part = make_ready(store=store, lines={item: 1})
    now = clock.now()
    rows(part).update(expires_at=now + timedelta(minutes=60))
    seen = []
    for minutes in (0, 50, 61):
        with clock.turned_to(now + timedelta(minutes=minutes)):
            seen.append(fresh_pulse([store.pk], "ready").sign)
    assert len(set(seen)) == 3


def test_a_claimed_zone_moves_the_pick_board(store, item):
    part = make_fulfillment(store=store, lines={item: 1})

    def claim():
        until = clock.now() + timedelta(minutes=5)
        ZonePick.objects.create(
            fulfillment=part, zone="ambient", picker=make_person(), claimed_until=until
        )

    assert moved(store, claim) == {"pick"}


def test_the_counts_are_those_of_the_boards(store, item):
    fill(store, item)
    stores = Store.objects.filter(pk=store.pk)
    counts = fresh_pulse([store.pk], "pick").counts
    waiting = Visit.objects.filter(store=store, status="arrived").count()
    assert counts["pick"] == sum(bands(stores, clock.now()).values())
    assert counts["ready"] == rows_in(store, [FulfillmentStatus.READY])
    assert counts["arrivals"] == waiting == 1
    assert counts["exceptions"] == len(problems(stores)) == 8
    assert bands(stores, clock.now())[BREACHED] == 1
    assert numbers([store.pk]) == counts


def test_numbers_are_summed_over_the_stores_one_sees_and_no_other(store, item):
    fill(store, item)
    other = make_store()
    assert numbers([other.pk]).get("exceptions", 0) == 0
    assert numbers([store.pk, other.pk]) == numbers([store.pk])
    assert numbers(None) == numbers([store.pk])
    assert numbers([]) == {}


def test_a_ticket_tells_counts_without_a_session_and_only_of_its_stores(client, store, item):
    make_fulfillment(store=store, lines={item: 1})
    make_fulfillment()
    ticket = ticket_for([store.pk], "pick")
    reply = client.get(reverse("board-pulse", args=[ticket])).json()
    assert reply == {"pulse": pulse_of_ticket(ticket).sign, "counts": {"pick": 1}}


def test_the_chosen_store_is_remembered_and_another_ones_never_shown(client, store, item):
    person, second = make_person(), make_store()
    for one in (store, second):
        StaffScope.objects.create(user=person, store=one)
    client.force_login(person)
    part = make_fulfillment(store=store, lines={item: 1})
    pick = reverse("admin:orders_fulfillmentorder_pick")

    assert client.get(pick, {"store": second.code}).context["cards"] == []
    assert client.get(pick).context["store_code"] == second.code
    assert client.get(reverse("admin:index")).context["store_code"] == second.code
    assert [card.key for card in client.get(pick, {"store": ""}).context["cards"]] == [part.pk]

    foreign = make_store()
    assert client.get(pick, {"store": foreign.code}).context["cards"] == []
    StaffScope.objects.filter(store=second).delete()
    assert [card.key for card in client.get(pick).context["cards"]] == [part.pk]


def test_no_statement_of_the_pulse_needs_a_growing_table_from_end_to_end(store, item):
    fill(store, item)
    growing = {"orders_order", "orders_fulfillmentorder", "orders_visit", "orders_block"}
    growing |= {"orders_pickupcode", "orders_rejection", "orders_zonepick", "events_delivery"}
    growing |= {"orders_fulfillmentline", "notifications_calltask", "notifications_thread"}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for reading in pulse._readings:
            cursor.execute(
                f"EXPLAIN (FORMAT JSON) {reading._sql}", {"stores": None, "now": clock.now()}
            )
            (plan,) = cursor.fetchone()
            assert not set(read_whole(plan[0]["Plan"])) & growing, reading._sql


def rows_in(store, statuses):
    return FulfillmentOrder.objects.filter(store=store, status__in=statuses).count()


def fill(store, item):
    """One of each kind of trouble that needs no other app: eight in all."""
    now = clock.now()

    def part(make=make_fulfillment, **values):
        made = make(store=store, lines={item: 1})
        rows(made).update(**values)
        return made

    soon = {"promised_at": now + timedelta(hours=5)}
    part(promised_at=now - timedelta(minutes=5))  # late
    part(promised_at=now + timedelta(minutes=5))  # at risk
    part(make_ready, expires_at=now - timedelta(minutes=5))  # not collected
    locked = part(make_ready)
    PickupCode.objects.update_or_create(
        fulfillment=locked, defaults={"pin": "123456", "failures": 5}
    )
    waiting = part(make_ready)
    arrive(fulfillment=waiting, spot="1")
    Visit.objects.update(arrived_at=now - timedelta(minutes=6))  # long wait
    blocked = part(**soon)
    Block.objects.create(order=blocked.order, reason=Block.Reason.PAYMENT)
    part(**soon, status=FulfillmentStatus.REJECTED)  # no store works on it
    late = part(**soon)
    late.clock_marks.create(kind="accept_overdue", at=now)
