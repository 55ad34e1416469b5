"""Staff pages of substitutes: what is offered, what is asked, who may see it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from hub import clock
from hub.stores.models import StaffScope
from orders.admin.exceptions import problems
from orders.models import SubstitutionRound
from tests.factories import PLAIN, ask_for, make_item, make_missing, make_person, make_store, stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def missing():
    return make_missing(offered={"allergens": ["milk"], "name": "Soya drink"})


@pytest.fixture
def staff(missing):
    return logged_in(missing[0].store)


def logged_in(store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client = Client()
    client.force_login(person)
    return client


def part_page(part):
    return reverse("admin:orders_substitutionround_part", args=[part.pk])


def read(staff, part):
    reply = staff.get(part_page(part))
    assert reply.status_code == 200
    return reply.text


def offer(staff, part, token="tap-1", **fields):
    address = reverse("admin:orders_substitutionround_offer", args=[part.pk])
    return staff.post(address, {"token": token} | fields, follow=True)


def test_the_page_suggests_with_warnings_and_price(staff, missing):
    html = read(staff, missing[0])
    assert "3  not picked yet" in html
    assert "Soya drink" in html
    assert "contains milk" in html
    assert "5.00 EUR" in html
    assert "ask first" in html


def test_one_tap_asks_and_a_second_one_changes_nothing(staff, missing):
    part, line, other = missing
    fields = {f"item_{line.pk}": other.pk, f"units_{line.pk}": 2}
    assert "The customer is asked" in offer(staff, part, **fields).text
    offer(staff, part, **fields)
    asked = SubstitutionRound.objects.get()
    assert asked.opened_by.startswith("staff:")
    html = read(staff, part)
    assert "answer due" in html
    assert "Take down the answer" in html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose at least one substitute."),
        ({"units_LINE": "9", "item_LINE": "ITEM"}, "That many units are not missing."),
        ({"units_LINE": "x", "item_LINE": "ITEM"}, "Choose an item, and how many units of it."),
        ({"units_LINE": "1", "item_LINE": "²"}, "Choose an item, and how many units of it."),
        ({"units_LINE": "1", "item_LINE": "7" * 19}, "Choose an item, and how many units of it."),
        ({"units_LINE": "1", "item_LINE": "1" * 18}, "This item cannot stand in"),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page(staff, missing, fields, said):
    part, line, other = missing
    posted = {
        name.replace("LINE", str(line.pk)): str(value).replace("ITEM", str(other.pk))
        for name, value in fields.items()
    }
    assert said in offer(staff, part, **posted).text
    assert not SubstitutionRound.objects.exists()


def test_what_a_customer_says_on_the_phone_is_taken_down(staff, missing):
    asked = ask_for(*missing)
    address = reverse("admin:orders_substitutionround_answer", args=[asked.pk])
    assert "answer is taken" in staff.post(address, {"answer_1": "yes"}, follow=True).text
    row = asked.offers.get()
    assert (row.outcome, row.answered_by[:6]) == ("accepted", "staff:")
    assert "Asked before" in read(staff, missing[0])
    assert "Another answer" in staff.post(address, {"answer_1": "no"}, follow=True).text


def test_a_question_can_be_withdrawn(staff, missing):
    asked = ask_for(*missing)
    staff.post(reverse("admin:orders_substitutionround_withdraw", args=[asked.pk]))
    assert asked.offers.get().outcome == "withdrawn"


def test_the_list_leads_to_the_page(staff, missing):
    asked = ask_for(*missing)
    listed = staff.get(reverse("admin:orders_substitutionround_changelist")).text
    assert missing[0].order.external_id in listed
    row = staff.get(reverse("admin:orders_substitutionround_change", args=[asked.pk]))
    assert row["Location"] == part_page(missing[0])


def test_people_of_other_stores_see_nothing_of_it(missing):
    asked = ask_for(*missing)
    stranger = logged_in(make_store())
    for address in (
        part_page(missing[0]),
        reverse("admin:orders_substitutionround_change", args=[asked.pk]),
    ):
        assert stranger.get(address).status_code == 404
    for step in ("answer", "withdraw"):
        address = reverse(f"admin:orders_substitutionround_{step}", args=[asked.pk])
        assert stranger.post(address).status_code == 404
        assert stranger.get(address).status_code in (404, 405)
    address = reverse("admin:orders_substitutionround_offer", args=[missing[0].pk])
    assert stranger.post(address).status_code == 404
    assert asked.offers.get().outcome == ""


def test_a_customer_who_wants_none_is_not_offered_any(staff, missing):
    part, line, _ = missing
    part.order.lines.update(substitution="refused")
    html = read(staff, part)
    assert "no substitute" in html
    assert f"item_{line.pk}" not in html


def test_a_question_nobody_settled_is_an_exception(missing):
    asked = ask_for(*missing)
    stores = type(missing[0].store).objects.all()
    with clock.turned_to(asked.deadline + timedelta(minutes=6)):
        titles = [problem.title for problem in problems(stores)]
    assert "Question about substitutes stuck" in titles


def test_the_pick_and_work_pages_lead_here(staff, missing):
    part = missing[0]
    work = staff.get(reverse("admin:orders_fulfillmentorder_change", args=[part.pk])).text
    assert part_page(part) in work
    ask_for(*missing)
    work = staff.get(reverse("admin:orders_fulfillmentorder_change", args=[part.pk])).text
    assert "the customer is asked" in work


def test_a_page_with_many_suggestions_stays_bounded(staff, missing, django_assert_max_num_queries):
    part = missing[0]
    stock(part.store, {make_item(**PLAIN): 5 for _ in range(5)})
    with django_assert_max_num_queries(30):
        html = read(staff, part)
    assert len(re.findall(r'name="item_', html)) > 3
