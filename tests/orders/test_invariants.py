"""Each invariant holds on good data and fails on data that were broken on purpose."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from hub.events.models import Fact
from hub.invariants import shipped
from inventory.models import Allocation, Item
from orders.curbside.handing import hand_off
from orders.curbside.visits import arrive
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    HandOff,
    HandOffLine,
    Order,
    OrderLine,
    PickupCode,
    PosList,
    PosReceipt,
    PutBack,
    Refund,
    ReturnedLine,
    RoutingDecision,
    Settlement,
    StagingLocation,
    SubstitutionOffer,
    Visit,
    VisitPickup,
)
from orders.picking.bags import pack, stage
from orders.picking.rejecting import reject
from orders.picking.services import finish_picking, mark_ready
from orders.placing.cancel import cancel_order
from orders.placing.moving import answer_move
from orders.putting_back import ask_put_back
from orders.returns.services import Brought, take_back
from orders.substitution.answering import answer_offers
from tests.factories import (
    ask_for,
    make_fulfillment,
    make_item,
    make_missing,
    make_order,
    make_picking,
    make_pos,
    make_ready,
    make_spots,
    make_store,
    pick_all,
    pin_of,
    stock,
)

pytestmark = pytest.mark.django_db

INVARIANTS = [one for one in shipped() if one.app == "orders"]


def broken():
    """The names of what is violated, seen inside the test's own transaction."""
    found = set()
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) AS broken")
            if cursor.fetchone()[0]:
                found.add(invariant.name)
    return found


def make_receipt():
    """A receipt that a store's POS printed for a part of that store."""
    part = make_fulfillment()
    return PosReceipt.objects.create(
        connection=make_pos(part.store),
        number="R-1",
        fulfillment=part,
        lines=[],
        occurred_at=part.created_at,
    )


def make_completed():
    part = make_ready()
    arrive(fulfillment=part, place="by the door")
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def make_given_of_two():
    """A part of two lines that was handed over."""
    part = make_ready(lines={make_item(): 2, make_item(): 1})
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def make_bagged():
    """A ready part with one bag, which stands on a shelf."""
    part = make_picking()
    pick_all(part)
    (bag,) = pack(fulfillment=part, bags={"ambient": 1})
    StagingLocation.objects.create(store=part.store, code="A1")
    stage(store=part.store, barcode=bag.barcode, place="A1")
    return part


def make_unwanted():
    """A picked part of which one unit is to be put back."""
    part = make_picking()
    pick_all(part)
    line = part.lines.get()
    OrderLine.objects.filter(pk=line.order_line_id).update(canceled=1)
    ask_put_back(fulfillment=part, units={line.pk: 1}, reason="not wanted")
    return part


def make_rerouted():
    """A rejected part and the part of another store that took its place."""
    part = make_asked()
    answer_move(offer=part.move_offers.get(), yes=True, by="customer")
    return part


def make_asked():
    """A rejected part whose customer was asked about another store."""
    part = make_fulfillment()
    other = make_store(latitude=52.3)
    stock(other, {line.item: line.allocated for line in part.lines.all()})
    reject(fulfillment=part, reason="too_busy")
    return part


def make_come():
    """A part whose customer stands outside; another of the store's belongs to somebody else."""
    part = make_ready()
    arrive(fulfillment=part, place="by the door")
    return part


def make_neighbour(part):
    """A part of another customer at the same store."""
    item = make_item()
    stock(part.store, {item: 5})
    return make_fulfillment(store=part.store, lines={item: 1})


def update(rows, **values):
    assert rows.update(**values)


def forget(*tables):
    """Delete what a trigger protects: the test's own transaction does without triggers."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for rows in tables:
        rows._raw_delete(rows.db)


def drop_index(table, index):
    """Let the test write what a unique index forbids; the rollback at its end restores it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname = %s", [index])
        drop = f"ALTER TABLE {table} DROP CONSTRAINT" if cursor.fetchone()[0] else "DROP INDEX"
        cursor.execute(f"{drop} {index}")


def test_every_way_an_order_can_go_breaks_nothing():
    make_order()
    make_completed()
    arrive(fulfillment=make_picking(), place="by the door")
    cancel_order(order=make_picking().order, reason="")
    reject(fulfillment=make_picking(), reason="no goods")
    short = make_picking(lines={make_item(): 3, make_item(): 2})
    found = {line.pk: line.allocated - 1 for line in short.lines.all()}
    finish_picking(fulfillment=short, picked=found)
    assert broken() == set()


def make_short_ready():
    """A ready part with one unit less than ordered: the site owes for it."""
    part = make_picking(lines={make_item(): 3})
    finish_picking(fulfillment=part, picked={part.lines.get().pk: 2})
    mark_ready(fulfillment=part, staging_location="A-1", bags=1)
    return part


def make_substituted():
    """A part with a substitute that was accepted."""
    part, line, other = make_missing()
    answer_offers(asked=ask_for(part, line, other), answers={1: True})
    return part


def make_returned():
    """A part of which a unit has come back."""
    part = make_completed()
    brought = Brought(line_id=part.lines.get().pk, units=1, disposition="restock")
    take_back(fulfillment=part, brought=[brought], reason="too many")
    return part


def _offers(part):
    return SubstitutionOffer.objects.filter(round__fulfillment=part)


def _lines(part):
    return FulfillmentLine.objects.filter(fulfillment=part)


def _parts(part):
    return FulfillmentOrder.objects.filter(pk=part.pk)


BREAKS = {
    "replaced_parts_have_ended": (
        make_rerouted,
        lambda part: update(part.order.fulfillments.filter(pk=part.pk), status="canceled"),
    ),
    "offers_of_a_move_are_of_parts_that_ended": (
        make_asked,
        lambda part: update(part.order.fulfillments.filter(pk=part.pk), status="expired"),
    ),
    "no_more_set_aside_than_ordered": (
        make_fulfillment,
        lambda part: update(OrderLine.objects.filter(order=part.order), quantity=1),
    ),
    "open_order_is_in_somebodys_hands": (
        make_completed,
        lambda part: update(Order.objects.filter(pk=part.order_id), status="open"),
    ),
    "ended_order_has_no_part_under_way": (
        make_fulfillment,
        lambda part: update(Order.objects.filter(pk=part.order_id), status="canceled"),
    ),
    "completed_order_was_handed_over": (
        make_completed,
        lambda part: update(Order.objects.filter(pk=part.order_id), status="canceled"),
    ),
    "work_agrees_with_stock": (
        make_fulfillment,
        lambda part: update(Allocation.objects.filter(reference=part.public_id), released=1),
    ),
    "pickup_is_active_with_its_visit": (
        make_completed,
        lambda part: update(Visit.objects.all(), status="arrived"),
    ),
    "visit_has_its_times": (
        make_come,
        lambda part: update(Visit.objects.all(), arrived_at=None),
    ),
    "visit_comes_for_its_own_store": (
        make_come,
        lambda part: update(Visit.objects.all(), store=make_store()),
    ),
    "visit_is_of_one_customer": (
        make_come,
        lambda part: VisitPickup.objects.create(
            visit=Visit.objects.get(), fulfillment=make_neighbour(part)
        ),
    ),
    "status_has_its_times": (
        make_ready,
        lambda part: update(_parts(part), ready_at=None),
    ),
    "ready_part_has_place_and_code": (
        make_ready,
        lambda part: PickupCode.objects.all().delete(),
    ),
    "hand_off_is_proven": (
        make_completed,
        lambda part: forget(HandOffLine.objects.all(), HandOff.objects.all()),
    ),
    "proof_accounts_for_every_unit": (
        make_given_of_two,
        lambda part: forget(HandOffLine.objects.filter(line=part.lines.first())),
    ),
    "age_was_checked": (
        make_completed,
        lambda part: update(Item.objects.filter(pk=part.lines.get().item_id), minimum_age=18),
    ),
    "handed_off_is_what_was_picked": (
        make_completed,
        lambda part: update(_lines(part), handed_off=1),
    ),
    "work_belongs_to_its_order": (
        make_fulfillment,
        lambda part: update(_lines(part), order_line=make_order().lines.get()),
    ),
    "every_order_was_routed": (
        make_fulfillment,
        lambda part: RoutingDecision.objects.all().delete(),
    ),
    "order_state_has_its_fact": (
        make_fulfillment,
        lambda part: Fact.objects.filter(name="order.placed").delete(),
    ),
    "fulfillment_state_has_its_fact": (
        make_ready,
        lambda part: Fact.objects.filter(name="fulfillment.picked").delete(),
    ),
    "bags_stand_where_they_belong": (
        make_bagged,
        lambda part: update(StagingLocation.objects.all(), zone="frozen"),
    ),
    "put_backs_agree_with_lines": (
        make_unwanted,
        lambda part: update(PutBack.objects.filter(line__fulfillment=part), units=2),
    ),
    "window_has_its_place": (
        make_fulfillment,
        lambda part: update(
            _parts(part), window_start=datetime(2100, 1, 1, 9, tzinfo=UTC), window_end=None
        ),
    ),
    "substitute_stands_for_its_own_line": (
        make_substituted,
        lambda part: update(_offers(part), supplied=None),
    ),
    "settled_question_has_all_answers": (
        make_substituted,
        lambda part: update(part.rounds.all(), closed_at=None),
    ),
    "silence_took_nothing_with_a_warning": (
        make_substituted,
        lambda part: update(_offers(part), answered_by="silence", warnings=["allergen:milk"]),
    ),
    "no_more_returned_than_handed_off": (
        make_returned,
        lambda part: update(ReturnedLine.objects.all(), units=9),
    ),
    "refunds_within_what_was_due": (
        make_short_ready,
        lambda part: update(Refund.objects.all(), amount_minor=9999),
    ),
    "changed_amount_was_held_back": (
        make_short_ready,
        lambda part: update(Settlement.objects.all(), block=None),
    ),
    "receipt_is_of_its_store": (
        make_receipt,
        lambda receipt: update(PosReceipt.objects.all(), connection=make_pos()),
    ),
    "pos_has_a_list_it_was_given": (
        make_fulfillment,
        lambda part: PosList.objects.create(fulfillment=part, revision=1),
    ),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_each_invariant_sees_what_it_is_there_for(name):
    make, spoil = BREAKS[name]
    part = make()
    assert broken() == set()
    spoil(part)
    assert name in broken()


def test_a_number_given_twice_is_seen_even_without_its_index():
    order = make_order()
    drop_index("orders_order", "order_once_per_channel_and_kind")
    order.pk, order.public_id = None, "ord_twin"
    order.save(force_insert=True)
    assert "order_number_once_per_channel" in broken()


def test_a_part_in_two_visits_is_seen_even_without_its_index():
    part = make_fulfillment()
    visit = arrive(fulfillment=part, place="by the door")
    drop_index("orders_visitpickup", "pickup_in_one_visit")
    VisitPickup.objects.create(visit=visit, fulfillment=part)
    assert "part_is_in_one_visit" in broken()


def test_a_spot_with_two_visits_is_seen_even_without_its_index():
    part = make_come()
    spot = make_spots(part.store, "1")[0]
    arrive(fulfillment=make_neighbour(part), spot="1")
    assert broken() == set()
    drop_index("orders_visit", "visit_one_per_spot")
    Visit.objects.update(spot=spot)
    assert "nobody_shares_a_spot" in broken()


def test_no_invariant_is_left_unproven():
    proven = {
        *BREAKS,
        "order_number_once_per_channel",
        "part_is_in_one_visit",
        "nobody_shares_a_spot",
    }
    assert {one.name for one in INVARIANTS} == proven
