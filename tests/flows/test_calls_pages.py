"""Calls, reasons and measures of messages in a real browser, on a phone, a tablet and a desk.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.connectors.registry import sms_connector
from notifications.models import CallTask, Message
from notifications.reaching.following import follow_due
from notifications.services.folding import Heard, take_heard
from tests.flows.browsing import look
from tests.notifications.doing import ready_message, work

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ZOFIA = {"name": "Zofia Nowak", "phone": "+48500123456", "notify": ["sms"]}
JEAN = {"name": "Jean Petit", "phone": "+48500123457", "email": "jean@example.com"}


@pytest.fixture
def unheard(db):
    """Two customers: one has only a phone that stays silent, of the other a mail is on its way."""
    sms_connector("memory").clear()
    messages = [ready_message(customer=ZOFIA), ready_message(customer=JEAN | {"notify": ["sms"]})]
    work()
    take_heard(
        Heard(
            source="sms:memory",
            reference=messages[1].public_id,
            status="undelivered",
            code="30003",
            raw="{}",
        )
    )
    with clock.turned_to(clock.now() + timedelta(minutes=11)):
        follow_due()
    yield messages
    sms_connector("memory").clear()


@pytest.mark.usefixtures("unheard", "chief")
def test_the_store_calls_whom_nothing_reached_and_notes_what_came_of_it(page):
    page.goto(reverse("admin:notifications_calltask_board"))
    look(page, "calls")
    card = page.locator("section", has_text="Zofia Nowak")
    assert card.locator("a[href='tel:+48500123456']").is_visible()
    card.get_by_role("button", name="No answer").click()
    page.wait_for_load_state()
    card = page.locator("section", has_text="Zofia Nowak")
    assert "Called 1 time" in card.inner_text()
    card.get_by_label("Note").fill("comes at five")
    card.get_by_role("button", name="Reached", exact=True).click()
    page.wait_for_load_state()
    assert "Noted: the customer knows." in page.content()
    task = CallTask.objects.get(outcome="reached")
    assert (task.note, task.tries) == ("comes at five", 2)


@pytest.mark.usefixtures("unheard", "chief")
def test_the_reasons_and_the_measures_can_be_read_everywhere(page):
    message = Message.objects.get(provider_code="30003")
    page.goto(reverse("admin:notifications_message_change", args=[message.pk]))
    assert "phone switched off or out of reach" in page.content()
    look(page, "why")
    page.get_by_role("link", name="All about this order").click()
    page.wait_for_load_state()
    look(page, "why-order")
    page.goto(reverse("admin:notifications_message_measures"))
    assert page.get_by_text("Ready to told", exact=True).is_visible()
    look(page, "measures")
    page.locator("select[name=span]").select_option("day")
    page.wait_for_url("**span=day*")
