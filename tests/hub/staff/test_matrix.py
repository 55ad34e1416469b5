"""Role x page x verb over two stores, from the URL map: nobody sees or does anything elsewhere.

People of every role are named for one store. Each address of the workspace is asked for with a
row of the other store, read and written. What is not theirs must answer exactly as what is not
there; no page may carry a word of the other store; and nothing may have changed at the end.
"""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from hub import clock
from hub.staff import badges, navigation, roles, tablets
from hub.staff.models import TabletPerson
from tests.factories import make_person, make_role, make_tablet
from tests.hub.staff.addresses import Address, addresses
from tests.hub.staff.test_tablets import bring
from tests.hub.staff.world import MARK, World, build

pytestmark = pytest.mark.django_db

# Addresses that end the session or lead elsewhere: nothing of a store is there.
LEAVING = {"admin:logout", "staff:leave", "staff:switch", "admin:login", "choose_language"}
LEAVING |= {"admin:view_on_site"}  # leads to a row's own address: no row has one
# Who may least, who may most, and who may most elsewhere: for these every question is asked.
CLOSELY = {roles.PICKER, roles.ADMINISTRATOR, "superuser on a tablet"}
# Pages of rows that are there only while something is the matter, or for who made them.
SOMETIMES = {
    "admin:customers_preference_proof",  # of a consent that was given
    "admin:events_breaker_edit",  # of work that was given up
    "admin:orders_zonepick_several_run",  # stays for whoever did it
}
# Tables in which merely looking leaves a trace.
TRACES = {"django_session", "api_ratecounter", "otp_totp_totpdevice"}
EVERY_NAME = [
    *("store", "order", "fulfillment", "part", "item", "bag", "visit", "spot", "code", "person"),
    *("q", "scan", "location", "customer", "channel", "public_id", "_selected_action", "parts"),
]


@pytest.fixture
def world(db, monkeypatch):
    # the menu is the same on every page, and its making half of a page's work
    monkeypatch.setattr(navigation, "sidebar", lambda _: [])
    roles.ship()
    # the clock stands: a tablet that nobody touches for five minutes would see nothing at all
    with clock.turned_to(clock.now()):
        yield build()


def test_every_address_has_a_row_and_an_administrator_of_all_finds_it(world):
    client = Client(raise_request_exception=False)
    client.force_login(make_person(is_superuser=True))
    wrong = []
    for one, there in _asked(world):
        reply = client.get(there)
        is_missing = one.names_a_row() and reply.status_code == 404 and one.name not in SOMETIMES
        if reply.status_code >= 500 or is_missing:
            wrong.append(f"{reply.status_code} GET {one.name} {there}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [*roles.ROLES, "superuser on a tablet"])
def test_a_person_of_one_store_sees_and_does_nothing_in_another(role, world):
    client, asked = _client_of(role, world), _asked(world)
    before, closely = _fingerprints(), role in CLOSELY
    wrong = [
        fault
        for one, there in asked
        for fault in _faults(client, one, there, _body(world, one), closely=closely)
    ]
    wrong += _of_queries(client, world) if role == roles.ADMINISTRATOR else []
    wrong += _of_actions(client, world) + _of_choices(client)
    changed = sorted(name for name, print_ in _fingerprints().items() if print_ != before[name])
    assert not wrong, "\n".join(wrong)
    assert not changed, f"rows changed in {changed}"


def test_who_is_not_logged_in_sees_no_page():
    client = Client(raise_request_exception=False)
    open_to_all = {"admin:login", "admin:jsi18n", "staff:people", "staff:here"}
    open_to_all |= {"staff:leave", "staff:switch", "admin:logout"}
    open_to_all |= {"admin:orders_zonepick_worker"}  # a script: the browser asks without a session
    world_of_nothing = [one for one in addresses() if one.name not in open_to_all]
    seen = []
    for one in world_of_nothing:
        address = one.nowhere() if one.parameters else reverse(one.name)
        for reply in (client.get(address), client.post(address)):
            if reply.status_code not in {302, 404, 405}:
                seen.append(f"{reply.status_code} {one.name}")
            elif reply.status_code == 302 and "/login/" not in reply["Location"]:
                seen.append(f"{one.name} -> {reply['Location']}")
    assert not seen, "\n".join(seen)


# --- who asks ---------------------------------------------------------------------------------


def _asked(world: World) -> list[tuple[Address, str]]:
    """Every address with the foreign row's; fails when there is none for one of them."""
    return [(one, one.there(world)) for one in addresses() if one.name not in LEAVING]


def _client_of(role: str, world: World) -> Client:
    client = Client(raise_request_exception=False)
    if role in roles.ROLES:
        client.force_login(make_role(role, world.mine))
        return client
    boss = make_role(roles.ADMINISTRATOR, world.mine, world.foreign, is_superuser=True)
    badges.set_pin(person=boss, pin="739156")
    _, token = make_tablet(world.mine)
    bring(client, token)
    client.post("/admin/people/switch/", {"person": boss.pk, "pin": "739156"})
    assert TabletPerson.objects.filter(pk=client.session["_auth_user_id"]).exists()
    assert tablets.SESSION_KEY in client.session
    return client


# --- what is asked, and what would be wrong ---------------------------------------------------


def _faults(client: Client, one: Address, there: str, body, *, closely: bool) -> list[str]:
    faults = []
    for verb, form in (("get", None), ("post", body)):
        reply = getattr(client, verb)(there, form)
        faults += _of_reply(reply, f"{verb.upper()} {one.name} {there}")
        if closely and one.names_a_row():
            missing = getattr(client, verb)(one.nowhere(), form)
            faults += _of_pair(one, verb, reply, missing)
    return faults


def _of_queries(client: Client, world: World) -> list[str]:
    """Lists and boards, asked for the other store and for its words."""
    faults = []
    lists = [
        (one, there)
        for one, there in _asked(world)
        if not one.parameters and not one.name.endswith("_add")  # a new row's form is no list
    ]
    for one, there in lists:
        for query in ({"store": world.foreign.code}, {"q": MARK.lower()}):
            reply = client.get(there, query)
            faults += _of_reply(reply, f"GET {one.name} {there}?{query}")
    return faults


def _body(world: World, one: Address) -> dict[str, object]:
    """A form that names the other store's things under every name that pages use: forms of rows
    choose a store by its key, forms of acts by its code."""
    part, store = world.row("orders.FulfillmentOrder"), world.foreign
    named = store.pk if one.name.endswith(("_add", "_change")) else store.code
    values = dict.fromkeys(EVERY_NAME, part.pk) | {"store": named, "code": store.code}
    acts = {"action": "accept", "act": "again", "kind": "paused", "reason": "because", "on": "1"}
    return values | acts | {"token": f"t-{part.pk}", "name": "x", "label": "x"}


def _of_reply(reply, what: str) -> list[str]:
    faults = []
    if reply.status_code >= 500:
        faults.append(f"{reply.status_code} {what}")
    if MARK in _text(reply):
        faults.append(f"a word of the other store on {what}")
    return faults


def _of_pair(one: Address, verb: str, reply, missing) -> list[str]:
    """Not yours must be as not there; rows of no store may be shown to who may see them."""
    if reply.status_code == 200 and not one.belongs_to_a_store():
        return []
    if _said(reply) == _said(missing):
        return []
    return [
        f"{verb.upper()} {one.name}: {reply.status_code} for what is not yours, "
        f"{missing.status_code} for what is not there"
    ]


def _of_actions(client: Client, world: World) -> list[str]:
    """The actions of every list, on the other store's row."""
    faults = []
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        for action in page.actions or ():
            title = action if isinstance(action, str) else action.__name__
            form = {"action": title, "_selected_action": [world.of(model).pk], "index": 0}
            reply = client.post(reverse(name), form)
            faults += _of_reply(reply, f"action {title} of {name}")
    return faults


def _of_choices(client: Client) -> list[str]:
    """What every field that completes what is typed offers."""
    faults = []
    for model, page in admin.site._registry.items():
        fields = {(model, name) for name in page.autocomplete_fields}
        for inline in page.inlines:
            fields |= {(inline.model, name) for name in inline.autocomplete_fields}
        for owner, name in fields:
            asked = {
                "app_label": owner._meta.app_label,
                "model_name": owner._meta.model_name,
                "field_name": name,
            }
            reply = client.get(reverse("admin:autocomplete"), asked)
            faults += _of_reply(reply, f"choices of {owner._meta.label}.{name}")
    return faults


_VARYING = re.compile(
    r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|\d{2,}|nothing-there'
    r"|\b[a-z]{3}_[0-9a-z]{26}\b|token=[\w-]+|value=\"[\w-]{22}\""
)


def _said(reply) -> tuple[int, str, str]:
    """Status, destination and body, without what differs between any two requests."""
    body = "" if reply.status_code in {301, 302, 303} else _text(reply)
    return reply.status_code, _VARYING.sub("#", reply.headers.get("Location", "")), _plain(body)


def _plain(body: str) -> str:
    return _VARYING.sub("#", re.sub(r"/admin/[^\s\"'<]*", "/…", body))


def _text(reply) -> str:
    raw = b"".join(reply) if reply.streaming else reply.content
    return raw.decode("utf-8", "replace")


def _fingerprints() -> dict[str, tuple[int, int]]:
    """For each table how many rows it has and a sum of their hashes."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in cursor.fetchall() if name not in TRACES]
        for name in names:
            row = connection.ops.quote_name(name)
            cursor.execute(
                f"SELECT count(*), coalesce(sum(hash_record_extended(t, 0)), 0) FROM {row} t"
            )
            found[name] = cursor.fetchone()
    return found
