"""What a day of real lines asks of the hub."""

from collections import Counter

from orders.chain.retail import Line
from orders.replay.plan import PlannedCut, plan_day


def line(invoice, code="10001", quantity=2, customer="7", day="2010-12-01"):
    return Line(invoice, code, "THING", quantity, f"{day} 09:00:00", 125, customer)


def plan(*lines, stores=("A", "B", "C")):
    return plan_day(lines, stores=stores)


def test_lines_of_an_invoice_become_one_order():
    day = plan(line("1"), line("1", code="10002"), line("2"))

    assert [(order.invoice, len(order.lines)) for order in day.orders] == [("1", 2), ("2", 1)]


def test_a_customer_always_goes_to_the_same_store_and_strangers_do_not_all():
    regulars = plan(*(line(str(number)) for number in range(20)))
    strangers = plan(*(line(str(number), customer="") for number in range(50)))

    assert len({order.store for order in regulars.orders}) == 1
    assert {order.store for order in strangers.orders} == {"A", "B", "C"}


def test_a_cancellation_of_a_whole_earlier_order_leaves_nothing_of_it():
    day = plan(line("1"), line("C9", quantity=-2))

    assert day.cuts == [PlannedCut("1", {})]
    assert day.unmatched == 0


def test_one_order_is_not_canceled_twice():
    day = plan(line("1"), line("C8", quantity=-2), line("C9", quantity=-2))

    assert (len(day.cuts), day.unmatched) == (1, 1)


def test_a_cancellation_of_some_units_says_what_is_left_of_their_lines():
    day = plan(line("1"), line("1", code="10002"), line("C8", quantity=-1), line("C9", quantity=-1))

    assert [cut.left for cut in day.cuts] == [{1: 1}, {1: 0}]


def test_a_cancellation_of_a_later_day_brings_back_what_was_collected():
    more, back = line("1", code="10002"), line("C9", quantity=-1, day="2010-12-03")

    assert plan(line("1"), more, back).cuts == [PlannedCut("1", {1: 1}, {1: 1})]
    assert plan(line("1"), line("C9", quantity=-2, day="2011-01-07")).cuts == [
        PlannedCut("1", {}, {1: 2})
    ]


def test_the_latest_order_that_has_all_of_it_is_cut():
    day = plan(line("1", quantity=5), line("2", quantity=5), line("3"), line("C9", quantity=-4))

    assert day.cuts == [PlannedCut("2", {1: 1})]


def test_a_cancellation_of_more_or_of_somebody_elses_goods_is_unmatched():
    day = plan(line("1"), line("C8", quantity=-3), line("C9", quantity=-2, customer="8"))

    assert (day.cuts, day.unmatched) == ([], 2)


def test_what_is_no_goods_is_left_out_and_counted():
    day = plan(line("1"), line("1", code="POST"), line("2", code="M"))

    assert len(day.orders) == 1
    assert day.left_out == {"line_that_is_no_goods": 2, "invoice_without_goods": 1}


def test_a_negative_line_is_sent_but_asks_for_no_stock():
    day = plan(line("1", quantity=-3), line("1", code="10002", quantity=4), stores=("A",))

    assert day.demand() == {"A": Counter({"10002": 4, "10001": 0})}
