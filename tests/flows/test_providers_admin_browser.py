"""The pages of providers in a real browser: set one up, try it, and see how it does.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.events.models import Breaker
from hub.providers.models import Provider
from hub.providers.spending import charge
from hub.simulators.models import SimulatedText
from tests.factories import make_provider, make_store
from tests.flows.browsing import look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(live_server, settings):
    """A store whose texts reach the simulated telephones."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    make_store(country="PL")


def address(view, *args):
    return reverse(f"admin:providers_provider_{view}", args=args)


def test_an_account_is_set_up_and_tried_with_a_text(page, shop, chief):
    page.goto(address("add"))
    page.fill("[name=name]", "phones")
    page.select_option("[name=channel]", "sms")
    page.select_option("[name=connector]", "handset")
    page.click("button[name=_save], input[name=_save]")
    page.click("text=How it does")
    page.fill("[name=to]", "+48600700800")
    page.click("button:has-text('Send it')")
    page.wait_for_selector("text=They took it")
    assert SimulatedText.objects.get().provider == Provider.objects.get().name == "phones"


def test_every_page_fits_every_screen(page, shop, chief):
    row = make_provider(
        name="twilio-main",
        connector="twilio",
        base_url="",
        account="AC" + "1" * 32,
        price_micros=52_500,
        daily_cap_micros=50_000_000,
        previous_callback_secret="old",
    )
    spare = make_provider(name="kannel-spare", connector="kannel", rank=2)
    charge(provider=row.name, messages=312, segments=390, micros=20_475_000)
    Breaker.objects.create(
        key=f"sms:{spare.name}",
        state="open",
        failures=9,
        last_error="no connection: NewConnectionError to a host with a rather long name",
        due_at=clock.now() + timedelta(minutes=1),
    )
    pages = {
        "list": address("changelist"),
        "state": address("state", row.pk),
        "settings": address("change", row.pk),
        "away": address("state", spare.pk),
    }
    look_at_all(page, {f"providers-{name}": where for name, where in pages.items()})
    page.click("button:has-text('Replace it')")
    page.wait_for_selector("text=shown this once")
    look(page, "providers-once")
