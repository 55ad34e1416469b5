"""What a site would have been told in the last days under another threshold."""

from datetime import timedelta

import pytest

from hub import clock
from inventory.services.counts import record_counts
from inventory.services.replaying import Crossings, crossings
from tests.factories import make_item, make_store

pytestmark = pytest.mark.django_db


def count(store, item, units, *, minutes_ago):
    record_counts(
        store=store,
        source="test",
        as_of=clock.now() - timedelta(minutes=minutes_ago),
        counts={item.sku: units},
        event_prefix=f"c{minutes_ago}",
    )


def test_each_crossing_of_either_threshold_counts_once():
    store, item = make_store(), make_item()
    for place, units in enumerate((10, 4, 2, 0, 10)):
        count(store, item, units, minutes_ago=60 - 10 * place)
    # low at 3: in stock, in stock, low, out, back; low at 5: already at the second count
    assert crossings(before=3, after=5) == Crossings(before=4, after=4)
    assert crossings(before=None, after=1) == Crossings(before=0, after=3)


def test_without_stock_nothing_is_told():
    assert crossings(before=1, after=None) == Crossings(before=0, after=0)
