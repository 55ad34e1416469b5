"""The page on how a customer is told: what it shows, what it hides, what a tap does."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from hub import clock
from hub.customers.consent import is_refused
from hub.customers.letters import preferences_path
from hub.customers.models import ConsentEvent, Contact, Preference, Profile
from hub.customers.preferences import choices_of, choose_grid
from hub.customers.proof import verify_chain
from hub.customers.purposes import GROUPS
from hub.links.models import Link
from hub.links.services import WRONG_TOKENS, make_link
from notifications.pages.masking import mask_email, mask_phone
from notifications.pages.words import WORDS
from tests.factories import CUSTOMER, make_order, make_ready
from tests.orders.curbside.test_page import NAUGHTY, SURROGATE, link_to, post, stamp_of

pytestmark = pytest.mark.django_db

FIELDS = {
    "choose": [f"way_{group}" for group in GROUPS],
    "language": ["locale"],
    "timezone": ["timezone"],
    "pause": ["days"],
    "resume": ["odd"],
    "stop": ["channel"],
    "start": ["channel"],
}


def page_of(**order):
    """The page of a customer with a fresh order, and the customer."""
    profile = make_order(**order).profile
    return preferences_path(profile), profile


def hashes(profile):
    contact = Contact.objects.get(pk=profile.contact_id)
    return contact.phone_hash, contact.email_hash


def chosen(client, page):
    """The way that is selected in each row."""
    rows = re.findall(r'name="way_(\w+)">(.*?)</select>', client.get(page).text, re.DOTALL)
    return {group: re.search(r'value="([^"]+)" selected', row)[1] for group, row in rows}


def test_the_page_shows_each_group_and_neither_phone_nor_address_nor_name(client):
    page, _ = page_of()
    text = client.get(page, headers={"Accept-Language": "en"}).text
    assert all(WORDS["en"][f"group_{group}"] in text for group in GROUPS)
    assert "•••56" in text
    assert "a•••@e•••" in text
    for secret in (CUSTOMER["phone"], CUSTOMER["phone"][-4:], CUSTOMER["email"], "Ann", "W-"):
        assert secret not in text


def test_who_chose_nothing_sees_what_happens_now(client):
    page, _ = page_of()
    assert chosen(client, page) == {"order_updates": "sms email"} | dict.fromkeys(
        GROUPS[1:], "follow"
    )


def test_the_grid_is_saved_row_by_row_in_its_order(client):
    page, profile = page_of()
    reply = post(
        client,
        page,
        "choose",
        way_order_updates="email sms",
        way_pickup="sms",
        way_questions="follow",
        way_afterwards="none",
    )
    assert reply.status_code == 303
    assert "done=choose" in reply["Location"]
    assert choices_of(profile) == {
        "order_updates": ["email", "sms"],
        "pickup": ["sms"],
        "reminders": None,
        "questions": None,
        "arrival": None,
        "afterwards": [],
    }
    assert WORDS["en"]["done_choose"] in client.get(reply["Location"] + "&lang=en").text
    assert chosen(client, page)["afterwards"] == "none"
    assert {row.source for row in Preference.objects.filter(profile=profile)} == {"page"}


def test_a_row_that_follows_again_has_no_choice_of_its_own(client):
    page, profile = page_of()
    choose_grid(profile=profile, choices={"pickup": ["email"]})
    post(client, page, "choose", way_pickup="follow")
    assert choices_of(profile)["pickup"] is None


def test_who_gave_no_e_mail_address_does_not_rule_e_mail_out(client):
    page, profile = page_of(customer=CUSTOMER | {"email": ""})
    assert "E-mail, else" not in client.get(page).text
    post(client, page, "choose", way_order_updates="sms")
    assert choices_of(profile)["order_updates"] == ["sms", "email"]


@pytest.mark.parametrize("way", ["pigeon", "sms sms", "sms pigeon", "follow"])
def test_a_way_that_was_not_offered_is_refused_in_words(client, way):
    page, profile = page_of()
    reply = post(client, page, "choose", way_order_updates=way)
    assert reply.status_code == 422
    assert WORDS["en"]["error_unknown_channel"] in reply.text
    assert choices_of(profile)["order_updates"] is None


def test_the_language_chosen_is_that_of_the_page_and_of_every_message(client):
    page, profile = page_of()
    reply = post(client, page, "language", locale="ru")
    assert "lang=ru" in reply["Location"]
    assert WORDS["ru"]["done_language"] in client.get(reply["Location"]).text
    profile.refresh_from_db()
    assert (profile.chosen_locale, profile.locale_source) == ("ru", "page")


def test_a_time_zone_is_chosen_and_given_up_again(client):
    page, profile = page_of()
    post(client, page, "timezone", timezone="Europe/Paris")
    profile.refresh_from_db()
    assert (profile.chosen_timezone, profile.timezone_source) == ("Europe/Paris", "page")
    post(client, page, "timezone", timezone="")
    profile.refresh_from_db()
    assert (profile.chosen_timezone, profile.timezone_source) == ("", "")
    assert post(client, page, "timezone", timezone="Moon/Base").status_code == 422


def test_a_pause_is_made_said_and_ended(client):
    page, profile = page_of()
    post(client, page, "pause", days="7")
    profile.refresh_from_db()
    assert timedelta(days=6) < profile.paused_until - clock.now() <= timedelta(days=7)
    assert WORDS["en"]["resume_button"] in client.get(page).text
    post(client, page, "resume")
    profile.refresh_from_db()
    assert profile.paused_until is None
    assert post(client, page, "pause", days="3650").status_code == 422


def test_stop_and_start_concern_one_address_and_leave_proof(client):
    page, profile = page_of()
    phone, email = hashes(profile)
    post(client, page, "stop", channel="sms")
    assert is_refused(phone, "sms", "all")
    assert not is_refused(email, "email")
    line = ConsentEvent.objects.get()
    assert (line.method, line.actor, line.wording, line.locale) == (
        *("page", "customer", "page-1"),
        "en",
    )
    post(client, page, "start", channel="sms")
    assert not is_refused(phone, "sms")
    assert verify_chain(phone) == []


def test_everything_can_be_stopped_at_once(client):
    page, profile = page_of()
    phone, email = hashes(profile)
    reply = post(client, page, "stop", channel="all")
    assert is_refused(phone, "sms")
    assert is_refused(email, "email")
    text = client.get(reply["Location"]).text
    assert WORDS["en"]["done_stop"] in text
    assert WORDS["en"]["stop_all"] not in text


def test_the_same_tap_sent_twice_is_one_line(client):
    page, _profile = page_of()
    form = {"stamp": stamp_of(client, page), "channel": "sms"}
    for _ in range(2):
        client.post(f"{page}/stop", form)
    assert ConsentEvent.objects.count() == 1


def test_reading_and_getting_an_act_change_nothing(client):
    page, profile = page_of()
    before = profile.version
    for name in FIELDS:
        assert client.get(f"{page}/{name}").status_code == 302
    assert client.head(page).status_code == 200
    profile.refresh_from_db()
    assert profile.version == before
    assert Link.objects.filter(purpose="preferences").count() == 1
    assert not ConsentEvent.objects.exists()


def test_the_page_is_kept_by_nobody_and_refers_to_nobody(client):
    page, _ = page_of()
    for reply in (client.get(page), post(client, page, "resume"), client.get("/n/none")):
        assert reply["Cache-Control"] == "no-store"
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply["X-Robots-Tag"]
        assert "script-src 'self'" in reply["Content-Security-Policy"]
        assert not reply.cookies


def test_there_is_nothing_inline_that_the_policy_forbids(client):
    page, _ = page_of()
    text = client.get(page).text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", text)


def test_wrong_ended_and_foreign_links_are_one_page(client):
    page, _profile = page_of()
    Link.objects.filter(purpose="preferences").update(expires_at=clock.now())
    foreign = make_link(purpose="pickup", subject="fulfillment:1")
    nobody = make_link(purpose="preferences", subject="profile:999999999")
    odd = make_link(purpose="preferences", subject="fulfillment:1")
    pages = [page, "/n/x", *(f"/n/{token}" for token in (foreign, nobody, odd, "A" * 22))]
    replies = [client.get(one) for one in pages]
    assert {reply.status_code for reply in replies} == {404}
    assert len({reply.text for reply in replies}) == 1


def test_who_guesses_links_is_told_to_wait(client):
    page, _ = page_of()
    codes = [client.get("/n/" + "A" * 22).status_code for _ in range(WRONG_TOKENS + 1)]
    assert codes == [404] * WRONG_TOKENS + [429]
    assert client.get(page).status_code == 200


def test_a_form_of_no_page_of_this_link_changes_nothing(client):
    page, _profile = page_of()
    other = preferences_path(make_order().profile)
    for stamp in ("", "x", stamp_of(client, other)):
        reply = client.post(f"{page}/stop", {"stamp": stamp, "channel": "all"})
        assert reply.status_code == 409
        assert WORDS["en"]["error_page_old"] in reply.text
    assert not ConsentEvent.objects.exists()


def test_a_strict_browser_of_another_site_cannot_act():
    page, _ = page_of()
    assert Client(enforce_csrf_checks=True).post(f"{page}/resume", {}).status_code == 409


@pytest.mark.parametrize("act", FIELDS)
def test_naughty_strings_get_a_friendly_answer_from_every_act(client, act):
    page, _ = page_of()
    for text in NAUGHTY:
        reply = post(client, page, act, **dict.fromkeys(FIELDS[act], text))
        assert reply.status_code in {303, 422}
        assert "<script>alert" not in reply.text


def test_odd_bodies_and_queries_get_a_friendly_answer(client):
    page, _ = page_of()
    kind = "multipart/form-data; boundary=x; charset=utf-7"
    assert client.post(f"{page}/stop", SURROGATE, content_type=kind).status_code in {400, 409}
    assert client.post(f"{page}/stop", b"\xff\xfe", content_type="text/x").status_code == 409
    for query in ("lang=xx", "lang=%00", "done=stop%00", "done=__class__", "done=title"):
        assert client.get(f"{page}?{query}").status_code == 200
    assert client.post(f"{page}/nothing", {}).status_code == 404
    assert client.put(page).status_code == 405


def test_who_has_no_address_at_all_still_has_a_page(client):
    profile = Profile.objects.create()
    text = client.get(preferences_path(profile)).text
    assert WORDS["en"]["grid_title"] in text
    assert WORDS["en"]["stop_title"] not in text


def test_the_pickup_page_leads_there_by_a_tap_and_not_by_a_look(client):
    part = make_ready()
    page = link_to(part)
    stamp = re.search(r'name="stamp" value="([^"]+)"', client.get(f"{page}/changes").text)[1]
    assert f'action="{page}/preferences' in client.get(f"{page}/changes").text
    assert client.get(f"{page}/preferences").status_code == 302
    assert not Link.objects.filter(purpose="preferences").exists()
    assert client.post(f"{page}/preferences", {"stamp": "x"})["Location"].startswith(page)
    reply = client.post(f"{page}/preferences", {"stamp": stamp})
    assert reply.status_code == 303
    assert reply["Location"].startswith("/n/")
    assert client.get(reply["Location"]).status_code == 200


def test_every_language_has_every_word_with_the_same_places():
    def shape(words):
        return {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in words.items()}

    for language, words in WORDS.items():
        assert shape(words) == shape(WORDS["en"]), language
        assert all(text.strip() for text in words.values())


@pytest.mark.parametrize(
    ("address", "masked"),
    [("+48500123456", "•••56"), ("", ""), ("+4", "•••+4")],
)
def test_of_a_phone_two_digits_are_shown(address, masked):
    assert mask_phone(address) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [("ann@example.com", "a•••@e•••"), ("", ""), ('"a@b"@c.de', '"•••@c•••'), ("nobody", "")],
)
def test_of_an_e_mail_address_two_letters_are_shown(address, masked):
    assert mask_email(address) == masked
