"""What leaves the house: links, closing lines, pinned versions, and the page of an e-mail."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.db.models.functions import Now

from hub.links.models import Link
from notifications.cases import case_of, cases_of
from notifications.models import Message
from notifications.services.words import compose, put_into_words, word_reply
from notifications.templating.mailing import html_of
from notifications.templating.publishing import publish, save_draft
from notifications.wording import WordingError
from tests.notifications.doing import ready_message, received_message

pytestmark = pytest.mark.django_db

OURS = "http://127.0.0.1:8000"


def words_of(message: Message):
    return put_into_words(message, case_of(message.subject))


def in_force(body: str, *, purpose: str = "ready", channel: str = "sms", title: str = ""):
    key = ("en", purpose, channel)
    draft = save_draft(key=key, title=title, body=body, by="lead")
    return publish(key=key, seen=draft.digest, note="", by="lead")


def was_told(message: Message) -> None:
    """A text has gone to that number before."""
    Message.objects.filter(pk=message.pk).update(accepted_at=Now())


def test_the_first_text_to_a_number_says_how_to_have_no_more_and_how_to_get_help() -> None:
    words = words_of(received_message())

    assert words.body.endswith("Reply STOP to opt out, HELP for help.")
    assert (words.segments, words.encoding) == (1, "gsm7")


def test_later_texts_say_it_shorter_where_no_page_says_it() -> None:
    first = received_message()
    was_told(first)
    contact = first.contact
    again = received_message()
    Message.objects.filter(pk=again.pk).update(contact=contact)
    again.refresh_from_db()

    assert words_of(again).body.endswith("Reply STOP to opt out.")


def test_a_text_with_a_link_leaves_it_to_the_page() -> None:
    message = ready_message()
    other = received_message()
    Message.objects.filter(pk=other.pk).update(contact=message.contact)
    was_told(other)

    body = words_of(message).body

    assert re.search(r"/p/[\w-]{22}$", body)
    assert Link.objects.count() == 1


def test_the_first_text_names_the_brand_even_if_its_template_does_not() -> None:
    in_force("Order {{ order }} is in.", purpose="order_received")
    message = received_message()

    body = words_of(message).body

    brand = case_of(message.subject).store.brand.name
    assert body.startswith(f"{brand}: Order")


def test_a_message_keeps_the_version_it_was_written_with() -> None:
    version = in_force("{{ brand }}: {{ order }}{% if pin %} PIN {{ pin }}{% endif %} {{ link }}")
    message = ready_message()
    first = words_of(message)
    in_force("{{ brand }}: other {{ order }}")
    message.refresh_from_db()

    again = words_of(message)

    assert (message.template_version_id, message.template) == (version.pk, "en/ready.sms@1")
    assert again == first
    assert (message.segments, message.encoding) == (first.segments, "gsm7")


def test_a_template_without_its_value_writes_nothing() -> None:
    in_force("{{ brand }}: {{ order }} {{ pin }}")
    message = ready_message()
    case = case_of(message.subject)
    case.fulfillment.pickup_code.delete()

    with pytest.raises(WordingError, match="lacks pin"):
        put_into_words(message, case_of(message.subject))

    message.refresh_from_db()
    assert message.body == ""


def test_one_that_cannot_be_worded_does_not_keep_the_others() -> None:
    good, bad = ready_message(), ready_message()
    case_of(bad.subject).fulfillment.pickup_code.delete()

    made = compose([(row, case_of(row.subject)) for row in (good, bad)])

    assert "PIN" in made[good.pk].body
    assert isinstance(made[bad.pk], WordingError)


@pytest.mark.parametrize("count", [1, 12])
def test_many_messages_take_no_more_queries_than_one(
    count: int, django_assert_max_num_queries
) -> None:
    rows = [ready_message() for _ in range(count)]
    cases = cases_of(rows)

    with django_assert_max_num_queries(5):
        made = compose([(row, cases[row.pk]) for row in rows])

    assert len({words.body for words in made.values()}) == count
    assert Link.objects.count() == count


@pytest.mark.parametrize(("letters", "encoding"), [("ascii", "gsm7"), ("keep", "ucs2")])
def test_the_house_says_how_plainly_a_language_is_spelled(settings, letters, encoding) -> None:
    settings.SMS_LETTERS = {"pl": letters}
    message = received_message()
    Message.objects.filter(pk=message.pk).update(locale="pl-PL")
    message.refresh_from_db()

    words = words_of(message)

    assert words.encoding == encoding
    assert ("ó" in words.body) == (letters == "keep")


def test_an_answer_is_worded_at_once_and_in_its_language() -> None:
    words = word_reply(purpose="reply_help", locale="fr-BE", values={"brand": "Leaf"})

    assert words.body.startswith("Leaf : SMS sur vos commandes.")
    assert words.template.startswith("fr/reply_help.sms@")
    assert words.segments == 1


def test_an_answer_that_lacks_a_value_is_none() -> None:
    with pytest.raises(WordingError, match="lacks topic"):
        word_reply(purpose="reply_stop_topic_confirmed", locale="en", values={"brand": "Leaf"})


class Reader(HTMLParser):
    """The links of a page, and every attribute that could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def test_the_page_of_an_email_says_the_same_and_makes_its_link_a_button(settings) -> None:
    settings.PUBLIC_BASE_URL = OURS
    body = f"Hello,\n\nyour order waits\nat:\n\n  Nord\n  Main 1\n\nSee here:\n{OURS}/p/abc\n\nLeaf"

    page = html_of("Ready", body, "fr")

    assert '<html lang="fr">' in page
    assert read(page).links == [f"{OURS}/p/abc"]
    assert "Ouvrir la commande" in page
    assert "your order waits at:" in page
    assert "Nord<br>Main 1" in page
    assert "<title>Ready</title>" in page


def test_nothing_that_a_customer_wrote_becomes_a_tag_or_a_link(settings) -> None:
    settings.PUBLIC_BASE_URL = OURS
    evil = f"<script>x</script> <a href='http://evil.example'>y</a> {OURS}.evil.example/p/1"

    page = html_of(evil, f"{evil}\n\nhttp://evil.example/x\n\njavascript:alert(1)", "en")

    assert read(page).links == []
    assert not {"script", "a", "img"} & set(read(page).tags)
    assert "&lt;script&gt;" in page


def test_a_link_within_a_sentence_stays_there(settings) -> None:
    settings.PUBLIC_BASE_URL = OURS

    page = html_of("Short", f"This is your order: {OURS}/p/abc", "en")

    assert f'<a href="{OURS}/p/abc"' in page
    assert "This is your order: <a" in page


def test_an_email_has_a_page_on_every_try() -> None:
    message = ready_message()
    Message.objects.filter(pk=message.pk).update(channel="email")
    message.refresh_from_db()
    first = words_of(message)
    message.refresh_from_db()

    assert re.search(r"Choose what we send you, and how: http\S+/n/[\w-]{22}\n$", first.body)
    assert read(first.html).links == re.findall(r"http\S+", first.body)
    assert words_of(message) == first
    assert (first.segments, first.encoding) == (0, "")
