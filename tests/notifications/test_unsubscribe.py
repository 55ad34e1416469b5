"""Unsubscribing with one click: a POST acts at once, a look changes nothing."""

from urllib.parse import urlsplit

import pytest

from hub.customers.consent import is_refused, start
from hub.customers.letters import preferences_path, unsubscribe_headers, unsubscribe_url
from hub.customers.models import ConsentEvent, Contact
from hub.customers.proof import verify_chain
from hub.links.models import Link
from hub.links.services import make_link
from notifications.pages.words import WORDS
from tests.factories import CUSTOMER, make_order

pytestmark = pytest.mark.django_db


def letter(**order):
    """Where a letter about a fresh order unsubscribes, with the order."""
    made = make_order(**order)
    return urlsplit(unsubscribe_url(made.profile, made.contact)).path, made


def click(client, path):
    """What a mail program posts (RFC 8058)."""
    return client.post(path, {"List-Unsubscribe": "One-Click"})


def test_one_post_ends_all_e_mail_to_the_address_and_nothing_else(client):
    path, order = letter()
    reply = click(client, path)
    assert reply.status_code == 200
    assert WORDS["en"]["off_done_title"] in reply.text
    assert is_refused(order.contact.email_hash, "email", "all")
    assert not is_refused(order.contact.phone_hash, "sms")
    line = ConsentEvent.objects.get()
    assert (line.channel, line.purpose, line.status) == ("email", "all", "revoked")
    assert (line.method, line.actor) == ("unsubscribe", "customer")


def test_a_scanner_that_opens_every_link_changes_nothing(client):
    path, _ = letter()
    for _ in range(3):
        reply = client.get(path)
        assert reply.status_code == 200
    assert client.head(path).status_code == 200
    assert WORDS["en"]["off_button"] in reply.text
    assert not ConsentEvent.objects.exists()
    assert Link.objects.filter(purpose="preferences").count() == 0


def test_the_page_shows_no_address(client):
    path, _ = letter()
    for text in (client.get(path).text, click(client, path).text):
        assert CUSTOMER["email"] not in text
        assert "a•••@e•••" in text


def test_the_same_click_again_adds_no_line(client):
    path, order = letter()
    for _ in range(3):
        assert click(client, path).status_code == 200
    assert ConsentEvent.objects.count() == 1
    assert verify_chain(order.contact.email_hash) == []


def test_a_click_after_a_change_of_mind_counts_again(client):
    path, order = letter()
    click(client, path)
    start(address_hash=order.contact.email_hash, channel="email", method="page")
    click(client, path)
    assert is_refused(order.contact.email_hash, "email")


def test_the_address_of_the_letter_counts_not_the_newest_of_the_customer(client):
    path, order = letter()
    fresh = Contact.objects.create(email="new@example.com", identity_hash="n", email_hash="n" * 32)
    order.profile.contact = fresh
    order.profile.save()
    click(client, path)
    assert is_refused(order.contact.email_hash, "email")
    assert not is_refused("n" * 32, "email")


def test_whatever_is_posted_unsubscribes(client):
    path, order = letter()
    reply = client.post(path, b"\xff\x00", content_type="application/octet-stream")
    assert reply.status_code == 200
    assert is_refused(order.contact.email_hash, "email")


def test_who_has_decided_may_choose_otherwise(client):
    path, _ = letter()
    assert "/n/" in click(client, path).text
    assert Link.objects.filter(purpose="preferences").count() == 1


def test_links_of_other_kinds_and_subjects_lead_nowhere(client):
    order = make_order()
    tokens = [
        preferences_path(order.profile).rpartition("/")[2],
        make_link(purpose="unsubscribe", subject="contact:999999999"),
        make_link(purpose="unsubscribe", subject="profile:1"),
        "x",
    ]
    for token in tokens:
        assert click(client, f"/n/stop/{token}").status_code == 404
    assert not ConsentEvent.objects.exists()


def test_the_page_is_kept_by_nobody(client):
    path, _ = letter()
    for reply in (client.get(path), click(client, path)):
        assert reply["Cache-Control"] == "no-store"
        assert reply["Referrer-Policy"] == "no-referrer"
        assert "noindex" in reply["X-Robots-Tag"]


def test_a_letter_carries_both_headers_on_one_line_each():
    order = make_order()
    headers = unsubscribe_headers(order.profile, order.contact)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"]
    assert address.startswith("<http")
    assert address.endswith(">")
    assert not set("\r\n ") & set(address)


def test_a_letter_to_somebody_without_a_profile_can_be_unsubscribed_from(client):
    order = make_order()
    path = urlsplit(unsubscribe_url(None, order.contact)).path
    assert click(client, path).status_code == 200
    assert is_refused(order.contact.email_hash, "email")
