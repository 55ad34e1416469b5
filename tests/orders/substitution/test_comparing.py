"""What a substitute's warnings are, what it costs, and which comes first."""

import pytest

from inventory.models import Item
from orders.substitution.comparing import Candidate, Wish, ranked, warnings_of

TEA = {"sku": "TEA", "allergens": [], "diets": [], "price_minor": 500, "content": 100}


def item(**values):
    return Item(**TEA | values)


def order_of(wish, *candidates):
    return [one.item.sku for one in ranked(wish, candidates)]


def wish(**values):
    return Wish(**{"original": item(pk=1), "unit_price_minor": 500} | values)


@pytest.mark.parametrize(
    ("original", "substitute", "warned"),
    [
        ({}, {}, []),
        ({"allergens": ["milk"]}, {"allergens": ["milk"]}, []),
        ({"allergens": ["milk"]}, {"allergens": ["nuts", "milk"]}, ["allergen:nuts"]),
        ({"allergens": None}, {"allergens": ["milk"]}, ["allergen:milk"]),
        ({}, {"allergens": None}, ["allergens_unknown"]),
        ({"diets": ["vegan", "halal"]}, {"diets": ["halal"]}, ["diet:vegan"]),
        ({"diets": ["vegan"]}, {"diets": None}, ["diets_unknown"]),
        ({}, {"diets": None}, ["diets_unknown"]),
        ({"minimum_age": 16}, {"minimum_age": 18}, ["age:18"]),
        ({"minimum_age": 18}, {"minimum_age": 16}, []),
    ],
)
def test_the_customer_is_warned_of_what_a_substitute_adds_loses_or_does_not_tell(
    original, substitute, warned
):
    assert warnings_of(item(**original), item(**substitute)) == warned


def test_nobody_pays_more_than_the_original_unless_a_cap_says_so():
    assert wish().price_of(item(price_minor=700)) == 500
    assert wish().price_of(item(price_minor=300)) == 300
    assert wish(cap_minor=600).price_of(item(price_minor=700)) == 600
    assert wish(cap_minor=400).price_of(item(price_minor=0)) == 400


def test_the_named_item_leads_then_the_cap_then_no_warnings():
    found = order_of(
        wish(named_id=9),
        Candidate(item=item(sku="WARNED", pk=2, allergens=["milk"]), available=5),
        Candidate(item=item(sku="DEAR", pk=3, price_minor=900), available=5),
        Candidate(item=item(sku="FINE", pk=4), available=1),
        Candidate(item=item(sku="NAMED", pk=9, price_minor=900, allergens=None), available=1),
    )
    assert found == ["NAMED", "FINE", "WARNED", "DEAR"]


def test_near_in_price_comes_before_near_in_size_before_taken_before():
    found = order_of(
        wish(),
        Candidate(item=item(sku="CHEAP", pk=2, price_minor=200), available=5, accepted=9),
        Candidate(item=item(sku="SMALL", pk=3, content=20), available=5, accepted=9),
        Candidate(item=item(sku="REFUSED", pk=4), available=5, declined=3),
        Candidate(item=item(sku="TAKEN", pk=5), available=1, accepted=3),
        Candidate(item=item(sku="SIZELESS", pk=6, content=None), available=1),
    )
    assert found == ["TAKEN", "REFUSED", "SIZELESS", "SMALL", "CHEAP"]


def test_equals_are_ordered_by_stock_then_by_code():
    found = order_of(
        wish(),
        Candidate(item=item(sku="B", pk=2), available=5),
        Candidate(item=item(sku="A", pk=3), available=5),
        Candidate(item=item(sku="C", pk=4), available=7),
    )
    assert found == ["C", "A", "B"]
