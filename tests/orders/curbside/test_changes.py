"""What customers change themselves: time, store, lines, one more day."""

from datetime import UTC, datetime, timedelta

import pytest

from hub import clock
from hub.errors import HubError, NotFound
from hub.events.models import Fact
from hub.stores.models import StoreSwitch
from inventory.models import StockLevel
from orders.curbside.changes import (
    ChangeOff,
    StoreCannot,
    TooLateToChange,
    cancel_lines,
    change_store,
    change_window,
    extend,
    offers_of,
)
from orders.curbside.visits import arrive
from orders.errors import LinesWrong, StaleVersion
from orders.models import CurbSettings, FulfillmentOrder, PutBack, Refund, WindowBooking
from orders.picking.services import accept, mark_ready, start_picking
from orders.promise.errors import WindowClosed, WindowFull, WindowTooEarly
from orders.waiting import WaitTooLong
from tests.factories import (
    make_brand,
    make_fulfillment,
    make_item,
    make_order,
    make_picking,
    make_ready,
    make_store,
    pick_all,
    stock,
)
from tests.orders.curbside.curb_making import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db

# a Wednesday, 13:00 in Warsaw, where the stores are open from 8 to 20
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.turned_to(NOON):
        yield


def facts(part, name):
    return Fact.objects.filter(
        subject=f"order:{part.order_id}", name=name, data__fulfillment_id=part.pk
    ).count()


def two_stores(item, **values):
    """A part of two in the first store, and another store two kilometres on with five."""
    here, there = make_store(), make_store(latitude=52.248, **values)
    for store in (here, there):
        stock(store, {item: 5})
    return make_fulfillment(store=here, lines={item: 2}), there


def allocated(store, item):
    return StockLevel.objects.get(store=store, item=item).allocated


def starts(part):
    return [window.start for window in offers_of(part).windows]


def limited(**values):
    """A part in a store with one place per window, promised for one of them."""
    item = make_item()
    store = make_store(slot_capacity=1, **values)
    stock(store, {item: 50})
    return make_fulfillment(store=store, lines={item: 1}), item


# --- another time -----------------------------------------------------------------------------


def test_another_window_moves_promise_and_place():
    part, _ = limited()
    booked = WindowBooking.objects.get(reference=part.public_id).start
    start = starts(part)[3]

    moved = change_window(fulfillment=part, start=start)

    assert (moved.window_start, moved.promised_at, moved.promised_first) == (start, start, start)
    assert moved.window_end > start
    assert WindowBooking.objects.get(reference=part.public_id).start == start != booked
    assert facts(part, "fulfillment.window_changed") == 1


def test_the_place_that_was_left_is_free_for_somebody_else():
    part, item = limited()
    first, second = starts(part)[:2]
    change_window(fulfillment=part, start=first)
    other = make_fulfillment(store=part.store, lines={item: 1})
    with pytest.raises(WindowFull) as refusal:
        change_window(fulfillment=other, start=first)
    assert refusal.value.extra["next"]
    assert first not in starts(other)

    change_window(fulfillment=part, start=second if second in starts(part) else starts(part)[0])
    assert change_window(fulfillment=other, start=first).window_start == first


def test_a_window_that_is_past_too_early_or_not_there_is_refused_with_the_next_ones():
    part, _ = limited(lead_minutes=120)
    for start, refusal in (
        (NOON - timedelta(hours=2), WindowClosed),
        (NOON.replace(hour=13), WindowTooEarly),
        (NOON + timedelta(minutes=123), WindowClosed),
        (NOON + timedelta(days=400), WindowClosed),
    ):
        with pytest.raises(refusal) as refused:
            change_window(fulfillment=part, start=start)
        assert refused.value.extra["next"]
    part.refresh_from_db()
    assert (part.window_start, part.version) == (None, 1)
    assert facts(part, "fulfillment.window_changed") == 0


def test_choosing_the_same_window_again_changes_nothing():
    part, _ = limited()
    start = starts(part)[2]
    first = change_window(fulfillment=part, start=start, token="tap")
    for again in (
        change_window(fulfillment=part, start=start, token="tap"),
        change_window(fulfillment=part, start=start),
    ):
        assert (again.window_start, again.version) == (start, first.version)
    assert facts(part, "fulfillment.window_changed") == 1


def test_a_paused_store_keeps_its_promise_but_gives_no_earlier_time():
    part, _ = limited()
    change_window(fulfillment=part, start=starts(part)[4])
    StoreSwitch.objects.create(store=part.store, kind="paused")
    assert all(start > part.promised_at for start in starts(part))
    change_window(fulfillment=part, start=starts(part)[0])


def test_ready_goods_have_the_windows_until_their_deadline():
    part = make_ready()
    offered = offers_of(part).windows
    assert offered[-1].end == part.expires_at
    before = part.promised_at
    moved = change_window(fulfillment=part, start=offered[-1].start)
    assert (moved.window_end, moved.promised_at) == (part.expires_at, before)
    with pytest.raises(WindowClosed):
        change_window(fulfillment=part, start=part.expires_at + timedelta(hours=12))


def test_ready_goods_wait_from_the_day_on_which_the_customer_means_to_come():
    part = make_picking()
    day = offers_of(part).windows[-1].start  # six days ahead
    change_window(fulfillment=part, start=day)
    pick_all(part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    part.refresh_from_db()
    assert part.expires_at.date() == (day + timedelta(days=3)).date()


def test_who_is_there_has_no_other_time_to_choose():
    part = make_ready()
    start = starts(part)[0]
    arrive(fulfillment=part, place="by the door")
    assert not offers_of(part).window
    with pytest.raises(TooLateToChange):
        change_window(fulfillment=part, start=start)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_place_goes_to_one_of_many_who_change_at_once():
    item = make_item()
    store = make_store(slot_capacity=1)
    stock(store, {item: 50})
    with clock.turned_to(NOON):
        parts = [make_fulfillment(store=store, lines={item: 1}) for _ in range(4)]
        start = starts(parts[0])[-1]

    def change(number):
        with clock.turned_to(NOON):
            part = FulfillmentOrder.objects.select_related("order", "store").get(
                pk=parts[number].pk
            )
            try:
                change_window(fulfillment=part, start=start)
            except WindowFull:
                return False
            return True

    assert sum(at_once(4, change)) == 1
    assert WindowBooking.objects.filter(store=store, start=start).count() == 1
    assert WindowBooking.objects.filter(store=store).count() == 4


# --- another store ----------------------------------------------------------------------------


def test_the_customer_takes_it_to_another_store_with_goods_and_link():
    item = make_item()
    part, there = two_stores(item)
    offered = offers_of(part).stores
    assert [(one.code, 1900 < one.metres < 2100) for one in offered] == [(there.code, True)]

    moved = change_store(fulfillment=part, store=there)

    part.refresh_from_db()
    assert (part.status, part.reason) == ("rejected", "the customer chose another store")
    assert (moved.store, moved.status, moved.replaces_id) == (there, "proposed", part.pk)
    assert (allocated(part.store, item), allocated(there, item)) == (0, 2)
    assert moved.promised_first == moved.promised_at
    assert not part.order.blocks.filter(lifted_at__isnull=True).exists()
    assert facts(moved, "fulfillment.rerouted") == 1


def test_the_window_comes_along_and_its_old_place_is_free():
    item = make_item()
    part, there = two_stores(item, slot_capacity=3)
    start = starts(part)[-1]
    change_window(fulfillment=part, start=start)

    moved = change_store(fulfillment=part, store=there)

    assert moved.window_start == start
    assert set(WindowBooking.objects.values_list("reference", "store")) == {
        (moved.public_id, there.pk)
    }


def test_back_to_the_first_store_is_possible():
    item = make_item()
    part, there = two_stores(item)
    here = part.store
    moved = change_store(fulfillment=part, store=there)
    assert here.code in [one.code for one in offers_of(moved).stores]
    back = change_store(fulfillment=moved, store=here)
    assert back.store == here
    assert (allocated(here, item), allocated(there, item)) == (2, 0)


def test_a_store_that_cannot_takes_nothing():
    item = make_item()
    part, there = two_stores(item)
    make_fulfillment(store=there, lines={item: 4})
    assert offers_of(part).stores == ()
    with pytest.raises(StoreCannot) as refusal:
        change_store(fulfillment=part, store=there)
    assert refusal.value.extra["store"] == there.code
    part.refresh_from_db()
    assert (part.status, allocated(part.store, item)) == ("proposed", 2)
    assert facts(part, "fulfillment.rejected") == 0


@pytest.mark.parametrize("why", ["paused", "pickup", "never open"])
def test_a_store_that_is_not_open_to_orders_is_refused(why):
    item = make_item()
    part, there = two_stores(item)
    if why == "paused":
        StoreSwitch.objects.create(store=there, kind="paused")
    elif why == "pickup":
        there.pickup_enabled = False
        there.save(update_fields=["pickup_enabled"])
    else:
        there.hours.all().delete()
    assert offers_of(part).stores == ()
    with pytest.raises(StoreCannot):
        change_store(fulfillment=part, store=there)


def test_stores_of_another_brand_and_the_present_one_are_no_choice():
    item = make_item()
    part, there = two_stores(item, brand=make_brand("Bluewater"))
    for store in (there, part.store):
        with pytest.raises(NotFound):
            change_store(fulfillment=part, store=store)
    assert offers_of(part).stores == ()


def test_once_somebody_picks_the_store_is_settled():
    part = make_picking()
    assert not offers_of(part).store
    with pytest.raises(TooLateToChange) as refusal:
        change_store(fulfillment=part, store=make_store())
    assert refusal.value.extra["present_status"] == "picking"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_move_it_once():
    item = make_item()
    with clock.turned_to(NOON):
        part, there = two_stores(item)

    def tap(number):
        mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
        with clock.turned_to(NOON):
            return change_store(fulfillment=mine, store=there, token="tap" * (number % 2)).pk

    assert len(set(at_once(4, tap))) == 1
    assert part.order.fulfillments.count() == 2
    assert (allocated(part.store, item), allocated(there, item)) == (0, 2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_moving_and_picking_at_once_one_wins():
    item = make_item()
    with clock.turned_to(NOON):
        part, there = two_stores(item)

    def act(number):
        mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
        with clock.turned_to(NOON):
            try:
                if number % 2:
                    change_store(fulfillment=mine, store=there)
                else:
                    accept(fulfillment=mine)
            except HubError:
                return False
            return True

    at_once(4, act)
    part.refresh_from_db()
    moved = part.status == "rejected"
    assert allocated(part.store, item) == (0 if moved else 2)
    assert allocated(there, item) == (2 if moved else 0)


# --- fewer goods ------------------------------------------------------------------------------


def test_fewer_units_are_on_sale_again_and_the_site_is_told_what_it_owes():
    item = make_item()
    store = make_store()
    stock(store, {item: 5})
    part = make_fulfillment(store=store, lines={item: 3})
    assert [(line.number, line.units) for line in offers_of(part).line_choices] == [(1, 3)]

    part = cancel_lines(fulfillment=part, units={1: 2})

    assert part.order.lines.get().canceled == 2
    assert allocated(store, item) == 1
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_minor, refund.fulfillment) == ("canceled", 1000, part)
    assert refund.lines == [{"number": 1, "sku": item.sku, "units": 2, "amount_minor": 1000}]
    assert facts(part, "order.refund_due") == 1


def test_a_line_that_was_picked_is_put_back():
    part = make_picking(lines={make_item(): 2, make_item(): 1})
    pick_all(part)
    cancel_lines(fulfillment=part, units={2: 1})
    assert PutBack.objects.get().units == 1
    assert Refund.objects.get().amount_minor == 500


def test_taking_everything_off_cancels_the_order_and_owes_all_of_it():
    part = make_fulfillment(lines={make_item(): 2, make_item(): 1})
    part = cancel_lines(fulfillment=part, units={1: 2, 2: 1})
    assert (part.status, part.order.status) == ("canceled", "canceled")
    assert Refund.objects.get().amount_minor == 1500


def test_the_settlement_does_not_owe_canceled_units_again():
    part = make_picking(lines={make_item(): 2, make_item(): 1})
    cancel_lines(fulfillment=part, units={1: 1})
    pick_all(part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    assert [refund.reason for refund in Refund.objects.all()] == ["canceled"]


@pytest.mark.parametrize("units", [{}, {1: 0}, {1: -1}, {1: 3}, {7: 1}, {1: 10**9}])
def test_units_that_are_not_there_cannot_be_taken_off(units):
    part = make_fulfillment()
    with pytest.raises(LinesWrong):
        cancel_lines(fulfillment=part, units=units)
    assert not Refund.objects.exists()


def test_ready_goods_are_not_canceled_by_the_page():
    part = make_ready()
    assert not offers_of(part).lines
    with pytest.raises(TooLateToChange):
        cancel_lines(fulfillment=part, units={1: 1})


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_taps_at_once_cancel_once():
    with clock.turned_to(NOON):
        part = make_fulfillment(lines={make_item(): 8})

    def tap(_):
        mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
        with clock.turned_to(NOON):
            cancel_lines(fulfillment=mine, units={1: 2}, token="tap")

    at_once(4, tap)
    assert part.order.lines.get().canceled == 2
    assert Refund.objects.get().amount_minor == 1000


# --- one more day -----------------------------------------------------------------------------


def test_a_day_more_twice_and_no_more():
    part = make_ready()
    first = part.expires_at
    offer = offers_of(part)
    assert (offer.keep_until, offer.days_left) == (first + timedelta(days=1), 2)

    assert extend(fulfillment=part, token="tap") == offer.keep_until
    assert extend(fulfillment=part, token="tap") == offer.keep_until
    assert extend(fulfillment=part) == first + timedelta(days=2)

    assert (offers_of(part).keep_until, offers_of(part).days_left) == (None, 0)
    with pytest.raises(ChangeOff):
        extend(fulfillment=part)
    assert facts(part, "fulfillment.wait_extended") == 2


def test_a_day_on_which_the_store_is_shut_is_none():
    part = make_ready()
    shut = part.expires_at + timedelta(days=1)
    part.store.exceptions.create(date=shut.date())
    assert extend(fulfillment=part) == part.expires_at == shut + timedelta(days=1)


def test_fresh_goods_and_a_week_are_the_end_of_it():
    fresh = make_ready(lines={make_item(fresh=True): 1})
    assert offers_of(fresh).keep_until is None
    with pytest.raises(WaitTooLong):
        extend(fulfillment=fresh)
    old = make_ready()
    CurbSettings.objects.create(store=old.store, most_extensions=20)
    for _ in range(4):
        extend(fulfillment=old)
    assert offers_of(old).keep_until is None
    with pytest.raises(WaitTooLong):
        extend(fulfillment=old)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_taps_from_many_pages_never_exceed_the_stores_limit():
    with clock.turned_to(NOON):
        part = make_ready()

    def tap(number):
        mine = FulfillmentOrder.objects.select_related("order", "store").get(pk=part.pk)
        with clock.turned_to(NOON):
            try:
                extend(fulfillment=mine, token=f"page-{number}")
            except ChangeOff:
                return False
            return True

    assert sum(at_once(4, tap)) == 2
    assert facts(part, "fulfillment.wait_extended") == 2


# --- what stands in the way -------------------------------------------------------------------

CHANGES = [
    ("may_change_window", lambda part: change_window(fulfillment=part, start=NOON)),
    ("may_change_store", lambda part: change_store(fulfillment=part, store=make_store())),
    ("may_cancel_items", lambda part: cancel_lines(fulfillment=part, units={1: 1})),
    ("may_extend", lambda part: extend(fulfillment=part)),
]


@pytest.mark.parametrize(("switch", "change"), CHANGES)
def test_a_store_may_switch_each_change_off(switch, change):
    part = make_ready() if switch == "may_extend" else make_fulfillment()
    CurbSettings.objects.create(store=part.store, **{switch: False})
    offers = offers_of(part)
    closed = {
        "may_change_window": offers.window,
        "may_change_store": offers.store,
        "may_cancel_items": offers.lines,
        "may_extend": offers.keep_until,
    }
    assert not closed[switch]
    with pytest.raises(ChangeOff):
        change(part)


def test_a_page_that_is_not_up_to_date_is_refused():
    part = make_fulfillment()
    accept(fulfillment=part)
    with pytest.raises(StaleVersion):
        change_window(fulfillment=part, start=starts(part)[0], version=1)
    with pytest.raises(StaleVersion):
        cancel_lines(fulfillment=part, units={1: 1}, version=1)


@pytest.mark.parametrize("status", ["completed", "canceled", "expired", "rejected"])
def test_what_is_over_is_not_changed(status):
    part = make_order().fulfillments.select_related("order", "store").get()
    FulfillmentOrder.objects.filter(pk=part.pk).update(status=status)
    part.refresh_from_db()
    offers = offers_of(part)
    assert not any([offers.window, offers.store, offers.lines, offers.keep_until])
    for _, change in CHANGES:
        with pytest.raises(TooLateToChange):
            change(part)


def test_without_choices_only_the_flags_are_told(django_assert_max_num_queries):
    part = make_fulfillment()
    with django_assert_max_num_queries(6):
        offers = offers_of(part, choices=False)
    assert (offers.window, offers.store, offers.lines) == (True, True, True)
    assert (offers.windows, offers.stores, offers.line_choices) == ((), (), ())


def test_whatever_is_changed_the_books_stay_right():
    item = make_item()
    part, there = two_stores(item, slot_capacity=2)
    change_window(fulfillment=part, start=starts(part)[9])
    part = change_store(fulfillment=part, store=there)
    change_window(fulfillment=part, start=starts(part)[3])
    cancel_lines(fulfillment=part, units={1: 1})
    accept(fulfillment=part)
    start_picking(fulfillment=part)
    pick_all(part)
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    extend(fulfillment=part)
    assert broken() == set()
