"""With DATABASE_REPLICA_URL, availability is read there and nothing else is."""

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.api.keys import create_key
from tests.factories import make_channel, make_item, make_store, stock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def replica(monkeypatch):
    """A second way to the same server, under the replica's name."""
    monkeypatch.setitem(configured.DATABASES, "replica", dict(connection.settings_dict))
    made = connections["replica"]
    made.connect()  # by itself, for tests may not open what they did not name beforehand
    yield made
    made.close()
    del connections["replica"]


def test_availability_is_read_from_the_replica_and_held_in_the_primary(replica):
    channel, store, item = make_channel(), make_store(), make_item()
    stock(store, {item: 5})
    scopes = ["availability:read", "holds:write"]
    _, secret = create_key(channel=channel, name="test", scopes=scopes)
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "1"}
    wanted = {"store": store.code, "sku": item.sku}
    hold = {"store": store.code, "lines": [{"sku": item.sku, "quantity": 1}]}

    with CaptureQueriesContext(replica) as asked:
        read = Client().get("/v1/availability", wanted, headers=headers)
    with CaptureQueriesContext(replica) as asked_by_hold:
        held = Client().post("/v1/holds", hold, "application/json", headers=headers)

    assert read.json()["items"][0]["available"] == 5
    assert held.status_code == 201
    assert "inventory_stocklevel" in str(asked.captured_queries)
    assert asked_by_hold.captured_queries == []
