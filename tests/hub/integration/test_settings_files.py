"""Settings that travel: written, emptied, read back; and files that cannot be taken over."""

from __future__ import annotations

import json
from datetime import time

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from hub.integration.settings_files import (
    UnknownReference,
    WrongFile,
    WrongRow,
    differences,
    preview,
    read,
    take_over,
    written,
)
from hub.stores.levels import regroup, set_level
from hub.stores.models import HoursException, OpeningHours, SettingsLevel, Store, StoreGroup
from inventory.models import ChannelBuffer, SafetyStock
from notifications.models import TemplateVersion, TextingRules
from notifications.templating.publishing import publish, save_draft
from orders.models import CurbSettings, RoutingRule, RoutingRuleSet
from orders.routing.drafting import activate
from tests.factories import make_channel, make_item, make_pos, make_store

pytestmark = pytest.mark.django_db
KEY = ("en", "ready", "sms")


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
    set_level(by="iga", says={"slot_minutes": 15, "cut_off": None}, group=north)
    set_level(by="iga", says={"lead_minutes": 20}, store=first)
    HoursException.objects.create(store=first, date="2026-12-24", opens="08:00", closes="14:00")
    OpeningHours.objects.filter(store=second, weekday=6).delete()
    SafetyStock.objects.create(store=first, item=installation["item"], units=3)
    SafetyStock.objects.create(units=1)
    ChannelBuffer.objects.create(channel=installation["channel"], units=2, percent=5)
    rules = RoutingRuleSet.objects.create(name="near", channel=None, most_parts=2)
    RoutingRule.objects.create(rule_set=rules, position=1, group=north, sorters=["distance"])
    activate(rule_set=rules, by="iga")
    CurbSettings.objects.create(store=first, wait_target=4, lead_phone="+48500123456")
    TextingRules.objects.create(regions=["PL"], per_number_hour=5)


def empty():
    for model in (CurbSettings, SafetyStock, ChannelBuffer, TextingRules, HoursException):
        model.objects.all().delete()
    RoutingRule.objects.all().delete()
    RoutingRuleSet.objects.all().delete()
    SettingsLevel.objects.all().delete()
    StoreGroup.objects.all().delete()
    Store.objects.update(lead_minutes=60, cut_off=None, slot_minutes=30)


def rows(name):
    return json.loads(written())["sections"][name]


def test_a_file_sets_up_another_installation_alike(installation):
    set_everything(installation)
    before = json.loads(written())["sections"]
    effective = list(Store.objects.order_by("code").values_list("lead_minutes", "cut_off"))
    empty()

    take_over(read(json.dumps(file_of(before)).encode()), by="ola")

    assert json.loads(written())["sections"] == before
    assert effective == [(20, None), (45, None)]
    assert list(Store.objects.order_by("code").values_list("lead_minutes", "cut_off")) == effective
    assert RoutingRuleSet.objects.get(state="active").activated_by == "ola"


def file_of(sections):
    return {"format": "curbhub-settings", "version": 1, "sections": sections}


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
        b'{"format": "curbhub-settings", "version": 2, "sections": {}}',
        b'{"format": "curbhub-settings", "version": 1, "sections": {"moon": []}}',
        b'{"format": "curbhub-settings", "version": 1, "sections": {"groups": [{}]}}',
        b'{"format": "curbhub-settings", "version": 1, "sections": {"groups": {"a": 1}}}',
        b'{"format": "curbhub-settings", "version": 1, "sections":'
        b' {"brands": [{"key": ["\\u0000"]}]}}',
        b'{"format": "curbhub-settings", "version": 1, "sections":'
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
        {"curb": [{"key": ["S1"], "wait_target": 3}]},
    ],
)
def test_a_row_that_cannot_be_is_refused(installation, rows):
    with pytest.raises(WrongRow):
        take_over(read(json.dumps(file_of(rows)).encode()), by="ola")


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
