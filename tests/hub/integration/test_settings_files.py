"""Settings that travel: written, emptied, read back; and files that cannot be taken over."""

from __future__ import annotations

import json
from datetime import time

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from simple_history.models import registered_models

from hub import clock
from hub.integration import settings_files
from hub.integration.settings_files import (
    UnknownReference,
    WrongFile,
    WrongRow,
    differences,
    preview,
    read,
    sections,
    take_over,
    write,
    written,
)
from hub.staff.models import RolePolicy
from hub.stores.levels import regroup, set_level
from hub.stores.models import (
    Brand,
    HoursException,
    OpeningHours,
    SalesChannel,
    Store,
    StoreGroup,
)
from inventory.models import (
    ChannelBuffer,
    FeedLayout,
    SafetyStock,
    ShelfPlace,
    SignalRule,
    StoreFeed,
)
from notifications.models import TemplateVersion, TextingRules
from notifications.templating.publishing import publish, save_draft
from orders.curbside.settings import curb_of
from orders.models import (
    CurbSettings,
    RoutingRule,
    RoutingRuleSet,
    SlotCapacity,
    Spot,
    StagingLocation,
)
from orders.routing.drafting import activate
from tests.factories import make_channel, make_item, make_pos, make_store, stock

pytestmark = pytest.mark.django_db
KEY = ("en", "ready", "sms")
SPOT = {"zone": "", "accessible": False, "oversize": False, "active": True}


@pytest.fixture
def installation():
    """Stores, a channel and an item that both installations have."""
    stores = [make_store(code=code) for code in ("S1", "S2")]
    return {"stores": stores, "channel": make_channel(code="web"), "item": make_item(sku="MUG")}


def set_everything(installation):
    first, second = installation["stores"]
    north = StoreGroup.objects.create(name="north", rank=10)
    regroup(lambda: north.stores.set([first, second]))
    set_level(by="iga", says={"lead_minutes": 45, "cut_off": time(17)})
    says = {"slot_minutes": 15, "cut_off": None, "near_metres": 300, "may_extend": False}
    set_level(by="iga", says=says, group=north)
    set_level(by="iga", says={"lead_minutes": 20}, store=first)
    HoursException.objects.create(store=first, date="2026-12-24", opens="08:00", closes="14:00")
    OpeningHours.objects.filter(store=second, weekday=6).delete()
    SafetyStock.objects.create(store=first, item=installation["item"], units=3)
    SafetyStock.objects.create(units=1)
    ChannelBuffer.objects.create(channel=installation["channel"], units=2, percent=5)
    rules = RoutingRuleSet.objects.create(name="near", channel=None, most_parts=2)
    RoutingRule.objects.create(rule_set=rules, position=1, group=north, sorters=["distance"])
    activate(rule_set=rules, by="iga")
    CurbSettings.objects.filter(store=first).update(
        wait_target=4, age_sale_from="08:00", age_sale_until="22:00", lead_phone="+48500123456"
    )
    TextingRules.objects.create(regions=["PL"], per_number_hour=5)
    set_places(first, installation)


def set_places(store, installation):
    SignalRule.objects.create(channel=installation["channel"], low_units=4)
    StoreFeed.objects.create(store=store, counted_as_of=clock.now(), expected_minutes=90)
    ShelfPlace.objects.create(store=store, item=installation["item"], location="C-12", sequence=3)
    FeedLayout.objects.create(code="wms", source="wms", columns={"sku": "Artikel"}, store=store)
    SlotCapacity.objects.create(store=store, date="2026-12-24", orders=2, reason="Christmas")
    Spot.objects.create(store=store, label="P1", accessible=True, closed_for="snow")
    StagingLocation.objects.create(store=store, code="COOLER 2", zone="chilled")
    RolePolicy.objects.update_or_create(
        group=Group.objects.get_or_create(name="Store lead")[0], defaults={"second_factor": True}
    )


def empty():
    for model in (CurbSettings, *reversed(carried())):
        if model not in (SalesChannel, Brand):
            model.objects.all().delete()
    Store.objects.update(lead_minutes=60, cut_off=None, slot_minutes=30)


def carried():
    """The models whose rows the file carries, what is referred to first."""
    return [model for section in sections() for model in section.models]


def test_a_file_sets_up_another_installation_alike(installation):
    set_everything(installation)
    before = json.loads(written())["sections"]
    effective = list(Store.objects.order_by("code").values_list("lead_minutes", "cut_off"))
    assert all(before[section.name] for section in sections() if section.name != "words")
    empty()

    take_over(read(json.dumps(file_of(before)).encode()), by="ola")

    assert json.loads(written())["sections"] == before
    assert curb_of(installation["stores"][0]).near_metres == 300
    assert curb_of(installation["stores"][0]).age_sale_until == time(22)
    assert effective == [(20, None), (45, None)]
    assert list(Store.objects.order_by("code").values_list("lead_minutes", "cut_off")) == effective
    assert RoutingRuleSet.objects.get(state="active").activated_by == "ola"


def file_of(sections):
    return {"format": "curbhub-settings", "version": 2, "sections": sections}


def test_taking_over_what_is_so_already_changes_nothing(installation):
    set_everything(installation)
    file = read(written())

    found = take_over(file, by="ola")

    assert sum(len(one.added) + len(one.changed) for one in found) == 0
    assert RoutingRuleSet.objects.count() == 1


def test_words_in_force_travel(installation):
    draft = save_draft(key=KEY, title="", body="Your order {order} is ready: {link}", by="iga")
    publish(key=KEY, seen=draft.digest, note="", by="iga")
    file = read(written())
    TemplateVersion.objects.filter(state="published").update(state="retired")

    take_over(file, by="ola")

    assert TemplateVersion.objects.get(state="published").published_by == "ola"


def test_no_secret_and_no_phone_is_in_the_file(installation):
    set_everything(installation)
    till = make_pos(installation["stores"][0])

    text = written().decode()

    assert till.secret not in text
    assert "+48500123456" not in text


def test_the_differences_are_known_before_and_nothing_has_happened(installation):
    set_everything(installation)
    file = read(written())
    SafetyStock.objects.filter(store=None).update(units=9)
    ChannelBuffer.objects.all().delete()

    found = {one.name: (len(one.added), len(one.changed)) for one in preview(file)}

    assert (found["safety_stock"], found["buffers"]) == ((0, 1), (1, 0))
    assert SafetyStock.objects.get(store=None).units == 9


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"format": "other"}',
        b'{"format": "curbhub-settings", "version": 1, "sections": {}}',
        b'{"format": "curbhub-settings", "version": 2, "sections": {"moon": []}}',
        b'{"format": "curbhub-settings", "version": 2, "sections": {"groups": [{}]}}',
        b'{"format": "curbhub-settings", "version": 2, "sections": {"groups": {"a": 1}}}',
        b'{"format": "curbhub-settings", "version": 2, "sections":'
        b' {"brands": [{"key": ["\\u0000"]}]}}',
        b'{"format": "curbhub-settings", "version": 2, "sections":'
        b' {"brands": [{"key": ["A"]}, {"key": ["A"]}]}}',
    ],
)
def test_what_is_no_file_of_settings_is_refused(content):
    with pytest.raises(WrongFile):
        read(content)


def test_a_reference_to_what_is_not_here_is_refused_and_nothing_is_taken_over(installation):
    rows = {
        "brands": [{"key": ["Fresh"]}],
        "safety_stock": [{"key": ["S9", None, None], "units": 3}],
    }

    with pytest.raises(UnknownReference) as refused:
        take_over(read(json.dumps(file_of(rows)).encode()), by="ola")

    assert refused.value.extra == {"section": "safety_stock", "key": ["S9", None, None]}
    assert not differences({"brands": [{"key": ["Fresh"]}]})[0].same


@pytest.mark.parametrize(
    "rows",
    [
        {"safety_stock": [{"key": ["S1", None, None], "units": -3}]},
        {"safety_stock": [{"key": ["S1", None, None], "units": "many"}]},
        {"safety_stock": [{"key": ["S1", None, None]}]},
        {"safety_stock": [{"key": ["S1"], "units": 3}]},
        {"hours": [{"key": ["S1"], "week": [[9, "08:00", "20:00"]]}]},
        {"hours": [{"key": ["S1"], "week": [[1, "20:00", "08:00"]]}]},
        {"hours": [{"key": ["S1"], "week": 4}]},
        {"levels": [{"key": [None, "S1"], "says": {"lead_minutes": -1}}]},
        {"levels": [{"key": [None, "S1"], "says": {"colour": 1}}]},
        {"levels": [{"key": [None, None], "says": []}]},
        {"groups": [{"key": ["n"], "rank": -1, "stores": []}]},
        {"routing": [{"key": [None], "name": "x", "most_parts": 1, "rules": []}]},
        {"routing": [{"key": [None], "name": "x", "most_parts": 99, "rules": [{}]}]},
        {"words": [{"key": ["en", "moon", "sms"], "title": "", "body": "x"}]},
        {"levels": [{"key": [None, "S1"], "says": {"wait_target": "soon"}}]},
        {"levels": [{"key": [None, "S1"], "says": {"wait_target": None}}]},
        {"levels": [{"key": [None, "S1"], "says": {"may_extend": 1}}]},
        {"levels": [{"key": [None, "S1"], "says": {"escalate_after": [5, 3]}}]},
        {"levels": [{"key": [None, "S1"], "says": {"age_sale_from": "08:00:00"}}]},
        {"signals": [{"key": ["web"], "low_units": -1}]},
        {"signals": [{"key": [None], "low_units": 3}]},
        {"late_feeds": [{"key": ["S1"], "expected_minutes": 0}]},
        {"shelves": [{"key": ["S1", "MUG"], "location": "C", "sequence": -1}]},
        {"shelves": [{"key": ["S1", None], "location": "C", "sequence": 1}]},
        {"capacities": [{"key": ["S1", "moon", "08:00"], "ends": "1", "orders": 1, "reason": ""}]},
        {"spots": [{"key": ["S1", None]}]},
        {"spots": [SPOT | {"key": ["S1", "P\n1"]}]},
        {"spots": [SPOT | {"key": ["S1", "P" * 11]}]},
        {"spots": [SPOT | {"key": [None, "P1"]}]},
        {"staging": [{"key": ["S1", "A1"], "zone": "tropical", "active": True}]},
        {"channels": [{"key": ["a b"], "name": "x", "currency": "PLN", "active": True}]},
        {"layouts": [{"key": ["x"], "columns": [1]}]},
        {"log_in": [{"key": ["Store lead"], "second_factor": "sometimes"}]},
    ],
)
def test_a_row_that_cannot_be_is_refused(installation, rows):
    with pytest.raises(WrongRow):
        take_over(read(json.dumps(file_of(rows)).encode()), by="ola")


def test_a_store_without_a_snapshot_waits_for_its_first_one(installation):
    rows = {"late_feeds": [{"key": ["S1"], "expected_minutes": 90}]}
    take_over(read(json.dumps(file_of(rows)).encode()), by="ola")

    feed = StoreFeed.objects.get()
    assert (feed.expected_minutes, feed.counted_as_of.year) == (90, 1970)


def test_stock_that_came_without_a_snapshot_is_not_hidden_by_a_file(installation):
    stock(installation["stores"][0], {installation["item"]: 9})
    rows = {"late_feeds": [{"key": ["S1"], "expected_minutes": 90}]}

    with pytest.raises(WrongRow):
        take_over(read(json.dumps(file_of(rows)).encode()), by="ola")

    assert not StoreFeed.objects.exists()


def test_what_does_not_fit_is_left_out_and_the_file_says_so(installation, monkeypatch):
    set_everything(installation)
    monkeypatch.setattr(settings_files, "MOST_ROWS", 1)
    Spot.objects.create(store=installation["stores"][0], label="P2")

    content, left_out = write()

    file = json.loads(content)
    assert "spots" in [one.name for one in left_out]
    assert "spots" in file["left_out"]
    assert "spots" not in file["sections"]


# Settings, or rows that a person makes in the admin, that the file leaves where they are, and why.
LEFT_WHERE_THEY_ARE = {
    "stores.Store": "a place of its own; stores travel as tables, their settings by levels",
    "stores.PosConnection": "the address of a till, and its secrets",
    "stores.StaffScope": "who works where: people do not travel",
    "stores.StoreSwitch": "what is switched on today",
    "auth.User": "people do not travel",
    "auth.Group": "roles come with the hub; what is added to one is this installation's",
    "staff.Tablet": "a device",
    "staff.StaffKey": "a badge of a person",
    "api.ApiKey": "a secret",
    "webhooks.WebhookEndpoint": "an address that is called, and its secrets",
    "providers.Provider": "an account with secrets and prices of its own",
    "django_q.Schedule": "when this installation does its own work",
    "integration.Wave": "a thing done",
    "orders.CurbSettings": "follows from levels; phones, address and secret are one store's own",
    "orders.Sign": "a sheet of metal with a code on it",
    "orders.RoutingSimulation": "a trial over this installation's orders",
    "orders.SandboxRun": "a trial order",
    "orders.GoodsReturn": "goods that came back",
    "inventory.SalesStop": "what is not sold today, and why",
    "inventory.Item": "goods travel as tables",
    "inventory.ItemCode": "goods travel as tables",
    "inventory.Recall": "a thing done",
    "inventory.StockFile": "a file that came in",
    "inventory.SourceClock": "measured here",
    "inventory.UnavailableUnits": "goods that lie somewhere",
    "inventory.IncomingUnits": "goods on their way",
    "customers.ConsentEvent": "what a customer said",
    "customers.Preference": "what a customer said",
}


def test_every_setting_is_in_the_file_or_on_the_list_of_those_that_are_not(rf):
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("root")
    kept = {model for model in registered_models.values() if not model._meta.auto_created}
    made = {
        model for model, page in admin.site._registry.items() if page.has_add_permission(request)
    }

    named = {model._meta.label for model in kept | made}

    in_file = {model._meta.label for model in carried()}
    assert named - in_file - LEFT_WHERE_THEY_ARE.keys() == set()
    assert in_file & LEFT_WHERE_THEY_ARE.keys() == set()


# --- the page ---------------------------------------------------------------------------------


@pytest.fixture
def root(client):
    person = User.objects.create_superuser("root", password="opens-all-7")
    client.post(
        reverse("admin:login"), {"username": "root", "password": "opens-all-7", "next": "/admin/"}
    )
    return person


def test_a_file_is_looked_at_and_then_taken_over_once(client, root, installation):
    set_everything(installation)
    address = reverse("admin:stores_settingslevel_file")
    content = client.get(reverse("admin:stores_settingslevel_download")).content
    SafetyStock.objects.filter(store=None).update(units=9)

    looked = client.post(address, {"file": SimpleUploadedFile("s.json", content)})
    token = looked.context["token"]
    first = client.post(address, {"token": token}, follow=True).content.decode()
    again = client.post(address, {"token": token}, follow=True).content.decode()

    assert looked.context["count"] == 1
    assert "1 row was taken over." in first
    assert "was taken over before" in again
    assert SafetyStock.objects.get(store=None).units == 1


def test_a_wrong_file_is_said_on_the_page(client, root):
    address = reverse("admin:stores_settingslevel_file")

    reply = client.post(address, {"file": SimpleUploadedFile("s.json", b"{}")})

    assert reply.status_code == 200
    assert "Nothing was taken over" in reply.content.decode()
