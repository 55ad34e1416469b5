"""Somebody else collects, with a code of his own."""

import time

import pytest

from hub.events.models import Fact
from orders.curbside import delegates
from orders.curbside.delegates import delegate_of, name_delegate, revoke_delegate
from orders.curbside.errors import (
    CodeOfAnother,
    NameMissing,
    NoDelegate,
    PickupOver,
    PinLocked,
    WrongPin,
)
from orders.curbside.handing import hand_off, hand_off_by_id
from orders.curbside.pins import qr_text
from orders.models import Delegate, FulfillmentOrder, PickupCode
from orders.text import TextTooLong
from tests.factories import make_fulfillment, make_person, make_ready, pin_of
from tests.orders.curbside.curb_making import wrong_pin
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def named(part, name="Bob"):
    return name_delegate(fulfillment=part, name=name)


def told(part):
    rows = Fact.objects.filter(name="fulfillment.delegate_named").order_by("pk")
    return [fact.data["revoked"] for fact in rows]


def test_a_delegate_collects_with_his_own_code():
    part = make_ready()
    code = named(part).code
    assert code != pin_of(part)
    proof = hand_off(fulfillment=part, pin=code, by=None, receiver="delegate")
    assert (proof.method, proof.receiver) == ("delegate", "delegate")


def test_each_code_has_its_own_five_tries():
    part = make_ready()
    named(part)
    for _ in range(5):
        with pytest.raises(WrongPin):
            hand_off(fulfillment=part, pin=pin_of(part), by=None, receiver="delegate")
    with pytest.raises(PinLocked):
        hand_off(fulfillment=part, pin=Delegate.objects.get().code, by=None, receiver="delegate")
    with pytest.raises(PinLocked):
        hand_off_by_id(fulfillment=part, by=make_person(), receiver="delegate")
    assert PickupCode.objects.get().failures == 0
    assert hand_off(fulfillment=part, pin=pin_of(part), by=None).method == "pin"


def test_naming_another_one_ends_the_code_of_the_first():
    part = make_ready()
    first = named(part).code
    Delegate.objects.update(failures=5)
    second = named(part, "Eve")
    assert (second.name, second.failures) == ("Eve", 0)
    with pytest.raises(WrongPin):
        hand_off(fulfillment=part, pin=first, by=None, receiver="delegate")
    assert told(part) == [False, False]


def test_the_same_name_again_keeps_its_code():
    part = make_ready()
    assert named(part).code == named(part, " Bob ").code
    assert told(part) == [False]


def test_who_is_no_longer_named_gets_nothing():
    part = make_ready()
    code = named(part).code
    assert revoke_delegate(fulfillment=part)
    assert not revoke_delegate(fulfillment=part)
    with pytest.raises(NoDelegate):
        hand_off(fulfillment=part, pin=code, by=None, receiver="delegate")
    with pytest.raises(NoDelegate):
        hand_off_by_id(fulfillment=part, by=make_person(), receiver="delegate")
    assert told(part) == [False, True]


def test_a_delegate_can_be_named_before_the_goods_are_ready():
    part = make_fulfillment()
    assert delegate_of(part) is None
    assert named(part).name == "Bob"


@pytest.mark.parametrize("name", ["", "  ", "\u202e"])
def test_nobody_is_no_delegate(name):
    with pytest.raises(NameMissing):
        named(make_ready(), name)


def test_a_name_has_its_limit():
    with pytest.raises(TextTooLong):
        named(make_ready(), "x" * 81)


def test_after_the_hand_off_nobody_is_named():
    part = make_ready()
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    with pytest.raises(PickupOver):
        named(part)
    with pytest.raises(PickupOver):
        revoke_delegate(fulfillment=part)


def test_a_scanned_code_says_whose_it_is():
    part, other = make_ready(), make_ready()
    code = named(part).code
    with pytest.raises(CodeOfAnother):
        hand_off(fulfillment=part, pin=qr_text(other, pin_of(other)), by=None)
    assert PickupCode.objects.get(fulfillment=part).failures == 0
    scanned = qr_text(part, code, delegate=True)
    assert hand_off(fulfillment=part, pin=scanned, by=None).receiver == "delegate"
    assert hand_off(fulfillment=other, pin=qr_text(other, pin_of(other)), by=None)


def test_a_scanned_wrong_code_costs_a_try():
    part = make_ready()
    with pytest.raises(WrongPin):
        hand_off(fulfillment=part, pin=qr_text(part, wrong_pin(part)), by=None)
    assert PickupCode.objects.get().failures == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_nobody_is_named_while_the_goods_are_given(monkeypatch):
    part = make_ready()
    pin = pin_of(part)

    def slow_code(**_):
        time.sleep(0.5)
        return "123123"

    monkeypatch.setattr(delegates, "fresh_code", slow_code)

    def race(number):
        mine = FulfillmentOrder.objects.get(pk=part.pk)
        if number:
            time.sleep(0.2)
            hand_off(fulfillment=mine, pin=pin, by=None)
        else:
            name_delegate(fulfillment=mine, name="Bob")

    at_once(2, race)
    wanted = ["fulfillment.delegate_named", "fulfillment.handed_off"]
    rows = Fact.objects.filter(name__in=wanted).order_by("pk")
    assert list(rows.values_list("name", flat=True)) == wanted
