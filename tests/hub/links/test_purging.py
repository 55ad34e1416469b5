"""Old links go, living ones stay."""

from datetime import timedelta

import pytest

from hub import clock
from hub.events import retention
from hub.links.models import Link
from hub.links.services import make_link

pytestmark = pytest.mark.django_db


def test_links_that_ended_thirty_days_ago_are_deleted_and_later_ones_are_kept():
    for days in (31, 29, -1):
        ended = clock.now() - timedelta(days=days)
        make_link(purpose="pickup", subject=f"fulfillment:{days}", expires_at=ended)
    assert retention.run()["links"] == 1
    assert set(Link.objects.values_list("subject", flat=True)) == {
        "fulfillment:29",
        "fulfillment:-1",
    }
