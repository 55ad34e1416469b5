"""The audit trail: who did what, narrowed to the reader's stores, by bounded indexed reads."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from hub import clock
from hub.events.catalog import PriceAdjusted, StoreStageChanged
from hub.events.models import Fact
from hub.events.outbox import publish
from hub.integration.models import StageChange
from hub.staff import audit, roles
from hub.staff.audit import Asked, trail
from hub.staff.models import RolePolicy
from hub.stores.models import StoreSwitch
from hub.trace import acting
from orders.audit import MOVES
from orders.models import PriceAdjustment
from orders.picking.services import accept
from tests.factories import (
    make_fulfillment,
    make_item,
    make_person,
    make_ready,
    make_role,
    make_store,
    make_tablet,
    stock,
)

pytestmark = pytest.mark.django_db

PAGE = "/admin/admin/logentry/"


def accepted_by(person):
    part = make_fulfillment()
    with acting(f"staff:{person.pk}"):
        accept(fulfillment=part)
    return part


def test_the_trail_says_who_did_what_to_which_order_and_when(client):
    person = make_person(first_name="Ann", last_name="Picker")
    part = accepted_by(person)
    client.force_login(make_role(roles.SUPPORT))
    shown = client.get(PAGE).content.decode()
    assert "Ann Picker" in shown
    assert "Accepted by the store" in shown
    assert part.order.external_id in shown
    assert reverse("admin:orders_order_change", args=[part.order_id]) in shown


def test_a_lead_reads_of_the_own_store_only(client):
    mine, other = accepted_by(make_person()), accepted_by(make_person())
    StoreSwitch.objects.create(store=other.store, kind="paused", reason="flood", opened_by="zed")
    client.force_login(make_role(roles.LEAD, mine.store))
    shown = client.get(PAGE).content.decode()
    assert mine.order.external_id in shown
    for word in (other.order.external_id, other.store.name, "flood", "zed"):
        assert word not in shown
    for query in (f"subject=order:{other.order_id}", f"after={Fact.objects.last().public_id}"):
        assert other.order.external_id not in client.get(f"{PAGE}?{query}").content.decode()


def test_another_store_and_another_stores_person_are_as_not_there(client):
    stranger = make_role(roles.PICKER, make_store())
    client.force_login(make_role(roles.LEAD, make_store()))
    for query in (
        f"store={stranger.store_scopes.get().store.code}",
        "store=NOWHERE",
        f"person={stranger.pk}",
        "person=999999999",
        "person=x",
    ):
        assert client.get(f"{PAGE}?{query}").status_code == 404, query


def test_a_picker_reads_no_trail(client):
    client.force_login(make_role(roles.PICKER, make_store()))
    assert client.get(PAGE).status_code == 403


def test_it_is_narrowed_by_person_subject_and_day(client):
    ann, bob = make_person(), make_person()
    one, other = accepted_by(ann), accepted_by(bob)
    only_ann = trail(Asked(person=ann.pk))
    assert {line.of for line in only_ann.lines} == {f"order {one.order.external_id}"}
    of_other = trail(Asked(subject=f"order:{other.order_id}"))
    assert {line.of for line in of_other.lines} == {f"order {other.order.external_id}"}
    tomorrow = clock.now() + timedelta(days=1)
    assert not trail(Asked(since=tomorrow)).lines
    assert not list(trail(Asked(until=clock.now() - timedelta(days=1))).lines)


def test_a_switch_is_told_once_with_its_reason(client):
    store = make_store()
    StoreSwitch.objects.create(store=store, kind="paused", reason="flood", opened_by="lead")
    lines = [line for line in trail(Asked()).lines if line.why == "flood"]
    assert [(line.who, line.of) for line in lines] == [("lead", str(store))]


def test_a_change_of_a_rule_shows_what_was_and_what_became(client):
    store = make_store(lead_minutes=60)
    store.lead_minutes = 90
    store.save()
    lines = [line for line in trail(Asked(stores=frozenset([store.pk]))).lines if line.before]
    assert ("60", "90") in [(line.before, line.after) for line in lines]


def test_a_move_shows_where_the_order_stood_and_where_it_stands():
    part = make_ready()
    lines = trail(Asked(subject=f"order:{part.order_id}")).lines
    moves = [(line.before, line.after) for line in reversed(lines)]
    assert ("proposed", "accepted") in moves
    assert ("accepted", "picking") in moves
    assert ("picked", "ready") in moves
    assert ("", "open") in moves


def test_a_move_knows_what_was_before_the_page_begins(monkeypatch):
    part = make_ready()
    monkeypatch.setattr(audit, "LOOKED_AT", 1)
    newest = Fact.objects.filter(subject=f"order:{part.order_id}", name__in=MOVES).latest("id")
    after = Fact.objects.filter(id__gt=newest.pk).order_by("id").first()
    asked = Asked(subject=newest.subject, after=after.public_id if after else "")
    line = trail(asked).lines[0]
    assert (line.before, line.after) == ("picked", "ready")


def test_moves_are_said_in_the_readers_language(client):
    part = accepted_by(make_person())
    with translation.override("pl"):
        line = next(
            one for one in trail(Asked(subject=f"order:{part.order_id}")).lines if one.before
        )
    assert (line.before, line.what) != ("proposed", "Accepted by the store")


def test_a_lowered_price_shows_both_amounts_and_why():
    item = make_item()
    store = make_store()
    stock(store, {item: 5})
    part = make_ready(store=store, lines={item: 2})
    line = part.lines.get()
    adjustment = PriceAdjustment.objects.create(
        line=line, before_minor=1299, after_minor=999, reason="bruised", by="staff:1"
    )
    with transaction.atomic():
        publish(
            PriceAdjusted(
                order_id=part.order_id, fulfillment_id=part.pk, adjustment_id=adjustment.pk
            )
        )
    told = next(one for one in trail(Asked()).lines if one.why == "bruised")
    currency = part.order.currency
    assert (told.before, told.after) == (f"12.99 {currency}", f"9.99 {currency}")


def test_a_store_that_goes_live_shows_both_stages_and_why():
    store = make_store()
    change = StageChange.objects.create(
        store=store, before="shadow", after="live", by="staff:1", reason="all is well"
    )
    with transaction.atomic():
        publish(StoreStageChanged(store_id=store.pk, change_id=change.pk))
    told = next(one for one in trail(Asked(store=store.pk)).lines if one.why == "all is well")
    assert (told.before, told.after, told.of) == ("shadow", "live", str(store))


class TestOfLeads:
    def test_read_of_tablets_badges_and_pins_of_their_store_only(self, client):
        mine, other = make_store(), make_store()
        boss = make_person(is_superuser=True)
        client.force_login(boss)
        people = {store: make_role(roles.PICKER, store) for store in (mine, other)}
        for store, person in people.items():
            tablet, _token = make_tablet(store=store, name=f"slate {store.code}")
            client.post(reverse("admin:staff_tablet_end", args=[tablet.pk]))
            client.post(reverse("admin:staff_staffkey_issue", args=[person.pk]))
        client.force_login(make_role(roles.LEAD, mine))

        shown = client.get(PAGE).content.decode()

        assert f"slate {mine.code}" in shown
        assert f"user {people[mine].username}" in shown
        assert "badge issued" in shown
        assert f"slate {other.code}" not in shown
        assert f"user {people[other].username}" not in shown

    def test_do_not_read_what_else_was_done_to_their_people(self, client):
        mine = make_store()
        person = make_role(roles.PICKER, mine)
        boss = make_person(is_superuser=True)
        LogEntry.objects.log_actions(boss.pk, [person], CHANGE, "secret role", single_object=True)

        lines = trail(Asked(stores=frozenset([mine.pk]))).lines

        assert "secret role" not in {line.what for line in lines}


def test_what_roles_ask_at_log_in_keeps_its_history(client):
    group = Group.objects.get(name=roles.LEAD)
    policy, _made = RolePolicy.objects.get_or_create(group=group)
    policy.second_factor = not policy.second_factor
    policy.save()
    client.force_login(make_person(is_superuser=True))
    page = client.get(reverse("admin:auth_group_history", args=[group.pk]))
    assert "Asks for a second factor" in page.content.decode()
    assert any("second factor" in line.what for line in trail(Asked()).lines)


def test_older_lines_follow_page_by_page_without_a_gap(monkeypatch):
    monkeypatch.setattr(audit, "PAGE", 3)
    for _ in range(3):
        make_ready()
    every = set(Fact.objects.exclude(name="store.switched").values_list("pk", flat=True))
    seen, after = 0, ""
    for _ in range(len(every)):
        found = trail(Asked(after=after))
        seen += len([line for line in found.lines if line.of.startswith("order ")])
        after = found.older
        if not after:
            break
    assert seen == len([pk for pk in every if Fact.objects.get(pk=pk).subject])


def test_looking_costs_the_same_however_much_there_is(client):
    client.force_login(make_role(roles.SUPPORT))
    make_ready()
    client.get(PAGE)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    before = queries()
    for _ in range(3):
        make_ready()
    assert queries() == before


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (Asked(person=7), "fact_by_person"),
        (Asked(subject="order:7"), "fact_timeline"),
        (Asked(since=clock.now()), "events_fact_public_id"),
        (Asked(), "events_fact_public_id"),
    ],
)
def test_facts_are_found_by_an_index(asked, index):
    person = make_person()
    Fact.objects.bulk_create(
        Fact(
            name="order.placed",
            data={},
            subject=f"order:{number % 50}",
            actor=f"staff:{person.pk}" if number % 100 == 0 else "key:key_1",
            occurred_at=clock.now(),
        )
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_fact")
    with CaptureQueriesContext(connection) as captured:
        trail(asked)
    sql = next(query["sql"] for query in captured if 'FROM "events_fact"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert index in plan, plan
