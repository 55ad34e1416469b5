"""An integrator's day in a real browser: ten stores from setup to live, and what was given up.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.urls import reverse

from hub import clock
from hub.events.leases import State
from hub.events.models import Breaker
from hub.integration import lanes
from hub.integration.gauges import lane_page
from hub.integration.models import Ping
from hub.integration.settings_files import FORMAT, VERSION
from hub.providers.models import Provider
from hub.staff import first_steps
from hub.staff.roles import INTEGRATOR, LEAD, PICKER, ship
from hub.stores.levels import regroup, set_level
from hub.stores.models import PosConnection, StaffScope, Stage, Store, StoreGroup
from hub.webhooks.cockpit import lane_of
from hub.webhooks.models import WebhookCall
from hub.webhooks.services import announce
from inventory.models import StoreFeed
from orders.curbside.handing.giving import hand_off
from orders.models import PosCheck, StagingLocation
from tests.factories import (
    make_endpoint,
    make_item,
    make_person,
    make_pos,
    make_ready,
    make_store,
    pin_of,
    stock,
)
from tests.flows.browsing import look, look_at_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _asked_anew():
    lanes.forget()
    first_steps.forget()
    yield
    first_steps.forget()


@pytest.fixture
def shops():
    """Ten stores that have all they need, but for one without a POS; all are in setup."""
    ship()
    Provider.objects.create(
        name="carrier",
        channel="sms",
        connector="http",
        base_url="https://sms.example/",
        secret="s",
        callback_secret="c",
    )
    mug = make_item(sku="MUG", name="Mug")
    made = [make_ready_store(number, mug) for number in range(10)]
    north = StoreGroup.objects.create(name="First wave")
    regroup(lambda: north.stores.set(made))
    PosConnection.objects.filter(store=made[9]).update(active=False)
    Store.objects.update(stage=Stage.SETUP, pickup_enabled=False)
    return made


def make_ready_store(number, mug):
    store = make_store(code=f"W{number:02}", name=f"Ulica {number}", street=f"Prosta {number}")
    stock(store, {mug: 5})
    StoreFeed.objects.update_or_create(store=store, defaults={"counted_as_of": clock.now()})
    StagingLocation.objects.create(store=store, code="A1")
    for role in (LEAD, PICKER):
        person = make_person()
        person.groups.add(Group.objects.get(name=role))
        StaffScope.objects.create(user=person, store=store)
    till = make_pos(store)
    now = clock.now()
    PosCheck.objects.create(connection=till, phase="done", began_at=now, finished_at=now)
    Ping.objects.create(key=f"pos:{store.pk}", at=now, answered=True, milliseconds=40)
    part = make_ready(store=store, lines={mug: 1}, is_test=True)
    hand_off(fulfillment=part, pin=pin_of(part), by=None, bags=2)
    return store


@pytest.fixture
def integrator(log_in):
    ship()
    person = User.objects.create_user("iga", is_staff=True)
    person.groups.add(Group.objects.get(name=INTEGRATOR))
    return log_in(person)


@transaction.atomic
def give_up_calls(endpoint, count):
    for number in range(count):
        announce(
            channel_id=endpoint.channel_id,
            event_id=f"evt_{number}",
            type="order.ready",
            occurred_at=clock.now(),
            data={"order": {"id": f"ord_{number}", "status": "redy"}},
        )
    WebhookCall.objects.update(
        state=State.PARKED, last_error="HTTP 422: status redy is not known", attempts=10
    )


def stages():
    return sorted(Store.objects.values_list("stage", flat=True))


@pytest.mark.usefixtures("integrator")
def test_ten_stores_go_from_setup_through_shadow_to_live_in_waves(tablet, shops):
    page = tablet
    page.goto(reverse("admin:integration_wave_choose"))
    page.select_option("[name=target]", "shadow")
    page.wait_for_selector("text=Bring the chosen stores to: shadow")
    assert page.locator("[name=stores]:checked").count() == 10

    page.click("text=Bring the chosen stores to: shadow")
    page.click("dialog[open] >> text=Yes, move them")
    page.wait_for_selector("text=10 of 10 seen to: 10 moved")
    assert stages() == ["shadow"] * 10

    page.click("text=← Stores")
    assert page.locator("[name=stores]:checked").count() == 9
    page.locator("[name=stores]").nth(9).check()  # the one without a POS, to see it refused
    page.click("text=Bring the chosen stores to: live")
    page.click("dialog[open] >> text=Yes, move them")
    page.wait_for_selector("text=10 of 10 seen to: 9 moved")
    page.wait_for_selector("text=store W09 is not ready")

    assert stages() == ["live"] * 9 + ["shadow"]
    look(page, "online-waves")


@pytest.mark.usefixtures("integrator")
def test_what_was_given_up_is_sent_again_as_it_was_and_edited(page):
    endpoint = make_endpoint()
    give_up_calls(endpoint, 3)
    page.goto(reverse("admin:events_breaker_cockpit"))
    page.click(".hub-card:has-text('Site')")
    page.wait_for_selector("text=HTTP 422")

    page.locator("text=Edit").first.click()
    payload = page.input_value("[name=payload]").replace("redy", "ready")
    page.fill("[name=payload]", payload)
    page.fill("[name=why]", "the site knows «ready» only")
    page.click("text=Send it like this")
    page.click("dialog[open] >> text=Yes, send it")
    page.wait_for_selector("text=The original is kept")
    page.click("text=Send all again")
    page.wait_for_selector("text=2 will be sent again now")

    calls = WebhookCall.objects.all()
    assert {call.state for call in calls} == {State.PENDING}
    edited = [call for call in calls if call.edited]
    assert [call.edited["order"]["status"] for call in edited] == ["ready"]
    assert edited[0].event.data["order"]["status"] == "redy"


@pytest.mark.usefixtures("integrator")
def test_the_cockpit_follows_by_itself(page):
    till = make_pos()
    page.goto("/admin/")
    page.wait_for_selector("text=First steps")
    look(page, "online-checklist")
    page.goto(reverse("admin:events_breaker_cockpit"))
    page.wait_for_selector(f".hub-card.success:has-text('{till.store.code}')")

    Breaker.objects.create(key=f"pos:{till.store_id}", state="open", last_error="no route to it")

    page.wait_for_selector(".hub-card.danger:has-text('no route to it')", timeout=7000)


@pytest.mark.usefixtures("integrator")
def test_the_integrators_pages_fit_every_screen(page, shops):
    endpoint = make_endpoint()
    give_up_calls(endpoint, 3)
    till = shops[0].pos
    Breaker.objects.create(
        key=f"pos:{till.store_id}",
        state="open",
        failures=9,
        last_error="no whole reply: ReadTimeout",
        opened_at=clock.now(),
        due_at=clock.now(),
    )
    north = StoreGroup.objects.get()
    set_level(by="iga", says={"lead_minutes": 45, "slot_minutes": 30})
    set_level(by="iga", says={"slot_capacity": 6, "cut_off": None}, group=north)
    set_level(by="iga", says={"lead_minutes": 25}, store=shops[1])
    pages = {
        "on-line": reverse("admin:integration_wave_choose"),
        "readiness": reverse("admin:integration_stagechange_store", args=[shops[9].pk]),
        "cockpit": reverse("admin:events_breaker_cockpit"),
        "lane": lane_page(lane_of(endpoint)),
        "lane-edit": reverse("admin:events_breaker_edit", args=[lane_of(endpoint)])
        + f"?row=webhooks_webhookcall:{WebhookCall.objects.first().pk}",
        "levels": reverse("admin:stores_settingslevel_changelist"),
        "level": reverse("admin:stores_settingslevel_of_store", args=[shops[1].pk]),
        "settings-file": reverse("admin:stores_settingslevel_file"),
        "store-settings": reverse("admin:stores_store_change", args=[shops[1].pk]),
    }
    look_at_all(page, {f"online-{name}": where for name, where in pages.items()})


def test_a_settings_file_is_looked_at_and_taken_over(page, integrator, tmp_path):
    make_store(code="S1")
    rows = {"levels": [{"key": [None, None], "says": {"lead_minutes": 45}}]}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"format": FORMAT, "version": VERSION, "sections": rows}))

    page.goto(reverse("admin:stores_settingslevel_file"))
    page.set_input_files("[name=file]", file)
    page.click("text=Show what it changes")
    page.wait_for_selector("text=1 row is new or different")
    page.click("text=Take all of it over")
    page.wait_for_selector("text=1 row was taken over.")

    assert Store.objects.get().lead_minutes == 45
