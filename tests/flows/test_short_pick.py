"""A picker finds fewer than the books say: nothing more is sold until somebody counts."""

import pytest

from hub import clock
from inventory.services.availability import available
from inventory.services.counts import record_counts
from orders.picking.services import finish_picking
from tests.factories import make_channel, make_item, make_picking, make_store, stock
from tests.racing import at_once


def left(store, item, channel):
    return available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])[store.pk, item.pk]


def short(part, item):
    counts = {line.pk: line.allocated - (line.item_id == item.pk) for line in part.lines.all()}
    finish_picking(fulfillment=part, picked=counts)


def count(store, units):
    record_counts(
        store=store,
        source="recount",
        as_of=clock.now(),
        counts={item.sku: number for item, number in units.items()},
        event_prefix="recount-1",
    )


@pytest.mark.django_db
def test_a_short_pick_hides_the_item_until_a_partial_count_brings_it_back():
    store, channel, mug, tea = make_store(), make_channel(), make_item(), make_item()
    stock(store, {mug: 10, tea: 10})
    part = make_picking(store=store, lines={mug: 3, tea: 3})

    short(part, mug)
    hidden, untouched = left(store, mug, channel), left(store, tea, channel)
    count(store, {mug: 6})

    assert (hidden.atp, hidden.reasons) == (0, ["short_pick", "allocated"])
    assert untouched.atp == 7
    assert (left(store, mug, channel).atp, left(store, mug, channel).stops) == (4, [])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_short_picks_beside_counts_of_the_same_goods_block_nobody():
    store, mug, tea = make_store(), make_item(), make_item()
    stock(store, {mug: 100, tea: 100})
    parts = [make_picking(store=store, lines={mug: 2, tea: 2}) for _ in range(8)]

    def work(number: int) -> None:
        if number % 2:
            short(parts[number], mug if number % 4 == 1 else tea)
        else:
            record_counts(
                store=store,
                source="recount",
                as_of=clock.now(),
                counts={tea.sku: 50, mug.sku: 50},
                event_prefix=f"recount-{number}",
            )

    at_once(8, work)  # a deadlock would raise here
