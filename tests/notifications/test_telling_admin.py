"""How one customer is told, for staff: scoped, guarded, and written down with proof."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub.customers.consent import is_refused, stop
from hub.customers.health import note_failure
from hub.customers.models import ConsentEvent, ConsentHead, Preference
from hub.customers.preferences import choose_grid
from hub.customers.proof import verify_chain
from hub.stores.models import StaffScope
from tests.factories import CUSTOMER, make_person, make_ready, make_store
from tests.tampering import tampering

pytestmark = pytest.mark.django_db


@pytest.fixture
def part():
    return make_ready()


def person_in(store, *permissions):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return person


@pytest.fixture
def lead(client, part):
    person = person_in(part.store, "add_consentevent", "view_consentevent")
    client.force_login(person)
    return person


def page(part):
    return reverse("admin:customers_preference_of", args=[part.order.profile.public_id])


def button(client, part, name, channel="sms", **fields):
    text = client.get(page(part)).text
    token = re.search(r'name="token" value="([^"]+)"', text)
    link = reverse(
        f"admin:customers_preference_{name}", args=[part.order.profile.public_id, channel]
    )
    return client.post(link, {"token": token[1] if token else ""} | fields, follow=True)


def test_the_page_tells_what_was_chosen_and_what_is_open(client, part, lead):
    profile = part.order.profile
    choose_grid(profile=profile, choices={"order_updates": ["email"], "arrival": []})
    address = part.order.contact.email_hash
    note_failure(address_hash=address, channel="email", reason="hard_bounce", permanent=True)
    text = client.get(page(part)).text
    assert CUSTOMER["phone"] in text
    assert "e-mail; never by text" in text
    assert "not at all" in text
    assert "does not work: hard_bounce" in text
    assert "Nothing was ever said" in text


def test_who_asked_us_to_stop_is_written_down_at_once(client, part, lead):
    reply = button(client, part, "stop")
    assert "Noted: nothing more is sent there." in reply.text
    assert "Blocked: the customer said STOP" in reply.text
    line = ConsentEvent.objects.get()
    assert (line.method, line.actor, line.purpose) == ("staff", f"staff:{lead.pk}", "all")
    assert is_refused(part.order.contact.phone_hash, "sms")
    assert not is_refused(part.order.contact.email_hash, "email")


def test_telling_again_needs_a_reason_that_is_kept(client, part, lead):
    address = part.order.contact.phone_hash
    stop(address_hash=address, channel="sms", method="sms")
    assert "Say how you know" in button(client, part, "start", reason=" \x00 ").text
    assert is_refused(address, "sms")
    reply = button(client, part, "start", reason="called us")
    assert "Noted: he is told there again." in reply.text
    assert not is_refused(address, "sms")
    assert ConsentEvent.objects.order_by("-sequence")[0].reference.startswith("called us (tap:")
    assert verify_chain(address) == []


def test_the_same_reason_counts_again_after_another_stop(client, part, lead):
    address = part.order.contact.phone_hash
    for number in range(2):
        stop(address_hash=address, channel="sms", method="sms", reference=f"call:{number}")
        button(client, part, "start", reason="called us")
        assert not is_refused(address, "sms")


def test_the_same_tap_sent_twice_is_one_line(client, part, lead):
    link = reverse("admin:customers_preference_stop", args=[part.order.profile.public_id, "sms"])
    for _ in range(2):
        client.post(link, {"token": "t" * 22})
    assert ConsentEvent.objects.count() == 1


def test_without_the_permission_there_is_no_button_and_no_door(client, part):
    client.force_login(person_in(part.store))
    text = client.get(page(part)).text
    assert "Asked us to stop" not in text
    assert "may not write consent down" in button(client, part, "stop").text
    proof = reverse("admin:customers_preference_proof", args=[part.order.profile.public_id, "sms"])
    assert client.get(proof).status_code == 404
    assert not ConsentEvent.objects.exists()


def test_customers_of_other_stores_do_not_exist(client, part):
    client.force_login(person_in(make_store(), "add_consentevent", "view_consentevent"))
    assert client.get(page(part)).status_code == 404
    for name in ("stop", "start"):
        link = reverse(
            f"admin:customers_preference_{name}", args=[part.order.profile.public_id, "sms"]
        )
        assert client.post(link, {"reason": "x"}).status_code == 404
    nobody = reverse("admin:customers_preference_of", args=["cus_nobody"])
    assert client.get(nobody).status_code == 404
    assert not ConsentEvent.objects.exists()


def test_a_look_at_a_buttons_address_changes_nothing(client, part, lead):
    link = reverse("admin:customers_preference_stop", args=[part.order.profile.public_id, "sms"])
    assert client.get(link).status_code == 405
    odd = reverse("admin:customers_preference_stop", args=[part.order.profile.public_id, "fax"])
    assert client.post(odd).status_code == 404


def test_the_proof_of_one_address_can_be_printed(client, part, lead):
    button(client, part, "stop")
    link = reverse("admin:customers_preference_proof", args=[part.order.profile.public_id, "sms"])
    reply = client.get(link)
    assert "no-store" in reply["Cache-Control"]
    assert CUSTOMER["phone"] in reply.text
    assert "The log is whole" in reply.text
    assert ConsentEvent.objects.get().digest in reply.text


@pytest.mark.parametrize("tamper", ["change", "cut", "empty", "head"])
def test_tampering_is_shown_on_every_page(client, part, tamper):
    address = part.order.contact.phone_hash
    for number in range(2):
        stop(address_hash=address, channel="sms", method="sms", reference=f"call:{number}")
    lines = ConsentEvent.objects.filter(address_hash=address)
    act = {
        "change": lambda: lines.filter(sequence=1).update(status="granted"),
        "cut": lambda: lines.filter(sequence=2).delete(),
        "empty": lines.delete,
        "head": lambda: ConsentHead.objects.update(seal="0" * 32),
    }[tamper]
    with tampering():
        act()
    person = make_person(is_superuser=True)
    client.force_login(person)
    assert "The log was tampered with" in client.get(page(part)).text
    proof = reverse("admin:customers_consentevent_proof", args=[address])
    assert "The log is not as it was written" in client.get(proof).text
    listed = client.get(reverse("admin:customers_consentevent_changelist")).text
    assert ("Broken" in listed) == (tamper != "empty")


def test_the_log_is_found_by_the_address_itself(client, part):
    stop(address_hash=part.order.contact.phone_hash, channel="sms", method="sms", reference="r-1")
    client.force_login(make_person(is_superuser=True))
    changelist = reverse("admin:customers_consentevent_changelist")
    for term in (CUSTOMER["phone"], "+48 500 123 456", "r-1", part.order.contact.phone_hash):
        assert "Whole" in client.get(changelist, {"q": term}).text
    for term in ("+48500123457", "ann@example.com", "\x00", "'"):
        reply = client.get(changelist, {"q": term})
        assert reply.status_code == 200
    assert "Whole" not in client.get(changelist, {"q": "+48500123457"}).text


def test_the_list_of_the_log_is_checked_in_two_queries(client, part, django_assert_max_num_queries):
    for number in range(9):
        stop(address_hash=f"{number}" * 32, channel="sms", method="sms")
    client.force_login(make_person(is_superuser=True))
    with django_assert_max_num_queries(24):  # ten of them are the menu's
        client.get(reverse("admin:customers_consentevent_changelist"))


def test_the_log_is_closed_to_people_of_one_store(client, part, lead):
    stop(address_hash=part.order.contact.phone_hash, channel="sms", method="sms")
    for name, args in (("changelist", []), ("proof", [part.order.contact.phone_hash])):
        link = reverse(f"admin:customers_consentevent_{name}", args=args)
        assert client.get(link).status_code in {403, 404}


def test_choices_are_listed_for_the_own_stores_only(client, part, lead):
    choose_grid(profile=part.order.profile, choices={"order_updates": ["email"]})
    changelist = reverse("admin:customers_preference_changelist")
    assert part.order.profile.public_id in client.get(changelist).text
    client.force_login(person_in(make_store()))
    assert part.order.profile.public_id not in client.get(changelist).text
    assert Preference.objects.exists()


def test_the_customers_page_leads_there(client, part):
    client.force_login(make_person(is_superuser=True))
    link = reverse("admin:customers_profile_change", args=[part.order.profile_id])
    assert page(part) in client.get(link).text
