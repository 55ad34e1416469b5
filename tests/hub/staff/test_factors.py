"""The second factor and the password asked again."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import RequestFactory
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken

from hub import clock
from hub.staff import factors, roles
from hub.staff.fresh import fresh_login_required
from hub.staff.models import AppFactor, RolePolicy
from tests.factories import make_person, make_role, make_store

pytestmark = pytest.mark.django_db

FACTOR = "/admin/me/factor/"
AGAIN = "/admin/me/again/"
WORD = "right-and-long"


def code_of(device, steps=0):
    """What the app shows now, or so many half minutes later."""
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + steps * device.step
    return f"{totp.token():06d}"


@pytest.fixture
def person():
    person = make_role(roles.OPERATIONS)
    person.set_password(WORD)
    person.save()
    RolePolicy.objects.create(group=Group.objects.get(name=roles.OPERATIONS), second_factor=True)
    return person


def log_in(client, person):
    return client.post("/admin/login/", {"username": person.username, "password": WORD})


def set_up(client, person):
    """The app and its backup codes."""
    log_in(client, person)
    client.get(FACTOR)
    device = AppFactor.objects.get(user=person)
    reply = client.post(FACTOR, {"code": code_of(device)})
    device.refresh_from_db()
    # the code of this half minute is spent: later ones of this test come from the next
    return device, reply.context["codes"]


def test_nothing_opens_before_the_app_is_set_up(client, person):
    log_in(client, person)
    for page in ("/admin/", "/admin/auth/user/", "/admin/me/"):
        assert client.get(page)["Location"].startswith(FACTOR)
    shown = client.get(FACTOR)
    assert shown.context["picture"].startswith("data:image/svg+xml")
    assert client.post(FACTOR, {"code": "000000"}).status_code == 403
    assert client.get("/admin/")["Location"].startswith(FACTOR)


def test_setting_up_shows_ten_backup_codes_once_and_opens_the_workspace(client, person):
    device, codes = set_up(client, person)
    assert device.confirmed
    assert len(set(codes)) == 10
    assert client.get("/admin/").status_code == 200
    assert client.get(FACTOR).status_code == 302


def test_each_log_in_asks_for_a_code_and_each_code_is_good_once(client, person):
    device, _ = set_up(client, person)
    client.logout()
    log_in(client, person)
    assert client.get("/admin/")["Location"].startswith(FACTOR)
    spent = code_of(device)
    AppFactor.objects.filter(pk=device.pk).update(last_t=int(time.time()) // 30)
    assert client.post(FACTOR, {"code": spent}).status_code == 403
    AppFactor.objects.filter(pk=device.pk).update(throttling_failure_count=0)
    AppFactor.objects.filter(pk=device.pk).update(throttling_failure_timestamp=None)
    assert client.post(FACTOR, {"code": code_of(device, 1)}).status_code == 303
    assert client.get("/admin/").status_code == 200


def test_a_backup_code_lets_in_once(client, person):
    _, codes = set_up(client, person)
    for expected in (303, 403):
        client.logout()
        log_in(client, person)
        assert client.post(FACTOR, {"code": codes[0].upper()}).status_code == expected
    assert StaticToken.objects.count() == 9


def test_the_tables_show_neither_the_secret_nor_the_backup_codes(client, person):
    device, codes = set_up(client, person)
    assert device.key != device.bin_key.hex()
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & {code.replace("-", "") for code in codes}


def test_ten_wrong_codes_lock_the_factor(client, person):
    _, codes = set_up(client, person)
    client.logout()
    log_in(client, person)
    for _ in range(factors.TRIES):
        client.post(FACTOR, {"code": "000000"})
    reply = client.post(FACTOR, {"code": codes[0]})
    assert "too many" in reply.content.decode().lower()


def test_a_role_that_asks_for_none_asks_for_none(client):
    person = make_role(roles.PICKER, make_store())
    person.set_password(WORD)
    person.save()
    log_in(client, person)
    assert client.get("/admin/").status_code == 200


def test_an_administrator_takes_a_lost_phone_off_and_others_do_not(client, person):
    set_up(client, person)
    client.logout()
    reset = f"/admin/auth/user/{person.pk}/reset-factor/"
    client.force_login(make_role(roles.LEAD, make_store()))
    assert client.post(reset).status_code == 404
    assert AppFactor.objects.exists()
    client.force_login(make_person(is_superuser=True))
    assert client.post(reset).status_code == 303
    assert not AppFactor.objects.exists()
    assert not StaticToken.objects.exists()


def test_the_password_is_asked_again_after_ten_minutes_and_leads_back(client):
    person = make_role(roles.OPERATIONS)
    person.set_password(WORD)
    person.save()
    log_in(client, person)
    view = fresh_login_required(lambda request: HttpResponse("given"))
    request = RequestFactory().get("/admin/export/?a=1")
    request.user, request.session = person, client.session
    assert view(request).content == b"given"
    with clock.turned_to(clock.now() + timedelta(minutes=11)):
        asked = view(request)
        assert asked["Location"] == f"{AGAIN}?next=%2Fadmin%2Fexport%2F%3Fa%3D1"
        wrong = client.post(AGAIN, {"password": "wrong", "next": "/admin/export/?a=1"})
        assert wrong.status_code == 403
        right = client.post(AGAIN, {"password": WORD, "next": "/admin/export/?a=1"})
        assert right["Location"] == "/admin/export/?a=1"
        request.session = client.session
        assert view(request).content == b"given"


def test_who_has_an_app_shows_its_code_again_too(client, person):
    _, codes = set_up(client, person)
    assert client.post(AGAIN, {"password": WORD}).status_code == 403
    assert client.post(AGAIN, {"password": WORD, "code": codes[1]}).status_code == 303


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/admin\\@evil"])
def test_the_way_on_never_leaves_the_workspace(client, wanted):
    person = make_role(roles.OPERATIONS)
    person.set_password(WORD)
    person.save()
    client.force_login(person)
    reply = client.post(AGAIN, {"password": WORD, "next": wanted})
    assert reply["Location"] == "/admin/"
