"""What the browser tests start from."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.flows.browsing import TABLET
from tests.flows.pickup import make_goods, make_warsaw, token_of
from tests.orders.picking.making import make_picker


@pytest.fixture
def bought():
    """What ``make_ready`` and the like take: a store with eight spots, and goods it has."""
    store = make_warsaw()
    return {"store": store, "lines": make_goods(store)}


@pytest.fixture
def address():
    """Where a part's page is."""
    return lambda fulfillment: f"/p/{token_of(fulfillment)}"


@pytest.fixture
def tablet(page):
    """The page, on a tablet."""
    page.set_viewport_size(TABLET)
    return page


@pytest.fixture
def chief(log_in):
    """Somebody who may do everything, logged in."""
    return log_in(User.objects.create_superuser("chief"))


@pytest.fixture
def pola(log_in, store):
    """A picker of the test's store, logged in."""
    return log_in(make_picker(store, first_name="Pola", last_name="Mak"))
