"""The hand-off's one screen: what it shows, what it takes, and whose eyes it is for."""

import pytest
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.curbside.delegates import name_delegate
from orders.curbside.handing import hand_off, rest_of
from orders.curbside.visits import arrive
from orders.models import FulfillmentOrder, HandOff, PickupCode, VisitPickup
from tests.factories import (
    make_channel,
    make_item,
    make_person,
    make_ready,
    make_store,
    pin_of,
    stock,
)
from tests.orders.curbside.curb_making import lead, line_of, make_basket, wrong_pin

pytestmark = pytest.mark.django_db


def working_in(client, store, person=None):
    person = person or make_person(first_name="Pola")
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def page(client, part):
    return client.get(reverse("admin:orders_handoff_part", args=[part.pk])).content.decode()


def give(client, part, **fields):
    fields = {"way": "pin", "bags": part.bags, "token": "tap"} | fields
    address = reverse("admin:orders_handoff_give", args=[part.pk])
    return client.post(address, fields, follow=True)


def test_the_screen_says_what_to_fetch_and_what_last(client):
    part = make_basket()
    working_in(client, part.store)
    shown = page(client, part)
    assert shown.index("<b>A1</b>") < shown.index("<b>COOL1</b>") < shown.index("<b>ICE1</b>")
    assert "frozen: last" in shown


def test_the_pin_and_the_counted_bags_hand_it_over(client):
    part = make_basket()
    person = working_in(client, part.store)
    reply = give(client, part, pin=pin_of(part))
    assert "Handed over. Thank you!" in reply.content.decode()
    proof = HandOff.objects.get()
    assert (proof.by, proof.bags, proof.method) == (person, 3, "pin")


def test_a_refusal_keeps_what_was_typed(client):
    part = make_basket()
    working_in(client, part.store)
    butter = line_of(part, "Butter")
    fields = {f"damaged_{butter.pk}": "1", f"reason_{butter.pk}": "lid open"}
    reply = give(client, part, pin=wrong_pin(part), **fields)
    shown = reply.content.decode()
    assert reply.status_code == 409
    assert "Wrong PIN, 4 tries left." in shown
    assert 'value="lid open"' in shown
    assert 'value="3"' in shown


def test_another_number_of_bags_is_asked_about(client):
    part = make_ready()
    working_in(client, part.store)
    shown = give(client, part, pin=pin_of(part), bags=1).content.decode()
    assert "2 were packed, not 1." in shown
    assert 'name="bags_reason"' in shown
    give(client, part, pin=pin_of(part), bags=1, bags_reason="both in one")
    assert HandOff.objects.get().bags_reason == "both in one"


def test_lines_are_told_apart(client):
    part = make_basket()
    working_in(client, part.store)
    butter, peas = line_of(part, "Butter"), line_of(part, "Peas")
    fields = {f"damaged_{butter.pk}": "1", f"later_{peas.pk}": "2", f"reason_{butter.pk}": "lid"}
    shown = give(client, part, pin=pin_of(part), bags=2, **fields).content.decode()
    assert "The rest waits at ICE1" in shown
    rows = HandOff.objects.get().lines.exclude(outcome="given")
    assert sorted(rows.values_list("outcome", "units", "reason")) == [
        ("damaged", 1, "lid"),
        ("later", 2, ""),
    ]
    assert rest_of(part).status == "ready"


def test_a_second_press_shows_the_first_result(client):
    part = make_ready()
    working_in(client, part.store)
    give(client, part, pin=pin_of(part))
    again = give(client, part, pin=pin_of(part))
    assert again.status_code == 200
    assert "Handed over. Thank you!" in again.content.decode()
    assert HandOff.objects.count() == 1


def test_an_id_is_enough_and_a_locked_pin_is_not_got_round(client):
    part = make_ready()
    working_in(client, part.store)
    PickupCode.objects.update(failures=5)
    assert "locked" in give(client, part, way="id").content.decode()
    PickupCode.objects.update(failures=4)
    give(client, part, way="id")
    assert HandOff.objects.get().method == "id"


def test_only_a_lead_sees_and_uses_the_override(client):
    part = make_ready()
    working_in(client, part.store)
    assert "Without the PIN" not in page(client, part)
    assert "Only a lead" in give(client, part, way="override", why="x").content.decode()
    working_in(client, part.store, lead())
    assert "Without the PIN" in page(client, part)
    give(client, part, way="override", why="neighbour of mine")
    assert HandOff.objects.get().reason == "neighbour of mine"


def test_the_delegate_is_named_on_the_screen(client):
    part = make_ready()
    working_in(client, part.store)
    code = name_delegate(fulfillment=part, name="Bob Ray").code
    assert "Bob Ray, named by the customer" in page(client, part)
    give(client, part, receiver="delegate", pin=code)
    assert HandOff.objects.get().receiver == "delegate"


def test_a_proof_of_age_is_asked_for(client):
    part = make_ready(lines={make_item(name="Wine", minimum_age=18): 2})
    working_in(client, part.store)
    assert "18 or older" in page(client, part)
    assert "Look at a proof of age" in give(client, part, pin=pin_of(part)).content.decode()
    give(client, part, pin=pin_of(part), age_checked="on")
    assert HandOff.objects.get().age_checked


def test_orders_of_one_visit_are_handed_over_one_after_the_other(client):
    store, item = make_store(), make_item()
    stock(store, {item: 20})
    site = make_channel()
    parts = [make_ready(store=store, channel=site, lines={item: 1}) for _ in range(2)]
    working_in(client, store)
    visit = arrive(fulfillment=parts[0], place="by the door")
    VisitPickup.objects.get_or_create(visit=visit, fulfillment=parts[1])
    reply = give(client, parts[0], pin=pin_of(parts[0]))
    assert reply.redirect_chain[-1][0].endswith(f"/part/{parts[1].pk}/")
    give(client, parts[1], pin=pin_of(parts[1]), token="tap two")
    assert HandOff.objects.count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"way": "guess"},
        {"bags": "many"},
        {"bags": "-1"},
        {"pin": "1" * 61},
        {"token": "x" * 65},
        {"damaged_1": "lots"},
        {"damaged_x": "1"},
        {"later_99999999999999999999": "1"},
        {"later_999": "1"},
        {"bags_reason": "y" * 201},
    ],
)
def test_nonsense_is_refused_in_words(client, fields):
    part = make_ready()
    working_in(client, part.store)
    reply = give(client, part, **({"pin": pin_of(part)} | fields))
    assert reply.status_code in (409, 422)
    assert not HandOff.objects.exists()


def test_other_stores_and_strangers_see_nothing(client):
    part = make_ready()
    working_in(client, make_store())
    address = reverse("admin:orders_handoff_part", args=[part.pk])
    assert client.get(address).status_code == 404
    assert give(client, part, pin=pin_of(part)).status_code == 404
    client.force_login(make_person())
    assert client.get(address).status_code == 404


def test_the_list_of_proofs_leads_to_the_screen(client):
    part = make_ready()
    working_in(client, part.store)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    proof = HandOff.objects.get()
    assert (
        part.order.external_id
        in client.get(reverse("admin:orders_handoff_changelist")).content.decode()
    )
    reply = client.get(reverse("admin:orders_handoff_change", args=[proof.pk]))
    assert reply.url == reverse("admin:orders_handoff_part", args=[part.pk])
    assert "Handed over" in page(client, part)


def test_before_it_is_ready_there_is_nothing_to_hand_over(client):
    part = make_ready()
    FulfillmentOrder.objects.filter(pk=part.pk).update(status="picked")
    working_in(client, part.store)
    assert "nothing to hand over" in page(client, part)


def test_the_work_page_sends_goods_with_a_minimum_age_to_the_screen(client):
    part = make_ready(lines={make_item(name="Wine", minimum_age=18): 2})
    working_in(client, part.store, lead())
    address = reverse("admin:orders_fulfillmentorder_change", args=[part.pk])
    shown = client.get(address).content.decode()
    assert "A proof of age is needed" in shown
    assert 'name="pin"' not in shown
    assert reverse("admin:orders_handoff_part", args=[part.pk]) in shown
