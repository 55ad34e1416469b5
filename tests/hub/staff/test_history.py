"""The history of rules: who changed what, when, from what to what, and why."""

from datetime import time, timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from hub import clock
from hub.history import because, remember, unkept
from hub.staff.forgetting import purge_history
from hub.stores.models import HoursException, OpeningHours, StaffScope, Store, StoreGroup
from hub.trace import acting
from inventory.models import SafetyStock, SalesStop, SignalRule
from inventory.services.signals import set_signal_rule
from inventory.services.stops import stop_recalled
from orders.models import CurbSettings
from tests.factories import make_channel, make_item, make_person, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief", first_name="Ada", last_name="Nowak")
    client.force_login(person)
    return person


@pytest.fixture
def lead(client, store):
    person = make_person()
    person.user_permissions.set(Permission.objects.all())
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def test_a_change_keeps_what_was_before_who_made_it_and_why(store):
    with acting("staff:7"), because("Christmas"):
        store.lead_minutes = 90
        store.save(update_fields=["lead_minutes"])
    new, old = store.history.all()[:2]
    assert (old.lead_minutes, new.lead_minutes) == (60, 90)
    assert (new.actor, new.history_change_reason, new.history_type) == ("staff:7", "Christmas", "~")


def test_a_row_that_came_without_a_history_gets_its_beginning_before_its_first_change():
    with unkept():
        store = make_store(lead_minutes=30)
    store.lead_minutes = 45
    store.save()
    assert [row.lead_minutes for row in store.history.order_by("pk")] == [30, 45]
    assert store.history.earliest().actor == "system"


def test_columns_that_change_by_themselves_have_no_history():
    rule = set_signal_rule(channel=make_channel(), low_units=3)
    rule.told_position = 99
    rule.save(update_fields=["told_position"])
    assert SignalRule.history.count() == 1


def test_stops_of_recalls_are_told_by_the_recall_and_not_here(store):
    item = make_item()
    stop_recalled(item_id=item.pk, store_ids=[store.pk], by="x")
    SalesStop.objects.create(item=item, reason=SalesStop.Reason.NOT_FOR_PICKUP)
    assert SalesStop.history.count() == 1


def test_what_a_service_writes_in_one_statement_is_remembered(store):
    Store.objects.filter(pk=store.pk).update(name="Other")
    with because("by the file"):
        remember(Store.objects.filter(pk=store.pk))
    row = store.history.first()
    assert (row.name, row.history_change_reason) == ("Other", "by the file")


def test_secrets_phones_and_passwords_are_not_kept():
    kept = {one.name for one in CurbSettings.history.model._meta.get_fields()}
    assert not kept & {"alert_secret", "alert_phone", "lead_phone"}
    assert "password" not in {one.name for one in User.history.model._meta.get_fields()}


def test_a_login_is_no_change_of_a_person(client):
    person = make_person()
    before = User.history.filter(id=person.pk).count()
    client.force_login(person)
    assert User.history.filter(id=person.pk).count() == before


class TestPage:
    def test_it_tells_the_changes_of_a_store_with_its_hours_in_words(self, client, chief, store):
        with acting(f"staff:{chief.pk}"), because("New contract"):
            OpeningHours.objects.create(
                store=store, weekday=5, opens=time(9), closes=time(13)
            ) if not store.hours.filter(weekday=5, opens=time(9)).exists() else None
            store.name = "Kraków Rynek"
            store.save()
        html = client.get(reverse("admin:stores_store_history", args=[store.pk])).content.decode()
        assert "Ada Nowak" in html
        assert "New contract" in html
        assert "Kraków Rynek" in html

    def test_members_of_a_group_are_told_as_taken_in_and_left_out(self, client, chief, store):
        group = StoreGroup.objects.create(name="North")
        group.stores.add(store)
        html = client.get(reverse("admin:stores_storegroup_history", args=[group.pk]))
        assert f"+ {store}" in html.content.decode()

    def test_what_was_deleted_keeps_its_history(self, client, chief, store):
        rule = SafetyStock.objects.create(store=store, units=4)
        key = rule.pk
        rule.delete()
        html = client.get(reverse("admin:inventory_safetystock_history", args=[key]))
        assert html.status_code == 200
        assert "removed" in html.content.decode()

    def test_a_lead_sees_the_history_of_his_stores_only(self, client, lead, store):
        other = make_store(code="S2")
        mine = SafetyStock.objects.create(store=store, units=4)
        theirs = SafetyStock.objects.create(store=other, units=77)
        page = "admin:inventory_safetystock_history"
        assert client.get(reverse(page, args=[mine.pk])).status_code == 200
        assert client.get(reverse(page, args=[theirs.pk])).status_code == 404
        theirs.delete()
        assert client.get(reverse(page, args=[theirs.pk or 10**6])).status_code == 404
        whole = client.get(reverse("admin:inventory_safetystock_changes")).content.decode()
        assert "77" not in whole.split("data-history")[-1].split("</ol>")[0]

    @pytest.mark.parametrize("key", ["abc", "9" * 30, "-1", "%00", "0x1"])
    def test_nonsense_is_answered_as_what_is_not_there(self, client, chief, key):
        assert client.get(f"/admin/inventory/safetystock/{key}/history/").status_code == 404

    def test_the_reason_is_asked_for_and_kept(self, client, chief, store):
        page = reverse("admin:stores_storegroup_add")
        assert "_reason" in client.get(page).content.decode()
        client.post(page, {"name": "South", "rank": 1, "_reason": "a pilot"})
        assert StoreGroup.history.first().history_change_reason == "a pilot"

    def test_it_takes_a_bounded_number_of_queries(
        self, client, chief, store, django_assert_max_num_queries
    ):
        for minutes in range(60):
            store.lead_minutes = minutes
            store.save()
        page = reverse("admin:stores_store_history", args=[store.pk])
        with django_assert_max_num_queries(30):
            html = client.get(page).content.decode()
        assert "before=" in html

    def test_roles_given_to_a_person_are_told(self, client, chief):
        person = make_person()
        person.groups.add(Group.objects.create(name="Night shift"))
        html = client.get(reverse("admin:auth_user_history", args=[person.pk])).content.decode()
        assert "+ Night shift" in html


def test_a_page_of_older_changes_begins_where_the_first_ended(client, chief, store):
    for minutes in range(50):
        HoursException.objects.create(
            store=store, date=clock.now().date() + timedelta(days=minutes), reason=f"day {minutes}"
        )
    page = reverse("admin:stores_store_changes")
    first = client.get(page).content.decode()
    link = first.split('href="?before=')[1].split('"')[0]
    second = client.get(f"{page}?before={link}").content.decode()
    assert "day 49" in first
    assert "day 0" not in first
    assert "day 0" in second


def test_changes_of_five_years_ago_are_forgotten_with_their_lists(store):
    group = StoreGroup.objects.create(name="North")
    group.stores.add(store)
    old = clock.now() - timedelta(days=2000)
    StoreGroup.history.update(history_date=old)
    kept = Store.history.count()
    assert purge_history() == 2
    assert not StoreGroup.history.exists()
    assert Store.history.count() == kept
