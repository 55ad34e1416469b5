"""The reports in a real browser, on a phone, a tablet and a desk, light and dark.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from orders.models import DayFigures
from orders.reporting.rollup import roll_up
from tests.factories import make_ready
from tests.flows.pickup import findings

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
PAINT = "dark => document.documentElement.classList.toggle('dark', dark)"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 800)}


@pytest.fixture
def chief(page, live_server):
    """A superuser who is logged in, and a chain with some days behind it."""
    part = make_ready()
    roll_up()
    for ago in range(1, 40):
        day = clock.now().date() - timedelta(days=ago)
        for store in (part.store, None):
            DayFigures.objects.create(
                store=store, day=day, placed=20 + ago % 7, asked=90, filled=80 + ago % 9, short=3
            )
    User.objects.create_superuser("chief", password="walks-fast-9")
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


@pytest.mark.usefixtures("chief")
def test_a_report_is_read_from_the_overview_to_its_numbers(page, live_server, trouble):
    page.goto(live_server.url + reverse("admin:orders_dayfigures_report"))
    page.get_by_role("link", name="Fill rate").first.click()
    page.get_by_text("The numbers").click()

    assert page.get_by_role("row", name="All together").is_visible()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.evaluate(PAINT, theme == "dark")
            page.wait_for_timeout(200)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.screenshot(path=PICTURES / f"report-{size}-{theme}.png")
    assert not findings(page)
    page.goto(live_server.url + reverse("admin:orders_dayfigures_report"))
    assert not findings(page)
    assert not trouble
