"""Complaints after the pickup: what can be told, once, and how the store answers."""

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.events.models import Fact
from hub.stores.models import StaffScope
from orders.admin.exceptions import problems
from orders.curbside.complaints import answer_complaint, complain
from orders.curbside.errors import (
    AnsweredAlready,
    BeyondPaid,
    ComplaintUnclear,
    MayNotRefund,
    NotCollected,
    ReasonMissing,
    TooLateToTell,
)
from orders.curbside.handing import LineOutcome, hand_off
from orders.models import Complaint, HandOff, Refund
from orders.returns.services import Brought, take_back
from orders.text import TextTooLong
from tests.factories import make_item, make_person, make_ready, make_store, pin_of
from tests.orders.curbside.curb_making import broken, lead
from tests.racing import at_once

pytestmark = pytest.mark.django_db


def collected(**values):
    part = make_ready(**values)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def missing(part, **values):
    values = {"kind": "missing", "line": part.lines.first()} | values
    return complain(fulfillment=part, **values)


def paying():
    return lead("take_return")


def names():
    return list(Fact.objects.filter(name__contains="complaint").values_list("name", flat=True))


def test_a_complaint_reaches_the_store_once():
    part = collected()
    first = missing(part, units=2, words="Only the bag was there")
    again = missing(part, units=1, words="I said so")
    assert (again.pk, again.units, again.words) == (first.pk, 2, "Only the bag was there")
    assert names() == ["fulfillment.complaint_made"]
    (problem,) = [one for one in problems(_stores(part)) if one.title == "Customer complains"]
    assert part.order.external_id in problem.detail


def test_each_line_and_kind_can_be_complained_of():
    part = collected(lines={make_item(): 1, make_item(): 1})
    one, two = part.lines.all()
    missing(part, line=one)
    missing(part, line=two)
    missing(part, line=one, kind="wrong_price")
    missing(part, line=None, kind="other", words="The bag was wet")
    assert Complaint.objects.count() == 4


@pytest.mark.parametrize(
    "values",
    [
        {"units": 3},
        {"units": 0},
        {"kind": "late"},
        {"kind": "other"},
        {"line": None},
        {"line": None, "words": "\u202e"},
    ],
)
def test_what_says_nothing_or_was_not_given_is_refused(values):
    part = collected()
    with pytest.raises(ComplaintUnclear):
        missing(part, **values)


def test_a_line_of_another_order_is_refused():
    with pytest.raises(ComplaintUnclear):
        missing(collected(), line=collected().lines.get())


def test_what_was_refused_at_the_curb_cannot_be_missing():
    part = make_ready(lines={make_item(): 1, make_item(): 1})
    refused, given = part.lines.all()
    told = {refused.pk: LineOutcome(refused=1)}
    hand_off(fulfillment=part, pin=pin_of(part), by=None, lines=told)
    with pytest.raises(ComplaintUnclear):
        missing(part, line=refused)
    assert missing(part, line=given)


def test_nothing_to_complain_of_before_the_hand_off_nor_after_seven_days():
    part = make_ready()
    with pytest.raises(NotCollected):
        missing(part)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    with clock.turned_to(clock.now() + timedelta(days=7, minutes=1)), pytest.raises(TooLateToTell):
        missing(part)


def test_words_have_their_limit():
    with pytest.raises(TextTooLong):
        missing(collected(), words="x" * 501)


def test_an_answer_pays_back_units_within_what_was_paid():
    part = collected()
    complaint = missing(part, units=2)
    answer_complaint(complaint=complaint, answer="Sorry!", by=paying(), refund_units=2)
    assert (complaint.answer, complaint.refunded) == ("Sorry!", 2)
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_minor) == ("complaint", 1000)
    assert names()[-1] == "fulfillment.complaint_answered"
    damaged = missing(part, kind="damaged")
    with pytest.raises(BeyondPaid) as refusal:
        answer_complaint(complaint=damaged, answer="Again?", by=paying(), refund_units=1)
    assert refusal.value.extra == {"left_minor": 0}
    damaged.refresh_from_db()
    assert damaged.answered_at is None


def test_a_wrong_price_is_paid_back_as_an_amount():
    part = collected()
    complaint = missing(part, kind="wrong_price")
    answer_complaint(complaint=complaint, answer="True", by=paying(), refund_minor=120)
    assert Refund.objects.get().lines[0]["amount_minor"] == 120
    assert broken() == set()


def test_what_was_paid_back_for_a_complaint_is_not_paid_back_when_it_returns():
    part = collected()
    complaint = missing(part, kind="damaged", units=2)
    answer_complaint(complaint=complaint, answer="Sorry", by=paying(), refund_units=1)
    brought = [Brought(line_id=part.lines.get().pk, units=2, disposition="damaged")]
    goods = take_back(fulfillment=part, brought=brought, reason="broken")
    assert goods.refund.amount_minor == 500
    assert broken() == set()


def test_only_who_may_take_goods_back_pays_back():
    complaint = missing(collected())
    with pytest.raises(MayNotRefund):
        answer_complaint(complaint=complaint, answer="Sorry", by=make_person(), refund_units=1)
    answer_complaint(complaint=complaint, answer="Sorry", by=make_person())
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    "values", [{"refund_units": -1}, {"refund_units": 2}, {"refund_minor": -5}]
)
def test_more_than_was_complained_of_is_not_paid_back(values):
    complaint = missing(collected())
    with pytest.raises(ComplaintUnclear):
        answer_complaint(complaint=complaint, answer="Sorry", by=paying(), **values)


def test_an_answer_is_given_once_and_in_words():
    complaint, person = missing(collected()), make_person()
    with pytest.raises(ReasonMissing):
        answer_complaint(complaint=complaint, answer=" ", by=person)
    answer_complaint(complaint=complaint, answer="We look", by=person, token="tap")
    again = answer_complaint(complaint=complaint, answer="Twice", by=person, token="tap")
    assert again.answer == "We look"
    with pytest.raises(AnsweredAlready):
        answer_complaint(complaint=complaint, answer="No", by=person)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_pay_back_once():
    part = collected()
    complaint = missing(part)
    people = [paying() for _ in range(4)]

    def answer(number):
        mine = Complaint.objects.select_related("fulfillment").get(pk=complaint.pk)
        try:
            answer_complaint(complaint=mine, answer="Sorry", by=people[number], refund_units=1)
        except AnsweredAlready:
            return False
        return True

    assert sum(at_once(4, answer)) == 1
    assert Refund.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_complaint_sent_twice_at_once_is_one():
    part = collected()
    line = part.lines.get()
    found = at_once(6, lambda _: complain(fulfillment=part, kind="missing", line=line).pk)
    assert len(set(found)) == 1
    assert names() == ["fulfillment.complaint_made"]


def _stores(part):
    return type(part.store).objects.filter(pk=part.store_id)


def working_in(client, store, *permissions):
    person = lead(*permissions) if permissions else make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)


def test_the_inbox_is_answered_on_its_page(client):
    part = collected()
    complaint = missing(part, units=2, words="<b>Nothing</b> was there")
    working_in(client, part.store, "take_return")
    assert "Missing: 2" in client.get(reverse("admin:orders_complaint_changelist")).content.decode()
    address = reverse("admin:orders_complaint_change", args=[complaint.pk])
    shown = client.get(address).content.decode()
    assert "&lt;b&gt;Nothing" in shown
    fields = {"answer": "We are sorry", "units": "1", "amount": "", "token": "tap"}
    post = reverse("admin:orders_complaint_answer", args=[complaint.pk])
    shown = client.post(post, fields, follow=True).content.decode()
    assert "1 × paid back" in shown
    assert Refund.objects.get().amount_minor == 500


def test_the_inbox_refuses_in_words(client):
    complaint = missing(collected())
    working_in(client, complaint.fulfillment.store, "take_return")
    post = reverse("admin:orders_complaint_answer", args=[complaint.pk])
    for fields, words in [
        ({"answer": ""}, "Answer: This field is required"),
        ({"answer": "x", "amount": "lots"}, "Write the amount as a number"),
        ({"answer": "x", "amount": "NaN"}, "Write the amount as a number"),
        ({"answer": "x", "amount": "999"}, "may still be paid back"),
        ({"answer": "x", "units": "-1"}, "Units:"),
    ]:
        assert words in client.post(post, fields, follow=True).content.decode(), fields
    assert not Refund.objects.exists()


def test_another_store_sees_no_complaint(client):
    complaint = missing(collected())
    working_in(client, make_store())
    assert client.get(
        reverse("admin:orders_complaint_change", args=[complaint.pk])
    ).status_code in (302, 404)
    post = reverse("admin:orders_complaint_answer", args=[complaint.pk])
    assert client.post(post, {"answer": "x"}).status_code == 404
    assert HandOff.objects.count() == 1
