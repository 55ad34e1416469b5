"""Stars after the pickup, and the report per store."""

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.events.models import Fact
from hub.stores.models import StaffScope, Store
from orders.curbside.errors import NotCollected, StarsOutOfRange, TooLateToTell
from orders.curbside.handing import hand_off
from orders.curbside.rating import rate, ratings_of
from orders.models import Rating
from tests.factories import make_item, make_person, make_ready, make_store, pin_of, stock

pytestmark = pytest.mark.django_db


def collected(**values):
    part = make_ready(**values)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    return part


def told():
    return Fact.objects.filter(name="fulfillment.rated").count()


def test_the_newest_word_stands():
    part = collected()
    rate(fulfillment=part, stars=2, words="Long wait")
    rate(fulfillment=part, stars=4)
    rate(fulfillment=part, stars=4)
    rating = Rating.objects.get()
    assert (rating.stars, rating.words, told()) == (4, "", 2)


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_stars_are_one_to_five(stars):
    with pytest.raises(StarsOutOfRange):
        rate(fulfillment=collected(), stars=stars)


def test_only_a_fresh_pickup_is_rated():
    part = make_ready()
    with pytest.raises(NotCollected):
        rate(fulfillment=part, stars=5)
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    with clock.turned_to(clock.now() + timedelta(days=8)), pytest.raises(TooLateToTell):
        rate(fulfillment=part, stars=5)


def test_the_report_has_the_least_liked_store_first():
    good, bad, item = make_store(), make_store(), make_item()
    for store in (good, bad):
        stock(store, {item: 20})
    for store, stars in [(good, 5), (good, 4), (bad, 1), (bad, 4)]:
        rate(fulfillment=collected(store=store, lines={item: 1}), stars=stars)
    rows = ratings_of(Store.objects.all(), since=clock.now() - timedelta(days=1))
    assert [(row.store, row.ratings, row.average, row.unhappy) for row in rows] == [
        (bad, 2, 2.5, 1),
        (good, 2, 4.5, 0),
    ]


def test_the_report_page_shows_own_stores_only(client):
    mine, other = collected(), collected()
    rate(fulfillment=mine, stars=5, words="Lovely <i>team</i>")
    rate(fulfillment=other, stars=1, words="Never again")
    person = make_person()
    StaffScope.objects.create(user=person, store=mine.store)
    client.force_login(person)
    shown = client.get(reverse("admin:orders_rating_report")).content.decode()
    assert "Lovely &lt;i&gt;team" in shown
    assert "Never again" not in shown
    assert client.get(reverse("admin:orders_rating_changelist")).status_code == 200
