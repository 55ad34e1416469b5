"""The reports in a real browser, on a phone, a tablet and a desk, light and dark.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from orders.models import DayFigures
from orders.reporting.rollup import roll_up
from tests.factories import make_ready
from tests.flows.browsing import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def days():
    """A chain with some days behind it."""
    part = make_ready()
    roll_up()
    for ago in range(1, 40):
        day = clock.now().date() - timedelta(days=ago)
        for store in (part.store, None):
            DayFigures.objects.create(
                store=store, day=day, placed=20 + ago % 7, asked=90, filled=80 + ago % 9, short=3
            )


@pytest.mark.usefixtures("days", "chief")
def test_a_report_is_read_from_the_overview_to_its_numbers(page):
    page.goto(reverse("admin:orders_dayfigures_report"))
    look(page, "reports")
    page.get_by_role("link", name="Fill rate").first.click()
    page.get_by_text("The numbers").click()

    assert page.get_by_role("row", name="All together").is_visible()
    look(page, "report")
