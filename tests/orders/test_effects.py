"""Rules show what they change before they are saved: hours, places, curb settings, limits."""

import re
from datetime import datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from hub.stores.models import HoursException, OpeningHours, StoreGroup
from notifications.models import TextingRules
from orders.models import CurbSettings, FulfillmentOrder, SlotCapacity, Visit, WindowBooking
from tests.confirming import hidden
from tests.factories import (
    make_fulfillment,
    make_item,
    make_ready,
    make_role,
    make_store,
    stock,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief")
    client.force_login(person)
    return person


def read(reply):
    assert reply.status_code == 200, reply.status_code
    html = reply.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<body") :]).split())


def goods(store):
    item = make_item()
    stock(store, {item: 9})
    return {item: 1}


def tomorrow(store):
    return clock.now().date() + timedelta(days=1)


def closing(store, **more):
    day = tomorrow(store)
    return {"first": day.isoformat(), "store": store.code, "reason": "Snow", **more}


CALENDAR = "/admin/stores/store/calendar/"


class TestCalendar:
    def test_closing_a_day_names_the_orders_and_customers_it_touches(self, client, chief, store):
        part = make_fulfillment(store=store, lines=goods(store))
        noon = datetime.combine(tomorrow(store), time(11), clock.now().tzinfo)
        FulfillmentOrder.objects.filter(pk=part.pk).update(
            promised_at=noon, window_start=noon, window_end=noon + timedelta(hours=1)
        )
        told = read(client.post(CALENDAR, closing(store)))
        assert "1 order is promised for a time when the store will be closed" in told
        assert "1 customer chose a time" in told
        assert "1 customer is affected" in told
        assert not HoursException.objects.exists()

    def test_nothing_remains_of_a_look_and_the_second_press_saves_once(self, client, chief, store):
        first = client.post(CALENDAR, closing(store))
        sent = hidden(first)
        assert client.post(CALENDAR, sent).status_code == 303
        again = client.post(CALENDAR, sent)
        assert again.status_code == 302
        assert HoursException.objects.get().reason == "Snow"
        assert HoursException.history.count() == 1

    def test_what_somebody_else_changed_meanwhile_is_looked_at_again(self, client, chief, store):
        sent = hidden(client.post(CALENDAR, closing(store)))
        HoursException.objects.create(store=store, date=tomorrow(store), reason="Strike")
        assert "Somebody has changed this meanwhile" in read(client.post(CALENDAR, sent))
        assert HoursException.objects.get().reason == "Strike"

    def test_a_group_of_stores_is_closed_together(self, client, chief, store):
        other, third = make_store(code="S2"), make_store(code="S3")
        group = StoreGroup.objects.create(name="North")
        group.stores.set([store, other])
        asked = closing(store, group=group.pk)
        del asked["store"]
        assert client.post(CALENDAR, hidden(client.post(CALENDAR, asked))).status_code == 303
        closed = set(HoursException.objects.values_list("store__code", flat=True))
        assert closed == {"S1", "S2"}
        assert third.code not in closed

    def test_days_get_their_usual_hours_again(self, client, chief, store):
        HoursException.objects.create(store=store, date=tomorrow(store), reason="Strike")
        asked = closing(store, usual="on")
        client.post(CALENDAR, hidden(client.post(CALENDAR, asked)))
        assert not HoursException.objects.exists()
        assert HoursException.history.first().history_type == "-"

    @pytest.mark.parametrize(
        "asked",
        [
            {"first": "nonsense"},
            {"first": "9999-12-31"},
            {"last": "2001-01-01"},
            {"opens": "18:00", "closes": "09:00"},
            {"opens": "18:00"},
            {"store": "NOWHERE"},
            {"store": "\x00"},
        ],
    )
    def test_bad_input_is_refused_in_words(self, client, chief, store, asked):
        reply = client.post(CALENDAR, closing(store) | asked, follow=True)
        assert reply.status_code == 200
        assert not HoursException.objects.exists()
        assert "data-effect" not in reply.content.decode()

    def test_a_store_is_shown_by_the_month_and_all_by_the_week(self, client, chief, store):
        day = tomorrow(store)
        HoursException.objects.create(store=store, date=day, reason="Strike")
        assert "Strike" in read(client.get(f"{CALENDAR}?store=S1&day={day}"))
        assert "Strike" in read(client.get(f"{CALENDAR}?day={day}"))
        assert client.get(f"{CALENDAR}?store=NOWHERE").status_code == 404
        assert client.get(f"{CALENDAR}?day=nonsense&page=x&group=%00").status_code == 200

    def test_a_lead_looks_at_his_stores_and_changes_none(self, client, store):
        make_store(code="S2", name="Elsewhere")
        client.force_login(make_role("Store lead", store))
        assert "Elsewhere" not in read(client.get(CALENDAR))
        assert client.get(f"{CALENDAR}?store=S2").status_code == 404
        assert client.post(CALENDAR, closing(store)).status_code == 404


class TestStorePage:
    def form_of(self, client, store):
        page = reverse("admin:stores_store_change", args=[store.pk])
        html = client.get(page).context["adminform"].form
        formsets = client.get(page).context["inline_admin_formsets"]
        sent = {name: html[name].value() for name in html.fields}
        for one in formsets:
            management = one.formset.management_form
            sent |= {management.add_prefix(n): management[n].value() for n in management.fields}
            for form in one.formset.initial_forms:
                sent |= {form.add_prefix(n): form[n].value() for n in form.fields}
        return page, {
            name: value for name, value in sent.items() if value is not None and value is not False
        }

    def test_shorter_hours_show_their_effect_before_they_are_saved(self, client, chief, store):
        ready = make_ready(store=store, lines=goods(store))
        FulfillmentOrder.objects.filter(pk=ready.pk).update(
            expires_at=clock.now() + timedelta(hours=30)
        )
        page, sent = self.form_of(client, store)
        for number in range(7):
            sent[f"hours-{number}-DELETE"] = "on"
        first = client.post(page, sent)
        told = read(first)
        assert "cannot be collected" in told
        assert "Some orders will not be taken at all" in told
        assert store.hours.count() == 7
        assert client.post(page, hidden(first)).status_code == 302
        assert store.hours.count() == 0
        assert OpeningHours.history.filter(history_type="-").count() == 7


class TestSlots:
    def test_fewer_places_tell_how_many_orders_are_too_many(self, client, chief):
        store = make_store(code="S1", slot_capacity=5, slot_minutes=60)
        start = datetime.combine(tomorrow(store), time(10), clock.now().tzinfo)
        for number in range(3):
            WindowBooking.objects.create(store=store, start=start, reference=f"ful_{number}")
        told = read(
            client.post(
                reverse("admin:orders_slotcapacity_add"),
                {
                    "store": store.pk,
                    "date": tomorrow(store).isoformat(),
                    "begins": "00:00",
                    "ends": "23:59",
                    "orders": 1,
                },
            )
        )
        assert "1 pickup window will have more orders than places (2 too many)" in told
        assert not SlotCapacity.objects.exists()


class TestCurb:
    def test_another_target_is_judged_by_the_last_seven_days(self, client, chief, store):
        now = clock.now()
        for minutes in (2, 6, 9):
            Visit.objects.create(
                store=store,
                status="done",
                arrived_at=now - timedelta(hours=1),
                served_at=now - timedelta(hours=1) + timedelta(minutes=minutes),
            )
        row = CurbSettings.objects.create(store=store)
        page = reverse("admin:orders_curbsettings_change", args=[row.pk])
        form = client.get(page).context["adminform"].form
        sent = {n: form[n].value() for n in form.fields}
        sent = {n: value for n, value in sent.items() if value is not None and value is not False}
        told = read(client.post(page, sent | {"wait_target": 8, "escalate_after": "1, 7"}))
        assert "3 customers waited" in told
        assert "waited longer than the target 2 1" in told
        assert "told by text to the lead 2 1" in told


def test_limits_on_texts_are_judged_by_the_last_seven_days(client, chief):
    page = reverse("admin:notifications_textingrules_add")
    asked = {"regions": "", "per_number_hour": 1, "per_number_day": 2, "reach_minutes": 5}
    first = client.post(page, asked)
    assert "The texts of the last seven days" in read(first)
    assert not TextingRules.objects.exists()
    client.post(page, hidden(first))
    assert TextingRules.objects.get().per_number_day == 2
    assert TextingRules.history.count() == 1


def test_another_lead_time_shows_the_promises_of_the_next_hours(client, chief, store):
    page = reverse("admin:stores_settingslevel_of_store", args=[store.pk])
    told = read(client.post(page, {"lead_minutes": 300}))
    assert "In 1 store new orders are promised for another time" in told
    store.refresh_from_db()
    assert store.lead_minutes == 60
