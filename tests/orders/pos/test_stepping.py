"""The store's POS is brought to what is true: once each, looked up when in doubt, never doubled."""

import pytest

from hub import clock
from hub.connectors.pos.memory import ABLE, MemoryPos
from hub.errors import ConnectorError
from hub.events.models import Breaker, Delivery
from hub.stores.models import StoreSwitch
from orders.models import PosDrift, PosList
from orders.picking.pos.pick_lists import EditRefused
from orders.picking.pos.repairing import repair, send_edited
from orders.picking.pos.stepping import bring_in_step
from orders.placing.cancel import cancel_order
from orders.switches.services import switch_on, undo
from tests.orders.pos.conftest import World, amend

pytestmark = pytest.mark.django_db

LOST = ConnectorError("no whole reply: ReadTimeout", ambiguous=True)
DOWN = ConnectorError("no connection: NewConnectionError")
REFUSED = ConnectorError("HTTP 422", permanent=True)


def quantities(world, part):
    return [line.quantity for line in world.till.pick_lists[part.public_id].lines]


def test_a_repeat_says_nothing_twice(world):
    part = world.part()
    world.work()
    for _ in range(3):
        bring_in_step(part.pk)
    assert world.till.calls == ["queue"]


def test_a_lost_answer_is_looked_up_before_anything_is_repeated(world):
    part = world.part()
    world.till.lose = [LOST]
    world.work()
    assert PosList.objects.get().in_doubt

    world.work(seconds=60)

    part.refresh_from_db()
    assert world.till.calls == ["queue", "status"]
    assert part.pos_reference == f"till-{part.public_id}"
    assert world.left() == []


def test_what_was_lost_before_it_arrived_is_sent_again(world):
    world.part()
    world.till.fail_with = [LOST]
    world.work()
    world.work(seconds=60)
    assert world.till.calls == ["queue", "status", "queue"]
    assert world.left() == []


def test_a_call_that_surely_failed_is_repeated_without_looking(world):
    world.part()
    world.till.fail_with = [DOWN]
    world.work()
    world.work(seconds=60)
    assert world.till.calls == ["queue", "queue"]


def test_a_process_that_died_while_calling_leaves_the_doubt_behind(world, monkeypatch):
    part = world.part()

    def die(pos, pick_list):
        pos.till.pick_lists[part.public_id] = pick_list
        raise KeyboardInterrupt

    monkeypatch.setattr(MemoryPos, "queue", die)
    with pytest.raises(KeyboardInterrupt):
        bring_in_step(part.pk)
    monkeypatch.undo()

    bring_in_step(part.pk)

    assert world.till.calls == ["status"]


def test_a_pos_that_cannot_be_asked_hears_the_same_again(world):
    part = world.part()
    world.till.lose = [LOST]
    world.work()
    world.till.fail_with = [ConnectorError("HTTP 404", permanent=True)]

    world.work(seconds=60)

    assert world.till.calls == ["queue", "status", "queue"]
    assert list(world.till.pick_lists) == [part.public_id]
    assert world.left() == []


def test_a_lost_withdrawal_is_looked_up(world):
    part = world.part()
    world.work()
    world.till.lose = [LOST]
    cancel_order(order=part.order, reason="changed my mind")
    world.work()
    world.work(seconds=60)
    assert world.till.calls == ["queue", "cancel", "status"]
    assert world.till.canceled == {part.public_id}
    assert world.left() == []


def test_what_never_reached_the_pos_is_not_withdrawn(world):
    part = world.part()
    cancel_order(order=part.order, reason="changed my mind")
    world.work()
    assert world.till.calls == []
    assert world.left() == []


# --- amendments -----------------------------------------------------------------------------------


def test_an_amendment_gives_the_whole_list_anew_as_the_next_revision(world):
    part = world.part()
    world.work()
    amend(part)
    world.work()
    assert world.till.calls == ["queue", "amend"]
    assert world.till.pick_lists[part.public_id].revision == 2
    assert quantities(world, part) == [1, 1]


def test_an_amendment_before_the_push_makes_one_call(world):
    part = world.part()
    amend(part)
    world.work()
    assert world.till.calls == ["queue"]
    assert (world.till.pick_lists[part.public_id].revision, quantities(world, part)) == (2, [1, 1])


def test_a_line_of_which_nothing_is_left_is_not_on_the_list(world):
    part = world.part()
    world.work()
    amend(part, less=2)
    world.work()
    assert quantities(world, part) == [1]


def test_a_pos_that_cannot_amend_forgets_the_old_and_takes_the_new(world):
    world.till.can = ABLE - {"amend"}
    part = world.part()
    world.work()
    amend(part)
    world.work()
    assert world.till.calls == ["queue", "cancel", "queue"]
    assert world.till.canceled == set()
    assert quantities(world, part) == [1, 1]


def test_a_lost_amendment_is_looked_up(world):
    part = world.part()
    world.work()
    world.till.lose = [LOST]
    amend(part)
    world.work()
    world.work(seconds=60)
    assert world.till.calls == ["queue", "amend", "status"]
    assert PosList.objects.get().revision == 2


# --- a POS that is away ---------------------------------------------------------------------------


def test_while_the_breaker_is_open_nothing_is_lost_and_no_attempt_used_up(world):
    for _ in range(8):
        world.part()
    world.till.fail_with = [DOWN] * 500
    for _ in range(20):
        world.work(seconds=300)
    assert Breaker.objects.get().state == "open"
    assert {state for state, _ in world.left()} == {"pending"}
    assert max(attempts for _, attempts in world.left()) < 8

    world.till.fail_with = []
    world.work(seconds=300)

    assert len(world.till.pick_lists) == 8
    assert world.left() == []
    assert Breaker.objects.get().state == "closed"


def test_a_dead_pos_delays_no_other_store(world):
    world.part()
    world.till.fail_with = [DOWN] * 500
    for _ in range(8):
        world.work(seconds=300)
    other = World()
    other.part()
    other.work()
    assert len(other.till.pick_lists) == 1


def test_a_test_order_goes_to_the_twin_while_the_real_pos_is_away(world, settings):
    settings.SIMULATORS = False
    Breaker.objects.create(key=f"pos:{world.store.pk}", state="open", due_at="2999-01-01T00:00Z")
    part = world.part(is_test=True)
    world.work()
    assert list(world.till.pick_lists) == [part.public_id]


def test_a_pos_that_is_switched_off_gets_its_lists_when_it_is_on_again(world):
    switch = switch_on(
        store=world.store, kind=StoreSwitch.Kind.POS_DOWN, by="Ann", reason="new printer"
    )
    parts = [world.part() for _ in range(3)]
    for _ in range(12):
        world.work(seconds=300)
    assert world.till.calls == []
    assert world.left() == [("pending", 0)] * 3

    undo(switch=switch, by="Ann")
    world.work(lane="db")
    world.work()

    assert list(world.till.pick_lists) == [part.public_id for part in parts]


def test_what_the_pos_keeps_refusing_is_parked_with_its_reason(world):
    world.part()
    world.till.fail_with = [REFUSED]
    world.work()
    (delivery,) = Delivery.objects.filter(state="parked")
    assert delivery.last_error == "HTTP 422"


# --- by hand --------------------------------------------------------------------------------------


def lines(part, *quantities, name="Milk 1 l"):
    return [
        {"line_id": str(number), "name": name, "quantity": quantity}
        for number, quantity in enumerate(quantities, 1)
    ]


def test_an_edited_list_takes_the_place_of_what_was_refused(world):
    part = world.part()
    world.till.fail_with = [REFUSED]
    world.work()

    send_edited(fulfillment=part, note="ask Eve", lines=lines(part, 1), by="Ann")
    world.work()

    sent = world.till.pick_lists[part.public_id]
    assert (sent.revision, sent.note) == (2, "ask Eve")
    assert [(line.name, line.quantity) for line in sent.lines] == [("Milk 1 l", 1)]
    assert world.left() == []
    assert PosList.objects.get().edited_by == "Ann"


def test_a_later_change_of_the_order_replaces_the_edit(world):
    part = world.part()
    send_edited(fulfillment=part, note="", lines=lines(part, 2), by="Ann")
    world.work()
    amend(part)
    world.work()
    assert quantities(world, part) == [1, 1]


@pytest.mark.parametrize(
    ("note", "edited"),
    [
        ("", []),
        ("", [{"line_id": "9", "name": "Gold", "quantity": 1}]),
        ("", [{"line_id": "1", "name": "Milk", "quantity": 3}]),
        ("", [{"line_id": "1", "name": "Milk", "quantity": 0}]),
        ("", [{"line_id": "1", "name": "", "quantity": 1}]),
        ("", [{"line_id": "1", "name": "a\x00b", "quantity": 1}]),
        ("", [{"line_id": "1", "name": "Milk", "quantity": 1}] * 2),
        ("x" * 501, [{"line_id": "1", "name": "Milk", "quantity": 1}]),
        ("\x00", [{"line_id": "1", "name": "Milk", "quantity": 1}]),
    ],
)
def test_an_edit_cannot_ask_for_other_goods(world, note, edited):
    part = world.part()
    with pytest.raises(EditRefused):
        send_edited(fulfillment=part, note=note, lines=edited, by="Ann")
    assert not PosList.objects.filter(edited__isnull=False).exists()


def test_sending_again_does_not_believe_what_the_pos_is_thought_to_have(world):
    part = world.part()
    world.work()
    world.till.pick_lists.clear()
    row = PosDrift.objects.create(
        connection=world.pos,
        kind=PosDrift.Kind.LIST_MISSING,
        key=part.public_id,
        fulfillment=part,
        as_of=clock.now(),
        found_at=clock.now(),
    )
    assert repair(drift=row, by="Ann")
    world.work()
    assert world.till.calls == ["queue", "status", "queue"]
    assert list(world.till.pick_lists) == [part.public_id]
