"""Whatever customers, staff and relays do in any order: visits, spots and stock stay true."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import Sum
from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hub import clock
from hub.errors import HubError
from hub.events.models import Fact
from hub.invariants import check, shipped
from hub.links.services import make_link
from inventory.models import StockLevel
from orders.curbside.handing import hand_off
from orders.curbside.handlers import end_visit
from orders.curbside.locating import locate
from orders.curbside.signs import sign_of
from orders.curbside.strays import arrive_by_sign
from orders.curbside.visits import (
    arrive,
    ask_spot,
    begin_service,
    claim,
    customer_missing,
    end_stale_visits,
    leave,
    move_spot,
    open_visit,
    say_on_my_way,
)
from orders.models import (
    FulfillmentLine,
    FulfillmentOrder,
    HandOff,
    PickupCode,
    Spot,
    Visit,
    VisitPickup,
)
from orders.models.visit import ACTIVE_VISIT
from orders.picking.rejecting import reject
from orders.picking.services import accept, finish_picking, mark_ready, start_picking
from orders.placing.cancel import cancel_order
from orders.states import LIVE
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_person,
    make_spots,
    make_store,
    stock,
)

ON_HAND, PARTS = 30, 4
part_numbers = st.integers(0, PARTS - 1)


class Curb(RuleBasedStateMachine):
    """Orders for one item at a store with two spots: two of one customer, the others' their own."""

    @initialize()
    def open_store(self):
        self.store, self.item = make_store(), make_item()
        self.other = make_store(latitude=self.store.latitude + 0.2)
        make_spots(self.store, "1 2 3")
        Spot.objects.filter(label="3").update(closed_for="snow")
        self.signs = [sign_of(store=self.other), sign_of(store=self.store)]
        self.signs += [sign_of(store=self.store, spot=spot) for spot in self.store.spots.all()]
        stock(self.store, {self.item: ON_HAND})
        self.ann = make_person()
        self.keys = [
            make_fulfillment(
                store=self.store, lines={self.item: 3}, customer=CUSTOMER | {"name": name}
            ).pk
            for name in ("Mary Lee", "Mary Lee", "Ann Lee", "Bob Poe")
        ]
        self.pages = [link_to(FulfillmentOrder.objects.get(pk=key)) for key in self.keys]
        self.parts = FulfillmentOrder.objects.filter(pk__in=self.keys)
        self.unhandled: list[FulfillmentOrder] = []

    def part(self, number) -> FulfillmentOrder:
        return FulfillmentOrder.objects.get(pk=self.keys[number])

    @rule(number=part_numbers, step=st.sampled_from([accept, start_picking]))
    def work(self, number, step):
        with suppress(HubError):
            step(fulfillment=self.part(number))

    @rule(number=part_numbers, found=st.integers(0, 4))
    def pick(self, number, found):
        part = self.part(number)
        with suppress(HubError):
            finish_picking(fulfillment=part, picked={part.lines.get().pk: found})

    @rule(number=part_numbers)
    def set_ready(self, number):
        with suppress(HubError):
            mark_ready(fulfillment=self.part(number), staging_location="A", bags=1)

    @rule(number=part_numbers)
    def hurry(self, number):
        """All steps to ready at once, so that the end of the story is often reached."""
        self.work(number, accept)
        self.work(number, start_picking)
        self.pick(number, 2)
        self.set_ready(number)

    @rule(number=part_numbers, minutes=st.integers(-1, 200))
    def drive(self, number, minutes):
        with suppress(HubError):
            say_on_my_way(fulfillment=self.part(number), minutes=minutes)

    @rule(
        number=part_numbers, spot=st.sampled_from(["", "1", "2", "9"]), place=st.text(max_size=40)
    )
    def come(self, number, spot, place):
        with suppress(HubError):
            arrive(fulfillment=self.part(number), spot=spot, place=place)

    @rule(
        number=part_numbers,
        metres=st.sampled_from([0, 100, 900, 5000, 22_239, 22_500, 300_000]),
        accuracy=st.sampled_from([0, 30, 5000]),
    )
    def share_location(self, number, metres, accuracy):
        part = self.part(number)
        latitude = self.store.latitude + metres / 111_195
        with suppress(HubError):
            locate(
                fulfillment=part,
                latitude=latitude,
                longitude=self.store.longitude,
                accuracy_metres=accuracy,
            )

    @rule(number=part_numbers, sign=st.integers(0, 4))
    def scan(self, number, sign):
        with suppress(HubError):
            arrive_by_sign(fulfillment=self.part(number), sign=self.signs[sign])

    @rule(number=part_numbers)
    def drive_off(self, number):
        with suppress(HubError):
            leave(fulfillment=self.part(number))

    @rule(number=part_numbers)
    def walk_up(self, number):
        with suppress(HubError):
            open_visit(fulfillment=self.part(number), by=self.ann, place="door")

    @rule(number=part_numbers, act=st.sampled_from([claim, customer_missing, ask_spot]))
    def look_after(self, number, act):
        for visit in Visit.objects.filter(pickups__fulfillment=self.keys[number]).distinct():
            with suppress(HubError):
                act(visit=visit, by=self.ann)

    @rule(number=part_numbers, spot=st.sampled_from(["1", "2", "3", "9"]))
    def write_down(self, number, spot):
        for visit in Visit.objects.filter(pickups__fulfillment=self.keys[number]).distinct():
            with suppress(HubError):
                move_spot(visit=visit, spot=spot, by=self.ann)

    @rule(number=part_numbers)
    def look_by_robot(self, number):
        """Whoever only fetches the page, or an action's address, changes nothing."""
        before = story_of(self.keys)
        for path in ("", "/arrive"):
            Client().get(self.pages[number] + path)
        assert story_of(self.keys) == before

    @rule()
    def pass_time(self):
        """Who was expected long ago, or stands there for hours, is given up."""
        under_way, now = Visit.objects.filter(ended_at__isnull=True), clock.now()
        under_way.filter(arrived_at__isnull=True).update(eta=now - timedelta(hours=2))
        under_way.exclude(arrived_at=None).update(arrived_at=now - timedelta(hours=5))
        end_stale_visits()

    @rule(number=part_numbers)
    def serve(self, number):
        with suppress(HubError):
            begin_service(fulfillment=self.part(number))

    @rule(number=part_numbers, right=st.booleans())
    def give(self, number, right):
        code = PickupCode.objects.filter(fulfillment=self.keys[number]).first()
        pin = code.pin if code and right else "000000"
        with suppress(HubError):
            hand_off(fulfillment=self.part(number), pin=pin, by=None)

    @rule(number=part_numbers, whole_order=st.booleans())
    def give_up(self, number, whole_order):
        part = self.part(number)
        with suppress(HubError):
            if whole_order:
                cancel_order(order=part.order, reason="no")
            else:
                reject(fulfillment=part, reason="no")
            self.unhandled.append(part)

    @rule()
    def relay(self):
        for part in self.unhandled:
            end_visit(part_happened(part))
        self.unhandled = []

    def teardown(self):
        """At the end the shipped invariants, too, find nothing; no relay runs that could lag."""
        self.relay()
        watched = [one for one in shipped() if one.name != "nothing_is_stuck"]
        broken = [found for found in check(watched) if found.violations]
        assert broken == []

    @invariant()
    def nobody_shares_a_spot_and_no_pickup_has_two_visits(self):
        standing = Visit.objects.filter(store=self.store, status__in=ACTIVE_VISIT)
        spots = list(standing.exclude(spot=None).values_list("spot", flat=True))
        assert len(spots) == len(set(spots))
        pickups = VisitPickup.objects.filter(active=True, fulfillment__in=self.keys)
        assert pickups.count() == pickups.values("fulfillment").distinct().count()
        assert set(pickups.values_list("visit", flat=True)) == set(
            standing.values_list("pk", flat=True)
        )

    @invariant()
    def only_orders_of_one_customer_share_a_visit(self):
        mary = set(self.keys[:2])
        for visit in Visit.objects.filter(store=self.store).prefetch_related("pickups"):
            parts = {pickup.fulfillment_id for pickup in visit.pickups.all()}
            assert len(parts) == 1 or parts == mary

    @invariant()
    def nobody_comes_to_stand_on_a_closed_spot_or_in_a_foreign_store(self):
        assert not Visit.objects.filter(spot__label="3").exists()
        assert not Visit.objects.filter(store=self.other).exists()

    @invariant()
    def a_visit_tells_the_same_story_as_its_times(self):
        for visit in Visit.objects.filter(store=self.store):
            assert (visit.ended_at is None) == (visit.status in ACTIVE_VISIT)
            assert (visit.served_at is not None) or visit.status != "being_served"
            assert (visit.arrived_at is not None) or visit.status != "arrived"

    @invariant()
    def nobody_waits_for_what_is_over(self):
        unhandled = {part.pk for part in self.unhandled}
        for part in self.parts.exclude(status__in=LIVE):
            waiting = VisitPickup.objects.filter(fulfillment=part, active=True).exists()
            assert not waiting or part.pk in unhandled

    @invariant()
    def stock_is_what_the_parts_say(self):
        level = StockLevel.objects.get(store=self.store, item=self.item)
        lines = FulfillmentLine.objects.filter(fulfillment__in=self.keys)
        given = lines.aggregate(units=Sum("handed_off"))["units"]
        live = lines.filter(fulfillment__status__in=LIVE)
        promised = sum(line.allocated - line.short for line in live)
        assert (level.on_hand, level.allocated) == (ON_HAND - given, promised)

    @invariant()
    def each_completed_part_has_one_proof_and_one_fact(self):
        completed = self.parts.filter(status="completed")
        assert HandOff.objects.filter(fulfillment__in=self.keys).count() == completed.count()
        for part in completed:
            facts = Fact.objects.filter(subject=f"order:{part.order_id}")
            assert facts.filter(name="fulfillment.handed_off").count() == 1
            assert facts.filter(name="order.completed").count() == 1


def link_to(part):
    return "/p/" + make_link(purpose="pickup", subject=f"fulfillment:{part.pk}")


def story_of(keys):
    """All that a robot could have changed."""
    visits = Visit.objects.order_by("pk").values_list("pk", "version", "status", "spot")
    parts = FulfillmentOrder.objects.filter(pk__in=keys).values_list("pk", "version", "status")
    return list(visits), sorted(parts), Fact.objects.count()


def part_happened(part):
    """A fact about a part, as far as the handler reads it."""
    return type("Happened", (), {"fulfillment_id": part.pk})()


def interleave(examples: int) -> None:
    run_state_machine_as_test(
        Curb,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db(transaction=True)
def test_any_interleaving_keeps_visits_spots_and_stock_true():
    interleave(8)


@pytest.mark.prove
@pytest.mark.django_db(transaction=True)
def test_a_great_many_interleavings_keep_visits_spots_and_stock_true():
    interleave(20 * int(os.environ.get("HUB_ROUNDS", "3")))
