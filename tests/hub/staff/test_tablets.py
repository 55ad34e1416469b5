"""Tablets of a store: enrolled, shared by badge and PIN, narrowed to the store, ended at once."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hub import clock
from hub.errors import HubError, Invalid
from hub.events.models import Fact
from hub.staff import badges, roles, tablets
from hub.staff.models import StaffKey, Tablet, TabletPerson
from hub.stores.models import StaffScope
from tests.factories import make_fulfillment, make_person, make_role, make_store, make_tablet
from tests.racing import at_once

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/people/"
SWITCH = "/admin/people/switch/"
PICK = "/admin/orders/fulfillmentorder/pick/"
PIN = "739156"


def bring(client, token):
    """Let the browser be the tablet."""
    signer = signing.get_cookie_signer(salt=tablets.COOKIE + tablets.SALT)
    client.cookies[tablets.COOKIE] = signer.sign(token)


def worker(store, role=roles.PICKER, **values):
    person = make_role(role, store, **values)
    badges.set_pin(person=person, pin=PIN)
    return person


@pytest.fixture
def tablet(client):
    tablet, token = make_tablet()
    bring(client, token)
    return tablet


def switch(client, person, pin=PIN, **more):
    return client.post(SWITCH, {"person": person.pk, "pin": pin} | more)


def on_it(client):
    """Who works on the tablet, or None."""
    return client.session.get("_auth_user_id")


# --- enrolling and ending ---------------------------------------------------------------------


def test_a_lead_makes_the_device_in_hand_a_tablet_and_is_logged_out(client):
    store, other = make_store(), make_store()
    client.force_login(make_role(roles.LEAD, store))
    page = reverse("admin:staff_tablet_add")
    assert other.name not in client.get(page).content.decode()
    client.post(page, {"store": other.code, "name": "Till 1", "idle_minutes": 5})
    assert not Tablet.objects.exists()
    reply = client.post(page, {"store": store.code, "name": "Till 1", "idle_minutes": 5})
    cookie = reply.cookies[tablets.COOKIE]
    assert reply["Location"] == PEOPLE
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] > 31_000_000
    assert on_it(client) is None
    assert store.name in client.get(PEOPLE).content.decode()
    assert cookie.value.split(":")[0] not in Tablet.objects.get().token_hash


def test_a_picker_enrolls_no_tablet(client):
    client.force_login(make_role(roles.PICKER, make_store()))
    assert client.get(reverse("admin:staff_tablet_add")).status_code == 403


def test_a_changed_cookie_is_no_tablet(client, tablet):
    client.cookies[tablets.COOKIE] = client.cookies[tablets.COOKIE].value[:-3] + "AAA"
    assert client.get(PEOPLE)["Location"] == "/admin/login/"


def test_ending_a_tablet_ends_its_session_with_the_next_request(client, tablet):
    person = worker(tablet.store)
    switch(client, person)
    assert client.get(PICK).status_code == 200
    assert tablets.end(tablet=tablet, by=person)
    assert client.get(PICK)["Location"].startswith("/admin/login/")
    assert on_it(client) is None
    assert not tablets.end(tablet=tablet, by=person)


def test_ending_is_for_the_tablets_of_ones_own_stores(client):
    tablet, _ = make_tablet()
    client.force_login(make_role(roles.LEAD, make_store()))
    end = reverse("admin:staff_tablet_end", args=[tablet.pk])
    missing = reverse("admin:staff_tablet_end", args=[10**9])
    assert client.post(end).status_code == client.post(missing).status_code == 404
    client.force_login(make_role(roles.LEAD, tablet.store))
    assert client.post(end).status_code == 303
    tablet.refresh_from_db()
    assert tablet.ended_at


def test_a_session_taken_to_another_browser_is_none(client, tablet):
    switch(client, worker(tablet.store))
    del client.cookies[tablets.COOKIE]
    assert client.get(PICK)["Location"].startswith("/admin/login/")
    assert on_it(client) is None


# --- switching --------------------------------------------------------------------------------


def test_the_tablet_shows_the_people_of_its_store_who_have_a_pin_or_a_badge(client, tablet):
    here = worker(tablet.store, first_name="Ann", last_name="Here")
    worker(make_store(), first_name="Zofia", last_name="Elsewhere")
    make_role(roles.PICKER, tablet.store, first_name="Keyless")
    worker(tablet.store, first_name="Left", is_active=False)
    shown = client.get(PEOPLE).content.decode()
    assert "Ann Here" in shown
    for name in ("Zofia", "Keyless", "Left"):
        assert name not in shown
    switch(client, here)
    assert on_it(client) == str(here.pk)


def test_the_log_in_page_of_a_tablet_is_its_people_and_leads_on(client, tablet):
    first = client.get(PICK)
    people = client.get(first["Location"])
    assert people["Location"].startswith(f"{PEOPLE}?next=")
    reply = switch(client, worker(tablet.store), next=PICK)
    assert reply["Location"] == PICK
    assert (
        switch(client, worker(tablet.store), next="https://evil.example/")["Location"] == "/admin/"
    )


def test_a_scanned_badge_switches_and_a_new_badge_ends_the_old_one(client, tablet):
    person = make_role(roles.PICKER, tablet.store)
    old = badges.issue_badge(person=person, by="lead")
    code = badges.issue_badge(person=person, by="lead")
    assert client.post(SWITCH, {"badge": old}).status_code == 403
    assert client.post(SWITCH, {"badge": code.lower()}).status_code == 303
    assert on_it(client) == str(person.pk)
    assert code not in str(StaffKey.objects.values().get(user=person))


def test_a_badge_taken_back_and_one_of_another_store_open_nothing(client, tablet):
    mine, other = make_role(roles.PICKER, tablet.store), make_role(roles.PICKER, make_store())
    code, foreign = (badges.issue_badge(person=one, by="lead") for one in (mine, other))
    assert badges.take_badge_back(person=mine)
    for badge in (code, foreign, "CBB", "x" * 64):
        assert client.post(SWITCH, {"badge": badge}).status_code == 403
    assert on_it(client) is None


def test_the_next_person_takes_over_by_badge_from_any_page(client, tablet):
    first, second = worker(tablet.store), make_role(roles.PICKER, tablet.store)
    switch(client, first)
    code = badges.issue_badge(person=second, by="lead")
    reply = client.post(SWITCH, {"badge": code, "next": PICK})
    assert (reply["Location"], on_it(client)) == (PICK, str(second.pk))
    wrong = client.post(SWITCH, {"badge": badges.new_badge(), "next": PICK})
    assert (wrong["Location"], on_it(client)) == (PICK, str(second.pk))


def test_leaving_shows_the_people_again(client, tablet):
    switch(client, worker(tablet.store))
    reply = client.post("/admin/people/leave/", {"next": PICK})
    assert reply["Location"].startswith(PEOPLE)
    assert on_it(client) is None


def test_five_wrong_pins_lock_the_person_and_a_right_one_costs_nothing(client, tablet):
    person, other = worker(tablet.store), worker(tablet.store)
    for _ in range(badges.TRIES_PER_PERSON + 2):
        assert switch(client, person).status_code == 303
        client.post("/admin/people/leave/")
    for _ in range(badges.TRIES_PER_PERSON):
        assert "not the right one" in switch(client, person, "111112").content.decode()
    assert "oo many wrong tries" in switch(client, person).content.decode()
    assert switch(client, other).status_code == 303


def test_the_tries_of_a_tablet_are_counted_over_all_its_people(client, tablet):
    people = [worker(tablet.store) for _ in range(6)]
    for number in range(badges.TRIES_PER_TABLET):
        switch(client, people[number % 6], "111112")
    assert "oo many wrong tries" in switch(client, worker(tablet.store)).content.decode()


def guessed(tablet, person, pin="111112"):
    """What came of a try: who it is, or the code of the refusal."""
    try:
        return badges.by_pin(tablet=tablet, person_id=person.pk, pin=pin).pk
    except HubError as error:
        return error.code


def test_wrong_pins_close_the_person_on_that_tablet_only(tablet):
    other, _ = make_tablet(store=tablet.store)
    person = worker(tablet.store)
    for _ in range(badges.TRIES_PER_PERSON + 40):
        guessed(tablet, person)

    assert guessed(tablet, person, PIN) == "too_many_tries"
    assert guessed(other, person, PIN) == person.pk


def test_wrong_pins_from_tablet_to_tablet_close_the_person_on_all_for_the_day(tablet):
    person, colleague = worker(tablet.store), worker(tablet.store)
    tablets = [make_tablet(store=tablet.store)[0] for _ in range(5)]
    answers = [guessed(one, person) for one in tablets for _ in range(badges.TRIES_PER_PERSON)]

    assert answers.count("not_known") == badges.TRIES_PER_DAY
    assert guessed(tablet, person, PIN) == "too_many_tries"
    assert guessed(tablet, colleague, PIN) == colleague.pk
    badges.set_pin(person=person, pin=PIN)
    assert guessed(tablet, person, PIN) == person.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_guesses_at_once_are_no_more_tries_than_one_after_the_other():
    tablet, _ = make_tablet()
    person = worker(tablet.store)

    answers = at_once(12, lambda _: guessed(tablet, person))

    assert sorted(set(answers)) == ["not_known", "too_many_tries"]
    assert answers.count("not_known") == badges.TRIES_PER_PERSON


@pytest.mark.django_db(transaction=True)
@pytest.mark.race
def test_guesses_on_many_tablets_at_once_are_no_more_than_a_day_has():
    tablets = [make_tablet()[0]]
    tablets += [make_tablet(store=tablets[0].store)[0] for _ in range(5)]
    person = worker(tablets[0].store)

    def guess(number):
        return [guessed(one, person) for one in tablets[number % 6 :] + tablets[: number % 6]]

    answers = [answer for some in at_once(12, guess) for answer in some]

    assert answers.count("not_known") == badges.TRIES_PER_DAY


@pytest.mark.parametrize(
    "pin", ["123456", "987654", "111111", "121212", "112112", "241290", "901224", "12345", "12345a"]
)
def test_a_pin_that_is_easily_guessed_is_refused(pin):
    with pytest.raises(Invalid):
        badges.set_pin(person=make_person(), pin=pin)


def test_the_same_pin_is_kept_differently_for_two_people():
    people = [make_person(), make_person()]
    for person in people:
        badges.set_pin(person=person, pin=PIN)
    kept = set(StaffKey.objects.values_list("pin", flat=True))
    assert len(kept) == 2
    assert not any(PIN in one for one in kept)


# --- what a tablet's session may --------------------------------------------------------------


def test_a_superuser_on_a_tablet_is_a_lead_of_its_store(client, tablet):
    boss = worker(tablet.store, is_superuser=True)
    other = make_fulfillment()
    switch(client, boss)
    assert client.get(PICK).status_code == 200
    for name in ("auth_user_changelist", "api_apikey_changelist", "staff_tablet_add"):
        assert client.get(reverse(f"admin:{name}")).status_code == 403, name
    there = reverse("admin:orders_fulfillmentorder_change", args=[other.pk])
    assert client.get(there).status_code == 404
    person = TabletPerson.objects.get(pk=boss.pk)
    assert person.get_all_permissions() == roles.TABLET_RIGHTS
    assert User.objects.get(pk=boss.pk).is_superuser


def test_what_a_tablet_takes_away_is_never_written_back(tablet):
    person = TabletPerson.objects.get(pk=worker(tablet.store, is_superuser=True).pk)
    person.first_name = "Ann"
    person.save()
    stored = User.objects.get(pk=person.pk)
    assert (stored.first_name, stored.is_superuser) == ("Ann", True)


def test_a_person_of_two_stores_sees_on_a_tablet_only_its_own(client, tablet):
    mine, other = make_fulfillment(), make_fulfillment()
    person = worker(tablet.store)
    Tablet.objects.filter(pk=tablet.pk).update(store=mine.store)
    for part in (mine, other):
        StaffScope.objects.create(user=person, store=part.store)
    switch(client, person)
    page = "admin:orders_fulfillmentorder_change"
    assert client.get(reverse(page, args=[mine.pk])).status_code == 200
    assert client.get(reverse(page, args=[other.pk])).status_code == 404


def test_rights_given_by_hand_have_no_place_on_a_tablet(client, tablet):
    person = worker(tablet.store)
    person.user_permissions.set(Permission.objects.all())
    switch(client, person)
    assert client.get(reverse("admin:api_apikey_changelist")).status_code == 403
    assert client.get(reverse("admin:events_fact_changelist")).status_code == 403


def test_a_password_on_a_tablet_gives_a_tablets_session_and_only_to_its_people(client, tablet):
    boss = worker(tablet.store, is_superuser=True)
    boss.set_password("right-and-long")
    boss.save()
    stranger = make_person(is_superuser=True)
    stranger.set_password("right-and-long")
    stranger.save()
    login = "/admin/login/?password"
    asked = {"username": stranger.username, "password": "right-and-long"}
    assert "for the people of" in client.post(login, asked).content.decode()
    client.post(login, asked | {"username": boss.username})
    assert on_it(client) == str(boss.pk)
    assert client.get(reverse("admin:auth_user_changelist")).status_code == 403


def test_what_is_done_on_a_tablet_carries_the_name_of_who_did_it(client, tablet):
    part = make_fulfillment()
    Tablet.objects.filter(pk=tablet.pk).update(store=part.store)
    tablet.refresh_from_db()
    person = worker(part.store)
    switch(client, person)
    step = reverse("admin:orders_fulfillmentorder_step", args=[part.pk])
    client.post(step, {"action": "accept", "token": "t-1"})
    assert Fact.objects.get(name="fulfillment.accepted").actor == f"staff:{person.pk}"


def test_nobody_touching_it_ends_the_session_and_a_board_that_renews_itself_is_no_touch(
    client, tablet
):
    person = worker(tablet.store)
    switch(client, person)
    start = clock.now()
    with clock.turned_to(start + timedelta(minutes=4)):
        polled = client.get(PICK + "cards/", headers={"HX-Request": "true"})
        assert polled.status_code == 200
    with clock.turned_to(start + timedelta(minutes=5, seconds=1)):
        reply = client.get(PICK)
        assert reply["Location"].startswith(PEOPLE)
        assert "why=idle" in reply["Location"]
        assert on_it(client) is None


def test_touching_it_keeps_the_session(client, tablet):
    switch(client, worker(tablet.store))
    start = clock.now()
    for minutes in (4, 8):
        with clock.turned_to(start + timedelta(minutes=minutes)):
            assert client.post("/admin/people/here/").status_code == 204
    with clock.turned_to(start + timedelta(minutes=12)):
        assert client.get(PICK).status_code == 200


def test_knowing_the_tablet_costs_one_query_by_a_unique_hash(client, tablet):
    switch(client, worker(tablet.store))
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/people/")
    asked = [query["sql"] for query in queries if 'FROM "staff_tablet"' in query["sql"]]
    assert len(asked) == 1
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + asked[0])
        assert "staff_tablet_token_hash" in str(cursor.fetchall())


# --- badges and PINs of people ----------------------------------------------------------------


def test_a_lead_issues_badges_to_the_people_of_the_own_store_only(client):
    store = make_store()
    mine, other = make_role(roles.PICKER, store), make_role(roles.PICKER, make_store())
    client.force_login(make_role(roles.LEAD, store))
    page = client.get(reverse("admin:staff_staffkey_changelist")).content.decode()
    assert mine.username in page
    assert other.username not in page
    sheet = client.post(reverse("admin:staff_staffkey_issue", args=[mine.pk]))
    assert badges.BADGE.search(sheet.content.decode().split("data-secret>")[1][:29])
    assert "no-store" in sheet["Cache-Control"]
    for pk in (other.pk, 10**9):
        assert client.post(reverse("admin:staff_staffkey_issue", args=[pk])).status_code == 404
    client.post(reverse("admin:staff_staffkey_take_back", args=[mine.pk]))
    assert StaffKey.objects.get(user=mine).badge_hash is None


def test_ones_own_pin_is_set_with_the_password(client):
    person = make_role(roles.PICKER, make_store())
    person.set_password("right-and-long")
    person.save()
    client.force_login(person)
    form = {"pin": PIN, "repeated": PIN, "password": "wrong"}
    assert client.post("/admin/me/", form).status_code == 422
    right = form | {"password": "right-and-long"}
    assert "differ" in client.post("/admin/me/", right | {"repeated": "1"}).content.decode()
    assert not StaffKey.objects.exists()
    assert client.post("/admin/me/", right).status_code == 303
    tablet, _ = make_tablet(person.store_scopes.get().store)
    assert badges.by_pin(tablet=tablet, person_id=person.pk, pin=PIN).pk == person.pk
