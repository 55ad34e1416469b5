"""The pages of words in a real browser: what is typed is counted at once, and fits every screen.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from notifications.models import TemplateVersion
from notifications.templating.publishing import publish, save_draft
from tests.factories import make_ready
from tests.flows.pickup import PICTURES, SIZES, findings

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


@pytest.fixture
def staff(page, live_server, client):
    """A page of somebody who may do everything."""
    client.force_login(User.objects.create_superuser("ada"))
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return page


def words(locale: str, purpose: str, channel: str) -> str:
    return reverse("admin:notifications_templateversion_words", args=[locale, purpose, channel])


def too_wide(page) -> bool:
    return page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_every_screen(staff, live_server, world, size) -> None:
    pages = {
        "grid": reverse(GRID),
        "answers": reverse(GRID) + "?tab=answers",
        "text": words("fr", "ready", "sms"),
        "email": words("fr", "ready", "email"),
        "answer": words("pl", "reply_unclear", "sms"),
    }
    staff.set_viewport_size(SIZES[size])
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, link in pages.items():
        staff.goto(live_server.url + link)
        staff.screenshot(path=str(PICTURES / f"words-{size}-{name}.png"), full_page=True)
        assert not too_wide(staff), name
        assert findings(staff) == [], name


def test_what_is_typed_is_read_and_counted_at_once(staff, live_server, world) -> None:
    staff.goto(live_server.url + words("en", "ready", "sms"))
    box = staff.get_by_label("Words")
    look = staff.locator("#look")

    box.fill("{{ brand }}: prête, {{ order }}. {{ link }}")
    expect(look.locator("mark")).to_have_text("ê")
    expect(look).to_contain_text("other letters")
    box.fill("{{ brand }}: text CANCEL to {{ nobody }}")
    expect(look).to_contain_text("Nobody may be asked to text «CANCEL»")
    expect(look).to_contain_text("Nothing would be sent")
    staff.screenshot(path=str(PICTURES / "words-wrong.png"), full_page=True)

    box.fill("{{ brand }}: {{ order }} waits, PIN {{ pin }}. {{ link }}")
    staff.get_by_label("Order to look at").fill(world.order.external_id)
    expect(look).to_contain_text(f"customer of {world.order.external_id}")
    staff.get_by_label("Why it changes").fill("plainer")
    staff.get_by_role("button", name="Publish").click()
    expect(staff.get_by_text("Own words, version 1")).to_be_visible()
    row = TemplateVersion.objects.get(locale="en")
    assert (row.state, row.note) == ("published", "plainer")


def test_an_email_is_shown_as_it_will_look(staff, live_server, world) -> None:
    staff.goto(live_server.url + words("en", "ready", "email"))
    letter = staff.frame_locator("iframe")

    expect(letter.get_by_role("heading", level=1)).to_contain_text("is ready to collect")
    expect(letter.get_by_role("link", name="Open your order")).to_have_attribute(
        "href", re.compile("/p/")
    )
    staff.screenshot(path=str(PICTURES / "words-letter.png"), full_page=True)
    staff.get_by_label("Subject").fill("Order {{ order }} at last")
    expect(letter.get_by_role("heading", level=1)).to_contain_text("at last")
