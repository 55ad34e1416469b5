"""/live, /ready and /metrics."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from hub import health
from hub.events.health import beat
from hub.events.models import Delivery, Fact
from hub.inbox.services import keep
from notifications.models import Message
from tests.notifications.doing import ready_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def test_a_process_is_alive_without_asking_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/live")

    assert answer.status_code == 200


def test_the_hub_is_ready_when_all_its_parts_are(client):
    beat("relay", "a")
    beat("cluster", "a")

    answer = client.get("/ready")

    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


@pytest.mark.parametrize("kind", ["relay", "cluster"])
def test_a_part_that_never_showed_life_is_named(client, kind):
    beat({"relay": "cluster", "cluster": "relay"}[kind], "a")

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"][kind] == "no sign of life yet"


def test_a_part_that_fell_silent_is_named(client):
    beat("relay", "a")
    beat("cluster", "a")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_heartbeat SET seen_at = now() - interval '200 s' WHERE kind = 'relay'"
        )

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"]["relay"].startswith("silent for 20")


def test_a_migration_that_is_not_applied_is_named(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'api'")

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert "not applied" in answer.json()["checks"]["migrations"]


def test_a_newer_database_is_no_fault(client):
    beat("relay", "a")
    beat("cluster", "a")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('api', 'z', now())"
        )

    assert client.get("/ready").status_code == 200


def test_a_database_that_is_away_is_named(client, monkeypatch):
    def away():
        raise OperationalError("connection refused")

    monkeypatch.setitem(health._CHECKS, "database", away)
    monkeypatch.setattr(connection, "close", lambda: None)

    answer = client.get("/ready")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "cannot be reached"}


def test_waiting_and_parked_work_is_counted_by_lane(client):
    fact = Fact.objects.create(name="x", v=1, data={}, occurred_at="2026-01-01T00:00:00Z")
    for number, state in enumerate(["pending", "pending", "parked", "done"]):
        Delivery.objects.create(fact=fact, handler=f"h{number}", lane="pos:9", state=state)
    Delivery.objects.filter(handler="h0").update(due_at="2026-01-01T00:00:00Z")
    beat("relay", "a")

    text = client.get("/metrics").content.decode()

    assert 'hub_work_pending{lane="pos:9",queue="delivery"} 2.0' in text
    assert 'hub_work_parked{lane="pos:9",queue="delivery"} 1.0' in text
    assert 'hub_heartbeat_age_seconds{kind="relay"}' in text
    oldest = next(line for line in text.splitlines() if line.startswith("hub_work_oldest"))
    assert float(oldest.rpartition(" ")[2]) > 1000


def test_what_nobody_knows_of_is_counted(client):
    messages = [ready_message(), ready_message(), ready_message()]
    rows = Message.objects.filter(pk__in=[message.pk for message in messages])
    rows.update(outcome="ambiguous")
    rows.filter(pk=messages[0].pk).update(state="parked")
    rows.filter(pk=messages[1].pk).update(state="done", finished_at="2026-01-01T00:00:00Z")

    text = client.get("/metrics").content.decode()

    assert 'hub_work_in_doubt{queue="message"} 2.0' in text
    assert 'hub_work_in_doubt{queue="delivery"} 0.0' in text


def test_calls_that_come_twice_are_counted(client):
    before = _dropped(client)
    for event_id in ("a", "b", "a", "a"):
        keep(source="sms:handset", event_id=event_id, body=b'{"type": "x", "data": {}}')

    assert _dropped(client) - before == 2


def _dropped(client):
    lines = client.get("/metrics").content.decode().splitlines()
    wanted = 'hub_inbox_duplicates_total{kind="sms"}'
    return sum(float(line.split()[-1]) for line in lines if line.startswith(wanted))


def test_the_newest_migration_of_each_app_is_told(client):
    text = client.get("/metrics").content.decode()

    assert 'hub_migration{app="contenttypes",name="0002_remove_content_type_name"} 1.0' in text


def test_requests_are_counted_by_template_never_by_address(client):
    client.get("/v1/stores/canary-store")

    text = client.get("/metrics").content.decode()

    assert 'route="v1/stores/<str:reference>",status="401"' in text
    assert "canary-store" not in text


@pytest.mark.parametrize(
    ("address", "status"), [("127.0.0.1", 200), ("10.1.2.3", 200), ("8.8.8.8", 404), ("junk", 404)]
)
def test_the_figures_are_for_private_networks_only(client, address, status):
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == status


def test_a_forwarded_address_is_believed_as_far_as_proxies_are_trusted(client, settings):
    forged = {"X-Forwarded-For": "127.0.0.1, 8.8.8.8"}
    assert client.get("/metrics", headers=forged, REMOTE_ADDR="8.8.8.8").status_code == 404

    settings.TRUSTED_PROXIES = 1

    assert client.get("/metrics", headers=forged, REMOTE_ADDR="10.0.0.1").status_code == 404


def test_probes_may_ask_by_address_and_over_plain_http_and_nobody_else(client, settings):
    settings.ALLOWED_HOSTS = ["hub.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    beat("relay", "a")
    beat("cluster", "a")
    by_address = {"Host": "172.17.0.2:8000"}

    for address in ("/live", "/ready", "/metrics"):
        assert client.get(address, headers=by_address).status_code == 200
    assert client.get("/v1/orders", headers=by_address, secure=True).status_code == 400


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_looking_is_all_that_can_be_done(client, method):
    for address in ("/live", "/ready", "/metrics"):
        assert getattr(client, method)(address).status_code == 405
