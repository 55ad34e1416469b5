"""A scan finds the right line, counts once, and what does not fit changes nothing."""

import pytest

from inventory.models import ItemCode, SalesStop, StockLevel, UnavailableUnits
from orders.errors import IllegalMove
from orders.models import FulfillmentOrder, PickEntry, ZonePick
from orders.picking.errors import (
    BadCheckDigit,
    ClaimedElsewhere,
    FrozenLast,
    LinesOpen,
    MustScan,
    NothingPicked,
    PickMismatch,
    TooMany,
    UnknownCode,
    WrongItem,
)
from orders.picking.scanning import count, pick_later, scan, take_out
from orders.picking.shorts import report_short
from orders.picking.splitting import complete_picking
from tests.factories import make_fulfillment, make_item, make_picking, make_store, stock
from tests.orders.picking.making import make_gtin, make_picker
from tests.orders.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def mug():
    return make_item(sku="MUG-01", gtin=make_gtin(590123))


def picking(lines, extra=2):
    store = make_store()
    stock(store, {item: units * extra for item, units in lines.items()})
    return make_picking(store=store, lines=lines)


def someone(part):
    return make_picker(part.store)


def level(part, item):
    return StockLevel.objects.get(store=part.store_id, item=item)


def line_of(part, item):
    return part.lines.select_related("item", "fulfillment").get(item=item)


def test_a_scan_counts_one_unit_on_the_right_line(mug):
    part = picking({make_item(): 1, mug: 2})
    took = scan(fulfillment=part, code=mug.gtin, by=someone(part))
    assert (took.line.item, took.units, took.left) == (mug, 1, 1)
    assert line_of(part, mug).picked == 1
    assert PickEntry.objects.get().code == mug.gtin


@pytest.mark.parametrize("form", ["{gtin}", "0{gtin}", "MUG-01", "site-code"])
def test_an_item_is_known_by_several_codes(mug, form):
    ItemCode.objects.create(system="site", code="site-code", item=mug)
    part = picking({mug: 2})
    scan(fulfillment=part, code=form.format(gtin=mug.gtin), by=someone(part))
    assert line_of(part, mug).picked == 1


def test_a_twelve_digit_code_is_found_though_thirteen_are_stored():
    item = make_item(gtin="0036000291452")
    part = picking({item: 1})
    scan(fulfillment=part, code="036000291452", by=someone(part))
    assert line_of(part, item).picked == 1


def test_a_case_counts_as_what_is_in_it(mug):
    case = make_gtin(777)
    ItemCode.objects.create(system="gtin", code=case, item=mug, units=6)
    part = picking({mug: 8})
    by = someone(part)
    assert scan(fulfillment=part, code=case, by=by).left == 2
    with pytest.raises(TooMany) as refusal:
        scan(fulfillment=part, code=case, by=by)
    assert refusal.value.extra["wanted"] == 2
    assert line_of(part, mug).picked == 6


def test_codes_that_do_not_fit_change_nothing(mug):
    part = picking({mug: 1})
    other = make_item(gtin=make_gtin(42))
    by = someone(part)
    for code, error in [
        (other.gtin, WrongItem),
        (make_gtin(999), UnknownCode),
        (mug.gtin[:-1] + str((int(mug.gtin[-1]) + 1) % 10), BadCheckDigit),
        ("mug-01", UnknownCode),
    ]:
        with pytest.raises(error):
            scan(fulfillment=part, code=code, by=by, token=f"tap-{code}")
    assert line_of(part, mug).picked == 0
    assert not PickEntry.objects.exists()


def test_the_same_tap_again_shows_the_first_result(mug):
    part = picking({mug: 3})
    by = someone(part)
    first = scan(fulfillment=part, code=mug.gtin, by=by, token="tap-1")
    again = scan(fulfillment=part, code=mug.gtin, by=by, token="tap-1")
    assert (first.line, first.units) == (again.line, again.units)
    assert line_of(part, mug).picked == 1


def test_what_is_not_being_picked_cannot_be_scanned(mug):
    part = make_fulfillment(lines={mug: 1})
    with pytest.raises(IllegalMove):
        scan(fulfillment=part, code=mug.gtin, by=someone(part))


def test_a_scan_raises_the_version_that_readers_compare(mug):
    part = picking({mug: 1})
    before = part.version
    scan(fulfillment=part, code=mug.gtin, by=someone(part))
    assert FulfillmentOrder.objects.get(pk=part.pk).version > before


def test_an_item_with_a_code_is_counted_by_hand_only_with_a_reason(mug):
    bare = make_item()
    part = picking({mug: 2, bare: 2})
    by = someone(part)
    count(line=line_of(part, bare), units=2, by=by)
    with pytest.raises(MustScan):
        count(line=line_of(part, mug), units=1, by=by)
    count(line=line_of(part, mug), units=1, by=by, reason="label torn off")
    assert PickEntry.objects.get(line__item=mug).reason == "label torn off"
    with pytest.raises(TooMany):
        count(line=line_of(part, mug), units=2, by=by, reason="label torn off")


def test_a_wrong_count_can_be_taken_back(mug):
    part = picking({mug: 2})
    by = someone(part)
    scan(fulfillment=part, code=mug.gtin, by=by)
    take_out(line=line_of(part, mug), units=1, by=by)
    assert line_of(part, mug).picked == 0
    with pytest.raises(PickMismatch):
        take_out(line=line_of(part, mug), units=1, by=by)


# --- short, and later -------------------------------------------------------------------------


def test_a_shortage_frees_the_units_and_stops_the_item(mug):
    part = picking({mug: 3})
    by = someone(part)
    scan(fulfillment=part, code=mug.gtin, by=by)
    report_short(line=line_of(part, mug), reason="shortage", by=by)
    line = line_of(part, mug)
    assert (line.picked, line.short, line.short_reason) == (1, 2, "shortage")
    assert level(part, mug).allocated == 1
    assert SalesStop.objects.get().reason == "short_pick"
    complete_picking(fulfillment=part)
    assert broken() == set()


def test_damaged_units_stay_on_hand_and_sales_go_on(mug):
    part = picking({mug: 3})
    by = someone(part)
    report_short(line=line_of(part, mug), reason="damaged", units=1, by=by)
    shelf = level(part, mug)
    assert (shelf.on_hand, shelf.allocated, shelf.unavailable) == (6, 2, 1)
    assert UnavailableUnits.objects.get().state == "damaged"
    assert not SalesStop.objects.exists()
    assert broken() == set()


def test_a_part_with_open_lines_is_not_finished(mug):
    part = picking({mug: 2})
    scan(fulfillment=part, code=mug.gtin, by=someone(part))
    with pytest.raises(LinesOpen):
        complete_picking(fulfillment=part)


def test_a_part_of_which_nothing_was_found_is_not_finished(mug):
    part = picking({mug: 2})
    report_short(line=line_of(part, mug), reason="shortage", by=someone(part))
    with pytest.raises(NothingPicked):
        complete_picking(fulfillment=part)


def test_what_is_picked_later_becomes_a_part_of_its_own(mug):
    cup = make_item()
    part = picking({mug: 3, cup: 1})
    by = someone(part)
    scan(fulfillment=part, code=mug.gtin, by=by)
    pick_later(line=line_of(part, mug), by=by)
    count(line=line_of(part, cup), units=1, by=by)

    rest = complete_picking(fulfillment=part)

    assert (part.status, rest.status, rest.replaces) == ("picked", "accepted", None)
    assert (line_of(part, mug).allocated, line_of(rest, mug).allocated) == (1, 2)
    assert level(part, mug).allocated == 3
    assert broken() == set()


def test_a_scan_takes_later_back(mug):
    part = picking({mug: 1})
    by = someone(part)
    pick_later(line=line_of(part, mug), by=by)
    scan(fulfillment=part, code=mug.gtin, by=by)
    assert complete_picking(fulfillment=part) is None


# --- zones ------------------------------------------------------------------------------------


def test_frozen_goods_come_last(mug):
    ice = make_item(zone="frozen", gtin=make_gtin(5))
    part = picking({ice: 1, mug: 1})
    by = someone(part)
    with pytest.raises(FrozenLast):
        scan(fulfillment=part, code=ice.gtin, by=by)
    scan(fulfillment=part, code=mug.gtin, by=by)
    scan(fulfillment=part, code=ice.gtin, by=by)
    assert ZonePick.objects.get(zone="frozen").out_since is not None
    assert ZonePick.objects.get(zone="ambient").out_since is None


def test_a_zone_that_somebody_else_picks_cannot_be_scanned(mug):
    part = picking({mug: 2})
    scan(fulfillment=part, code=mug.gtin, by=someone(part))
    with pytest.raises(ClaimedElsewhere):
        scan(fulfillment=part, code=mug.gtin, by=someone(part))
    assert line_of(part, mug).picked == 1


# --- races ------------------------------------------------------------------------------------


def fresh(part):
    return FulfillmentOrder.objects.select_related("store").get(pk=part.pk)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_equal_scans_count_once(mug):
    part = picking({mug: 100})
    by = someone(part)

    def tap(_):
        for _ in range(5):
            scan(fulfillment=fresh(part), code=mug.gtin, by=by, token="tap-1")

    at_once(20, tap)
    assert line_of(part, mug).picked == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_scans_no_more_count_than_are_wanted(mug):
    part = picking({mug: 5})
    by = someone(part)

    def tap(_):
        try:
            return scan(fulfillment=fresh(part), code=mug.gtin, by=by).units
        except TooMany:
            return 0

    assert sum(at_once(12, tap)) == 5
    assert line_of(part, mug).picked == 5


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_scans_and_short_picks_at_once_no_unit_is_both_or_told_twice(mug):
    part = picking({mug: 6})
    by, line = someone(part), line_of(part, mug)

    def tap(number):
        try:
            if number % 2:
                scan(fulfillment=fresh(part), code=mug.gtin, by=by)
            else:
                report_short(line=line, reason="damaged", units=1, by=by)
        except (TooMany, PickMismatch):
            return 0
        return 1

    assert sum(at_once(12, tap)) == 6
    line = line_of(part, mug)
    assert line.picked + line.short == 6
    assert (level(part, mug).allocated, level(part, mug).unavailable) == (line.picked, line.short)
    assert broken() == set()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_equal_finishes_pick_once(mug):
    part = picking({mug: 2})
    by = someone(part)
    for _ in range(2):
        scan(fulfillment=part, code=mug.gtin, by=by)

    def tap(_):
        for _ in range(5):
            complete_picking(fulfillment=fresh(part), token="tap-1")

    at_once(20, tap)
    assert PickEntry.objects.count() == 2
    assert broken() == set()
