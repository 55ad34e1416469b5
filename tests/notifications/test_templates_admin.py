"""The pages on which staff read, write, try and publish the words of messages."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse

from hub.crypto import lookup_hash
from hub.customers.consent import stop
from hub.stores.models import StaffScope, Store
from notifications.admin.templates import unworded
from notifications.cases import case_of
from notifications.models import Message, TemplateVersion
from notifications.services.words import compose
from tests.factories import make_person, make_ready, make_store
from tests.notifications.doing import ready_message, work

pytestmark = pytest.mark.django_db

GRID = "admin:notifications_templateversion_changelist"
KEY = ("en", "ready", "sms")
BODY = "{{ brand }}: order {{ order }} waits. PIN {{ pin }}. {{ link }}"
PHONE = "+48500123456"


@pytest.fixture
def writer(client):
    person = make_person(first_name="Ada", last_name="Lis")
    names = ["view_templateversion", "change_templateversion", "view_order", "see_all_stores"]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(person)
    return person


def link(key=KEY, view: str = "words") -> str:
    return reverse(f"admin:notifications_templateversion_{view}", args=key)


def post(client, act: str, *, key=KEY, body: str = BODY, **more):
    return client.post(link(key), {"act": act, "body": body, "title": "", **more}, follow=True)


def seen() -> str:
    return TemplateVersion.objects.get(state="draft").digest


def test_the_grid_shows_whose_words_are_in_force(client, writer) -> None:
    post(client, "publish", note="shorter")
    post(client, "save", key=("fr", "ready", "sms"), body="{{ brand }}")

    page = client.get(reverse(GRID)).content.decode()

    assert 'aria-label="Ready to be collected, English: own 1"' in page
    assert 'aria-label="Ready to be collected, French: shipped + draft"' in page
    assert 'aria-label="Ready to be collected, Polish: shipped"' in page


@pytest.mark.parametrize("tab", ["sms", "email", "answers"])
def test_each_tab_of_the_grid_opens(client, writer, tab) -> None:
    assert client.get(reverse(GRID), {"tab": tab}).status_code == 200
    assert client.get(reverse(GRID), {"tab": "fax"}).status_code == 404


def test_a_draft_is_saved_and_published_with_who_and_why(client, writer) -> None:
    post(client, "save")
    page = post(client, "publish", seen=seen(), note="shorter").content.decode()

    row = TemplateVersion.objects.get()
    assert (row.state, row.note, row.published_by) == ("published", "shorter", row.created_by)
    assert str(writer.pk) in row.published_by
    assert "Own words, version 1" in page


def test_what_is_refused_stays_typed(client, writer) -> None:
    reply = post(client, "publish", body="{{ brand }}: text CANCEL <b>")

    page = reply.content.decode()
    assert reply.status_code == 422
    assert "{{ brand }}: text CANCEL &lt;b&gt;</textarea>" in page
    assert "phone companies keep that word" in page
    assert not TemplateVersion.objects.filter(state="published").exists()


def test_a_draft_that_somebody_else_changed_is_not_overwritten(client, writer) -> None:
    post(client, "save")
    reply = post(client, "save", body="{{ brand }}: mine", seen="")

    assert reply.status_code == 409
    assert "{{ brand }}: mine</textarea>" in reply.content.decode()
    assert TemplateVersion.objects.get().body == BODY


def test_a_draft_can_be_discarded_and_own_words_withdrawn(client, writer) -> None:
    post(client, "publish")
    post(client, "save", body=BODY + "!")
    post(client, "discard", seen=seen())
    post(client, "withdraw")

    assert [row.state for row in TemplateVersion.objects.all()] == ["retired"]


def test_an_older_version_can_be_taken_up_again(client, writer) -> None:
    post(client, "publish")
    post(client, "publish", body="{{ brand }}: other {{ order }}")

    page = client.get(link(), {"version": "1"}).content.decode()

    assert f"{BODY}</textarea>" in page


def test_the_look_counts_texts_and_names_the_costly_character(client, writer) -> None:
    body = "{{ brand }} : commande {{ order }} prête"
    page = client.post(link(view="look"), {"body": body}).content.decode()

    assert "<mark>ê</mark>" in page
    assert "1 text</b>" in page
    assert "other letters" in page
    assert "Against what the hub ships" in page
    assert not TemplateVersion.objects.exists()


def test_the_look_at_a_real_order_shows_neither_pin_nor_link(client, writer) -> None:
    part = make_ready()
    reference = part.order.external_id

    page = client.post(link(view="look"), {"body": BODY, "order": reference}).content.decode()

    assert f"order {reference} waits" in page
    assert part.pickup_code.pin not in page
    assert "482913" in page


def test_an_order_of_a_store_that_is_not_theirs_is_not_there(client, writer) -> None:
    writer.user_permissions.remove(Permission.objects.get(codename="view_order"))
    reference = make_ready().order.external_id

    page = client.post(link(view="look"), {"body": BODY, "order": reference}).content.decode()

    assert "no such order" in page


def test_an_order_that_is_not_there_is_said(client, writer) -> None:
    page = client.post(link(view="look"), {"body": BODY, "order": "W-0\x00"}).content.decode()

    assert "no such order" in page


def test_the_look_at_an_email_is_a_page_that_can_do_nothing(client, writer) -> None:
    key = ("en", "ready", "email")
    page = client.get(link(key)).content.decode()

    assert 'sandbox="" srcdoc="&lt;!doctype html&gt;' in page


@pytest.mark.parametrize(
    "body", ["{{", "{% for a in b %}", "{{ nonsense }}", "", "x" * 6000, "\x00", "\u202e"]
)
def test_odd_words_are_refused_with_a_sentence(client, writer, body) -> None:
    for view in ("words", "look"):
        reply = client.post(link(view=view), {"act": "publish", "body": body})
        assert reply.status_code in (200, 422)
    assert not TemplateVersion.objects.filter(state="published").exists()


@pytest.mark.parametrize(
    "key", [("de", "ready", "sms"), ("en", "raffle", "sms"), ("en", "reply_help", "email")]
)
def test_there_is_no_page_for_what_is_never_said(client, writer, key) -> None:
    assert client.get(link(key)).status_code == 404


def test_those_who_work_for_named_stores_do_not_write_for_all(client, writer) -> None:
    StaffScope.objects.create(user=writer, store=make_ready().store)

    assert client.get(reverse(GRID)).status_code == 404
    assert client.get(link()).status_code == 404
    assert post(client, "publish").status_code == 404


def test_who_may_only_read_cannot_write(client, writer) -> None:
    names = ["view_templateversion", "see_all_stores"]
    writer.user_permissions.set(Permission.objects.filter(codename__in=names))

    page = client.get(link()).content.decode()

    assert "readonly" in page
    assert 'value="publish"' not in page
    assert post(client, "publish").status_code == 404


def test_a_trial_goes_to_the_number_by_the_usual_path(client, writer, phone) -> None:
    make_store()  # texts go to numbers of countries with stores

    page = post(client, "trial", to=PHONE, harmless="").content.decode()
    work()

    message = Message.objects.get()
    assert "On its way by" in page
    assert (message.purpose, message.outcome, message.profile) == ("trial", "accepted", None)
    assert "order W-100234 waits. PIN 482913." in message.body
    assert not TemplateVersion.objects.exists()


def test_a_trial_respects_that_a_number_asked_for_no_more_texts(client, writer) -> None:
    stop(address_hash=lookup_hash("phone", PHONE), channel="sms", method="sms", reference="c1")
    make_store()

    page = post(client, "trial", to=PHONE).content.decode()

    assert "Not sent:" in page
    assert Message.objects.get().outcome == "suppressed"


@pytest.mark.parametrize("to", ["", "12", "nobody", "+48 22 000", "x" * 500])
def test_a_trial_needs_a_number(client, writer, to) -> None:
    assert post(client, "trial", to=to).status_code in (400, 422)
    assert not Message.objects.exists()


def test_a_trial_by_email_arrives_with_its_page(client, writer) -> None:
    key = ("en", "ready", "email")
    words = {"title": "Order {{ order }}", "body": "Hello,\n\n{{ link }}"}

    client.post(link(key), {"act": "trial", "to": "ann@example.com", **words})

    (letter,) = mail.outbox
    assert letter.subject == "Order W-100234"
    assert letter.alternatives[0][1] == "text/html"


def test_a_message_without_words_is_among_what_needs_a_person(client, writer) -> None:
    message = ready_message()
    Message.objects.filter(pk=message.pk).update(
        outcome="suppressed", outcome_reason="template_error"
    )

    (problem,) = unworded(Store.objects.all())

    assert problem.title == "Words are missing"
    assert problem.detail == "Ready to be collected by sms in en: nothing was sent"


def test_what_is_published_reaches_customers_and_a_missing_value_keeps_it_back(
    client, writer, phone
) -> None:
    post(client, "publish", body="{{ brand }}: come for {{ order }}, PIN {{ pin }}")
    good, bad = ready_message(), ready_message()
    case_of(bad.subject).fulfillment.pickup_code.delete()
    work()

    good.refresh_from_db()
    bad.refresh_from_db()
    assert "come for" in good.body
    assert good.template == "en/ready.sms@1"
    assert (bad.outcome, bad.outcome_reason, bad.body) == ("suppressed", "template_error", "")
    assert compose([(good, case_of(good.subject))])[good.pk].body == good.body
