"""What a site is told of a hand-off that was not all, and of what its customer says afterwards."""

import pytest

from hub.events import catalog
from hub.events.models import Fact
from hub.webhooks.models import ChannelEvent
from orders.announcing import announce_fulfillment
from orders.curbside.complaints import complain
from orders.curbside.delegates import name_delegate, revoke_delegate
from orders.curbside.handing import LineOutcome, hand_off, rest_of
from orders.curbside.rating import rate
from tests.factories import make_item, make_ready, pin_of

pytestmark = pytest.mark.django_db

KINDS = {
    kind.name: kind
    for kind in (
        catalog.PartlyHandedOff,
        catalog.GoodsRefused,
        catalog.DelegateNamed,
        catalog.ComplaintMade,
        catalog.PickupRated,
    )
}


def events(part):
    """The site's events of these kinds, made of the order's facts."""
    for fact in Fact.objects.filter(subject=f"order:{part.order_id}", name__in=KINDS).order_by(
        "pk"
    ):
        announce_fulfillment([KINDS[fact.name](**fact.data)], [fact])
    return [row.data for row in ChannelEvent.objects.order_by("position")]


def test_what_stayed_and_what_comes_later_is_told_line_by_line():
    part = make_ready(lines={make_item(): 2, make_item(): 2})
    one, two = part.lines.order_by("order_line__number")
    told = {one.pk: LineOutcome(later=1), two.pk: LineOutcome(damaged=1, reason="torn")}
    hand_off(fulfillment=part, pin=pin_of(part), by=None, lines=told)
    later, refused = events(part)
    assert later["rest"]["fulfillment_id"] == rest_of(part).public_id
    assert refused["refused"]["lines"] == [
        {
            "number": 2,
            "sku": two.item.sku,
            "units": 1,
            "outcome": "damaged",
            "reason": "torn",
        }
    ]


def test_who_may_collect_is_told_without_name_and_code():
    part = make_ready()
    code = name_delegate(fulfillment=part, name="Bob Ray").code
    revoke_delegate(fulfillment=part)
    told = events(part)
    assert [event["revoked"] for event in told] == [False, True]
    assert "Bob" not in str(told)
    assert code not in str(told)


def test_complaints_and_ratings_are_told_without_the_customers_words():
    part = make_ready()
    hand_off(fulfillment=part, pin=pin_of(part), by=None)
    complain(
        fulfillment=part, kind="missing", line=part.lines.get(), units=2, words="my sister Ann"
    )
    rate(fulfillment=part, stars=4, words="thanks, Ann")
    complaint, rating = events(part)
    assert (complaint["complaint"]["kind"], complaint["complaint"]["units"]) == ("missing", 2)
    assert rating["rating"] == {"stars": 4}
    assert "Ann" not in str([complaint, rating])
