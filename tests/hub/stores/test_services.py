"""Finding stores by what others call them, and by who may work them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser

from hub.errors import NotFound
from hub.stores.calendar import is_open
from hub.stores.models import HoursException, StaffScope
from hub.stores.services import calendar_of, find_store, find_stores, stores_of
from tests.factories import make_store

pytestmark = pytest.mark.django_db


def test_a_store_is_found_by_its_id_and_by_its_code():
    store = make_store(code="S1")

    assert find_store("S1") == find_store(store.public_id) == store


def test_a_code_that_looks_like_another_stores_id_does_not_hide_it():
    store = make_store()
    make_store(code=store.public_id)

    assert find_store(store.public_id) == store


def test_unknown_and_closed_down_stores_are_not_there():
    make_store(code="OLD", active=False)
    make_store(code="S1")

    with pytest.raises(NotFound, match="NEW, OLD"):
        find_stores(["S1", "OLD", "NEW"])


def test_people_see_the_stores_of_their_scopes_and_superusers_all():
    mine, _other, closed = make_store(), make_store(), make_store(active=False)
    users = get_user_model().objects
    clerk, boss = users.create_user("clerk"), users.create_superuser("boss")
    left = users.create_superuser("left", is_active=False)
    for store in (mine, closed):
        StaffScope.objects.create(user=clerk, store=store)

    assert list(stores_of(clerk)) == [mine]
    assert stores_of(boss).count() == 2
    assert not stores_of(left).exists()
    assert not stores_of(AnonymousUser()).exists()


def test_the_calendar_of_a_store_is_its_hours_exceptions_and_zone():
    store = make_store()
    HoursException.objects.create(store=store, date=date(2026, 3, 3), reason="inventory")
    HoursException.objects.create(store=store, date=date(2026, 3, 4), opens="10:00", closes="11:00")
    calendar = calendar_of(store)

    def opened(day, hour):
        moment = datetime(2026, 3, day, hour, 30, tzinfo=ZoneInfo("Europe/Warsaw"))
        return is_open(*calendar, moment)

    assert opened(2, 12)
    assert not opened(3, 12)
    assert opened(4, 10)
    assert not opened(4, 12)
