"""The pages of providers in a real browser: set one up, try it, and see how it does.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from hub.events.models import Breaker
from hub.providers.models import Provider
from hub.providers.spending import charge
from hub.simulators.models import SimulatedText
from tests.factories import make_provider, make_store

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 800)}


@pytest.fixture
def chief(page, live_server, trouble, settings):
    """Somebody logged in; whatever a page complains of fails the test."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    make_store(country="PL")
    User.objects.create_superuser("chief", password="walks-fast-9")
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    yield
    assert trouble == []


def address(view, *args):
    return reverse(f"admin:providers_provider_{view}", args=args)


def test_an_account_is_set_up_and_tried_with_a_text(page, live_server, chief):
    page.goto(live_server.url + address("add"))
    page.fill("[name=name]", "phones")
    page.select_option("[name=channel]", "sms")
    page.select_option("[name=connector]", "handset")
    page.click("button[name=_save], input[name=_save]")
    page.click("text=How it does")
    page.fill("[name=to]", "+48600700800")
    page.click("button:has-text('Send it')")
    page.wait_for_selector("text=They took it")
    assert SimulatedText.objects.get().provider == Provider.objects.get().name == "phones"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_every_screen(page, live_server, chief, size, scheme):
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
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.emulate_media(color_scheme=scheme)
    PICTURES.mkdir(parents=True, exist_ok=True)
    pages = {
        "list": address("changelist"),
        "state": address("state", row.pk),
        "away": address("state", spare.pk),
        "settings": address("change", row.pk),
        "once": address("state", spare.pk),
    }
    for name, where in pages.items():
        page.goto(live_server.url + where)
        if name == "once":
            page.click("button:has-text('Replace it')")
            page.wait_for_selector("text=shown this once")
        page.wait_for_load_state("load")
        page.screenshot(path=PICTURES / f"providers-{name}-{size}-{scheme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide at {size}"
