"""Which items are suggested in a store."""

import pytest

from inventory.models import BundlePart, Item, SafetyStock
from orders.models import OrderLine
from orders.substitution.answering import answer_offers
from orders.substitution.suggesting import suggest
from tests.factories import PLAIN, ask_for, make_item, make_missing, make_store, stock

pytestmark = pytest.mark.django_db


def skus(line, **values):
    return [one.item.sku for one in suggest(line, **values)]


def test_only_what_the_store_can_promise_of_the_same_category_and_unit_is_suggested():
    part, line, other = make_missing()
    elsewhere, grams, coffee, gone = (
        make_item(**PLAIN),
        make_item(**PLAIN | {"unit": "gram"}),
        make_item(**PLAIN | {"category": "coffee"}),
        make_item(**PLAIN),
    )
    stock(make_store(), {elsewhere: 9})
    stock(part.store, {grams: 9, coffee: 9, gone: 9})
    Item.objects.filter(pk=gone.pk).update(active=False)
    assert skus(line) == [other.sku]


def test_stock_that_is_kept_back_is_not_suggested():
    part, line, other = make_missing(spare=3)
    SafetyStock.objects.create(store=part.store, item=other, units=3)
    assert skus(line) == []


def test_the_named_item_is_suggested_first_whatever_its_category():
    part, line, other = make_missing()
    named = make_item(**PLAIN | {"category": "cake", "price_minor": 2000})
    stock(part.store, {named: 1})
    OrderLine.objects.filter(pk=line.order_line_id).update(substitute=named)
    line.refresh_from_db()
    assert skus(line) == [named.sku, other.sku]


def test_bundles_and_what_stands_in_already_are_not_suggested():
    part, line, other = make_missing()
    bundle = make_item(**PLAIN)
    BundlePart.objects.create(bundle=bundle, part=other)
    answer_offers(asked=ask_for(part, line, other, units=1), answers={1: True})
    line.refresh_from_db()
    assert skus(line) == []


def test_what_other_customers_took_comes_first():
    part, line, other = make_missing(spare=50)
    stock(part.store, {make_item(**PLAIN): 99})
    answer_offers(asked=ask_for(part, line, other), answers={1: True})
    again = make_missing()[1]
    again.item = line.item
    again.fulfillment.store_id, again.fulfillment.store = part.store_id, part.store
    assert skus(again)[0] == other.sku
    assert suggest(again)[0].accepted == 1


def test_suggesting_takes_two_queries_for_any_number_of_candidates(django_assert_num_queries):
    part, line, _ = make_missing()
    stock(part.store, {make_item(**PLAIN): 5 for _ in range(12)})
    assert part.order.channel
    line.fulfillment = part
    with django_assert_num_queries(2):
        assert len(skus(line)) == 8
