"""The pages of words in a real browser: what is typed is counted at once, and fits every screen.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from notifications.models import TemplateVersion
from notifications.templating.publishing import publish, save_draft
from tests.factories import make_ready
from tests.flows.browsing import look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRID = "admin:notifications_templateversion_changelist"
OWN = "{{ brand }} : commande {{ order }} prête à {{ store }}. PIN {{ pin }}. {{ link }}"


@pytest.fixture
def world():
    """Some words of one's own, a draft beside them, and an order to look at."""
    key = ("fr", "ready", "sms")
    draft = save_draft(key=key, title="", body=OWN, by="staff:1")
    publish(key=key, seen=draft.digest, note="shorter", by="staff:1")
    save_draft(key=key, title="", body=f"{OWN} Merci !", by="staff:1")
    return make_ready()


def words(locale: str, purpose: str, channel: str) -> str:
    return reverse("admin:notifications_templateversion_words", args=[locale, purpose, channel])


def test_every_page_fits_every_screen(page, world, chief) -> None:
    pages = {
        "grid": reverse(GRID),
        "answers": reverse(GRID) + "?tab=answers",
        "text": words("fr", "ready", "sms"),
        "email": words("fr", "ready", "email"),
        "answer": words("pl", "reply_unclear", "sms"),
    }
    look_at_all(page, {f"words-{name}": where for name, where in pages.items()})


def test_what_is_typed_is_read_and_counted_at_once(page, world, chief) -> None:
    page.goto(words("en", "ready", "sms"))
    box = page.get_by_label("Words")
    said = page.locator("#look")

    box.fill("{{ brand }}: prête, {{ order }}. {{ link }}")
    expect(said.locator("mark")).to_have_text("ê")
    expect(said).to_contain_text("other letters")
    box.fill("{{ brand }}: text CANCEL to {{ nobody }}")
    expect(said).to_contain_text("Nobody may be asked to text «CANCEL»")
    expect(said).to_contain_text("Nothing would be sent")
    look(page, "words-wrong")

    box.fill("{{ brand }}: {{ order }} waits, PIN {{ pin }}. {{ link }}")
    page.get_by_label("Order to look at").fill(world.order.external_id)
    expect(said).to_contain_text(f"customer of {world.order.external_id}")
    page.get_by_label("Why it changes").fill("plainer")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Own words, version 1")).to_be_visible()
    row = TemplateVersion.objects.get(locale="en")
    assert (row.state, row.note) == ("published", "plainer")


def test_an_email_is_shown_as_it_will_look(page, world, chief) -> None:
    page.goto(words("en", "ready", "email"))
    letter = page.frame_locator("iframe")

    expect(letter.get_by_role("heading", level=1)).to_contain_text("is ready to collect")
    expect(letter.get_by_role("link", name="Open your order")).to_have_attribute(
        "href", re.compile("/p/")
    )
    look(page, "words-letter")
    page.get_by_label("Subject").fill("Order {{ order }} at last")
    expect(letter.get_by_role("heading", level=1)).to_contain_text("at last")
