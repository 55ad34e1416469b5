"""The pages on which staff read what customers texted, and answer them."""

import pytest
from django.test import RequestFactory
from django.urls import reverse

from hub.customers.consent import stop
from hub.customers.models import Channel
from hub.staff.navigation import sidebar
from hub.stores.models import StaffScope, Store
from notifications.inbound.canned import CANNED, canned_in
from notifications.inbound.lexicon import LANGUAGES
from notifications.inbound.saying import (
    LONGEST_SAID,
    NothingSaid,
    SaidTooMuch,
    TalkOver,
    TextsRefused,
    say,
)
from notifications.inbound.threads import unread_in
from notifications.models import Message, Thread, ThreadEntry
from notifications.segments import count_segments
from tests.factories import make_person, make_store
from tests.notifications.inbound.texting import PHONE, ready_at, text

pytestmark = pytest.mark.django_db


def person_of(store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    return person


@pytest.fixture
def store():
    return make_store()


@pytest.fixture
def thread(store):
    ready_at(store)
    text("Is there parking for a van?")
    return Thread.objects.get()


@pytest.fixture
def staff(client, store):
    person = person_of(store)
    client.force_login(person)
    return person


def page(client, name, *args):
    return client.get(reverse(f"admin:notifications_thread_{name}", args=args))


def post(client, name, thread, **data):
    address = reverse(f"admin:notifications_thread_{name}", args=[thread.pk])
    return client.post(address, data, follow=True)


def test_the_board_shows_unread_talks_and_the_menu_counts_them(client, staff, thread):
    shown = page(client, "board").content.decode()
    assert "Is there parking for a van?" in shown
    request = RequestFactory().get("/admin/")
    request.user = staff
    lines = {line["title"]: line for group in sidebar(request) for line in group["items"]}
    assert lines["Talks"]["badge"] == 1


def test_whoever_opens_a_talk_has_read_it(client, staff, thread):
    shown = page(client, "talk", thread.pk).content.decode()
    assert "Is there parking for a van?" in shown
    thread.refresh_from_db()
    assert thread.unread == 0
    assert unread_in(Store.objects.filter(pk=thread.store_id)) == 0


def test_an_answer_leaves_as_a_text_in_the_talk(client, staff, thread):
    shown = post(client, "say", thread, words="Yes, behind the store").content.decode()
    assert "Yes, behind the store" in shown
    message = Message.objects.get(purpose="conversation")
    assert (message.body, message.channel, message.address) == (
        "Yes, behind the store",
        "sms",
        PHONE,
    )
    entry = ThreadEntry.objects.get(side="store")
    assert (entry.author, entry.message_id) == (staff.get_username(), message.pk)


def test_the_same_twice_in_a_row_is_sent_once(client, staff, thread):
    for _ in range(2):
        post(client, "say", thread, words="Yes")
    assert Message.objects.filter(purpose="conversation").count() == 1


def test_a_canned_answer_leaves_in_the_customers_language(client, staff, thread):
    Thread.objects.update(locale="pl")
    shown = page(client, "talk", thread.pk).content.decode()
    assert "Już do Państwa wychodzimy." in shown
    assert "We are coming out to you now." in shown
    post(client, "say", thread, canned="coming_out")
    assert "wychodzimy" in Message.objects.get(purpose="conversation").body


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"words": " \u202e\n"}, NothingSaid),
        ({"canned": "nonsense"}, NothingSaid),
        ({"words": "x" * (LONGEST_SAID + 1)}, SaidTooMuch),
    ],
)
def test_what_cannot_be_sent_is_refused(thread, said, error):
    with pytest.raises(error):
        say(thread=thread, by="ann", **said)
    assert not Message.objects.filter(purpose="conversation").exists()


def test_who_replied_stop_cannot_be_texted_but_called(client, staff, thread):
    stop(address_hash=thread.phone_hash, channel=Channel.SMS, method="sms")
    with pytest.raises(TextsRefused):
        say(thread=thread, by="ann", words="hello")
    assert "SMS blocked" in page(client, "talk", thread.pk).content.decode()


def test_a_closed_talk_is_opened_again_or_followed_by_a_new_one(client, staff, thread):
    post(client, "close", thread)
    thread.refresh_from_db()
    assert thread.closed_by == staff.get_username()
    with pytest.raises(TalkOver):
        say(thread=thread, by="ann", words="hello")
    post(client, "reopen", thread)
    thread.refresh_from_db()
    assert thread.closed_at is None
    post(client, "close", thread)
    text("and one more thing, please")
    assert Thread.objects.count() == 2
    shown = post(client, "reopen", thread).content.decode()
    assert "open talk with this phone already" in shown


def test_other_stores_talks_do_not_exist(client, thread):
    client.force_login(person_of(make_store()))
    assert "van" not in page(client, "board").content.decode()
    for name in ("talk", "lines", "count"):
        assert page(client, name, thread.pk).status_code == 404
    for name in ("say", "close", "reopen"):
        assert post(client, name, thread, words="hello").status_code == 404
    assert not Message.objects.filter(purpose="conversation").exists()


@pytest.mark.parametrize("key", [0, 10**30])
def test_talks_that_are_not_there_are_404(client, staff, key):
    assert page(client, "talk", key).status_code == 404


def test_the_list_leads_to_the_talk(client, staff, thread):
    address = reverse("admin:notifications_thread_change", args=[thread.pk])
    assert client.get(address).url == reverse("admin:notifications_thread_talk", args=[thread.pk])
    assert page(client, "changelist").status_code == 200


@pytest.mark.parametrize(
    ("words", "said"),
    [("hello", "1 text"), pytest.param("ж" * 71, "2 texts", id="dear"), ("", "Up to")],
)
def test_the_texts_it_takes_are_counted(client, staff, thread, words, said):
    Thread.objects.update(locale="ru")
    address = reverse("admin:notifications_thread_count", args=[thread.pk])
    assert said in client.get(address, {"words": words}).content.decode()


def test_all_canned_answers_are_worded_in_all_languages_and_fit_two_texts():
    for words in CANNED.values():
        assert set(words) == set(LANGUAGES)
        for said in words.values():
            assert count_segments(said).segments <= 2
    assert [one.words for one in canned_in("fr-CA")] == [one["fr"] for one in CANNED.values()]
    assert [one.meaning for one in canned_in("de")] == [""] * len(CANNED)


def test_what_nobody_has_read_is_among_the_exceptions(client, staff, thread):
    shown = client.get(reverse("admin:orders_fulfillmentorder_exceptions")).content.decode()
    assert "A customer texted" in shown
