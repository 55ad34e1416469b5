"""Waves: who is moved, who stays and why, and that pressing twice moves once."""

from __future__ import annotations

from multiprocessing import Event, Queue, Value

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django_q.models import Failure, OrmQ
from django_q.monitor import monitor
from django_q.pusher import pusher
from django_q.worker import worker

from hub.integration import checking, waves
from hub.integration.checking import FOR_LIVE, Check, Found
from hub.integration.models import StageChange, Wave, WaveStore
from hub.integration.waves import run_wave, start_wave
from hub.stores.models import StaffScope, Stage, Store, StoreGroup
from tests.factories import make_person, make_store
from tests.racing import at_once

pytestmark = pytest.mark.django_db
Outcome = WaveStore.Outcome


@pytest.fixture(autouse=True)
def _only_codes_that_end_in_x_lack_something(monkeypatch):
    """One check stands in for all: stores whose code ends in X have no POS."""

    def look(stores):
        return {
            store.pk: Found(not store.code.endswith("X"), "no POS", "/admin/") for store in stores
        }

    check = Check("pos", "POS answers", look, FOR_LIVE)
    monkeypatch.setattr(checking, "checks", lambda: (check,))


def in_setup(*codes):
    return [make_store(code=code, pickup_enabled=False, stage=Stage.SETUP) for code in codes]


def stages(*codes):
    found = dict(Store.objects.values_list("code", "stage"))
    return [found[code] for code in codes]


def outcomes(wave):
    return dict(wave.stores.values_list("store__code", "outcome"))


def test_those_that_are_ready_are_moved_and_the_others_are_told_with_the_reason():
    stores = in_setup("A", "B", "CX")

    wave = start_wave(stores=stores, target="live", by="iga", token="t1")

    assert wave.state == Wave.State.DONE
    assert outcomes(wave) == {"A": "moved", "B": "moved", "CX": "refused"}
    assert wave.stores.get(store__code="CX").detail == "store CX is not ready: pos"
    assert stages("A", "B", "CX") == ["live", "live", "setup"]


def test_the_same_token_again_shows_the_first_wave():
    stores = in_setup("A", "B")
    first = start_wave(stores=stores[:1], target="live", by="iga", token="t1")

    again = start_wave(stores=stores, target="live", by="iga", token="t1")

    assert again == first
    assert stages("A", "B") == ["live", "setup"]


def test_an_override_moves_those_that_lack_a_must_and_keeps_who_and_why():
    start_wave(
        stores=in_setup("CX"), target="live", by="iga", token="t1", overrides=True, reason="trial"
    )

    change = StageChange.objects.get()
    assert (change.overridden, change.reason, change.by) == (["pos"], "trial", "iga")


def test_a_wave_that_died_goes_on_where_it_stopped(monkeypatch):
    monkeypatch.setattr(waves, "AT_ONCE", 0)
    monkeypatch.setattr(waves, "async_task", lambda *_, **__: None)
    wave = start_wave(stores=in_setup("A", "B"), target="live", by="iga", token="t1")
    first = wave.stores.get(store__code="A")
    Wave.objects.filter(pk=wave.pk).update(state="running", begun_at="2026-01-01T00:00Z")
    WaveStore.objects.filter(pk=first.pk).update(outcome=Outcome.MOVED)

    run_wave(key=wave.pk)

    assert stages("A", "B") == ["setup", "live"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_wave_that_is_run_four_times_at_once_moves_each_store_once(monkeypatch):
    monkeypatch.setattr(waves, "AT_ONCE", 0)
    monkeypatch.setattr(waves, "async_task", lambda *_, **__: None)
    wave = start_wave(stores=in_setup("A", "B", "C"), target="live", by="iga", token="t1")

    at_once(4, lambda _: run_wave(key=wave.pk))

    assert StageChange.objects.count() == 3
    assert set(outcomes(wave).values()) == {"moved"}


@pytest.mark.django_db(transaction=True)
def test_more_stores_than_a_page_waits_for_are_moved_by_the_queue_and_followed(client, monkeypatch):
    client.force_login(User.objects.create_superuser("root"))
    stores = in_setup(*(f"S{number:02}" for number in range(60)))
    seen = []

    def look(some):
        part = client.get(reverse("admin:integration_wave_progress", args=[wave.pk]), {"part": 1})
        seen.append((part.context["ended"], part.context["runs"]))
        return {store.pk: Found(store.code != "S07", "no POS") for store in some}

    monkeypatch.setattr(checking, "checks", lambda: (Check("pos", "POS answers", look, FOR_LIVE),))
    wave = start_wave(stores=stores, target="live", by="iga", token="t1")
    assert (wave.state, OrmQ.objects.count()) == (Wave.State.WAITING, 1)

    work_off_the_queue()

    shown = client.get(reverse("admin:integration_wave_progress", args=[wave.pk])).content.decode()
    assert seen == [(0, True), (25, True), (50, True)]
    assert "60 of 60 seen to: 59 moved, 0 were there already, 1 not moved." in shown
    assert set(stages(*(f"S{number:02}" for number in range(8, 60)))) == {"live"}
    assert (OrmQ.objects.count(), Failure.objects.count()) == (0, 0)


def work_off_the_queue():
    """What a cluster's processes do, one after the other: fetch, work, settle."""
    tasks, results, over = Queue(), Queue(), Event()
    over.set()
    pusher(tasks, over)
    tasks.put("STOP")
    worker(tasks, results, Value("f", -1))
    results.put("STOP")
    monitor(results)


# --- pages ------------------------------------------------------------------------------------


@pytest.fixture
def integrator(client):
    person = make_person()
    wanted = ["view_wave", "add_wave", "view_stagechange", "see_all_stores"]
    person.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    client.force_login(person)
    return person


def test_the_matrix_shows_every_store_and_moves_the_chosen_ones(client, integrator):
    stores = in_setup("A", "CX")
    StoreGroup.objects.create(name="pilot").stores.set(stores)

    page = client.get(reverse("admin:integration_wave_choose"))
    token = page.context["token"]
    body = {"target": "live", "stores": [store.pk for store in stores], "token": token}
    reply = client.post(reverse("admin:integration_wave_start"), body)

    assert [row["ready"] for row in page.context["rows"]] == [True, False]
    shown = client.get(reply["Location"])
    assert "1 moved" in shown.content.decode()
    assert stages("A", "CX") == ["live", "setup"]


def test_who_may_not_override_is_not_asked(client, integrator):
    (store,) = in_setup("CX")
    body = {"target": "live", "stores": [store.pk], "token": "t", "overrides": "1", "reason": "x"}

    page = client.get(reverse("admin:integration_wave_choose"))
    reply = client.post(reverse("admin:integration_wave_start"), body)

    assert not page.context["may_override"]
    assert reply.status_code == 404
    assert stages("CX") == ["setup"]


def test_nothing_of_other_peoples_stores_is_shown_or_moved(client):
    mine, other = in_setup("MINE", "OTHER")
    person = make_person()
    wanted = ["view_wave", "add_wave", "view_stagechange"]
    person.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    StaffScope.objects.create(user=person, store=mine)
    client.force_login(person)

    body = {"target": "live", "stores": [other.pk], "token": "t"}
    client.post(reverse("admin:integration_wave_start"), body)
    page = client.get(reverse("admin:integration_stagechange_store", args=[other.pk]))

    assert stages("OTHER") == ["setup"]
    assert page.status_code == 404


def test_where_stores_of_a_stage_go_next_is_chosen_already(client, integrator):
    page = reverse("admin:integration_wave_choose")
    targets = {"setup": "shadow", "shadow": "live", "live": "paused", "paused": "live", "": "live"}
    for stage, target in targets.items():
        assert client.get(page, {"stage": stage}).context["target"] == target
    assert client.get(page, {"stage": "setup", "target": "live"}).context["target"] == "live"


@pytest.mark.parametrize("query", ["group=99999999999999999999", "page=0", "q=%00", "target=moon"])
def test_a_query_that_makes_no_sense_is_no_trouble(client, integrator, query):
    reply = client.get(reverse("admin:integration_wave_choose") + "?" + query)

    assert reply.status_code == 200


def test_a_new_store_begins_in_setup_with_what_the_chain_says(client):
    client.force_login(User.objects.create_superuser("root"))
    brand = make_store().brand
    body = {
        "code": "NEW",
        "name": "New",
        "brand": brand.pk,
        "active": "on",
        "city": "Łódź",
        "country": "PL",
        "timezone": "Europe/Warsaw",
        "locale": "pl",
        "latitude": "51.7",
        "longitude": "19.4",
        "pickup_enabled": "on",
        "hours-TOTAL_FORMS": 0,
        "hours-INITIAL_FORMS": 0,
        "exceptions-TOTAL_FORMS": 0,
        "exceptions-INITIAL_FORMS": 0,
    }

    reply = client.post(reverse("admin:stores_store_add"), body, follow=True)

    assert reply.status_code == 200
    made = Store.objects.get(code="NEW")
    assert (made.stage, made.pickup_enabled, made.lead_minutes) == ("setup", False, 60)
