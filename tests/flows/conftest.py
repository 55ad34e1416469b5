"""What the browser tests of the customer's page start from."""

from __future__ import annotations

import pytest

from tests.flows.pickup import make_goods, make_warsaw, token_of


@pytest.fixture
def bought():
    """What ``make_ready`` and the like take: a store with eight spots, and goods it has."""
    store = make_warsaw()
    return {"store": store, "lines": make_goods(store)}


@pytest.fixture
def trouble(page):
    """What a page must not do: complain in the console or fail."""
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def address(live_server):
    """Where a part's page is."""
    return lambda fulfillment: f"{live_server.url}/p/{token_of(fulfillment)}"
