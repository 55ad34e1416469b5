"""Goods that not everybody may buy, and not at every hour."""

from datetime import UTC, datetime, time

import pytest

from hub import clock
from orders.curbside.aging import age_terms, next_legal_sale
from orders.curbside.errors import AgeUnchecked, NoSaleNow
from orders.curbside.handing import LineOutcome, hand_off, override_hand_off, receipt_of
from orders.models import CurbSettings, PutBack, Refund
from tests.factories import make_fulfillment, make_item, make_person, make_ready, pin_of
from tests.orders.curbside.curb_making import broken, lead, line_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)  # 12:00 in Warsaw


def make_party(**values):
    """A ready part with a bottle of wine and a bag of crisps."""
    wine, crisps = make_item(name="Wine", minimum_age=18), make_item(name="Crisps")
    return make_ready(lines={wine: 2, crisps: 1}, **values)


def hours(part, opens, closes):
    """The store's legal hours, so that now is or is not within them."""
    CurbSettings.objects.create(store=part.store, age_sale_from=opens, age_sale_until=closes)


def closed_now(part):
    """Legal hours of one minute that is not now."""
    local = (clock.now().astimezone(UTC).hour + 12) % 24
    hours(part, time(local, 0), time(local, 1))


def test_what_the_buyer_has_to_bring_is_known_before_it_is_ready():
    part = make_fulfillment(lines={make_item(minimum_age=16): 1, make_item(minimum_age=18): 1})
    terms = age_terms(part)
    assert (terms.minimum_age, terms.legal_now, len(terms.lines)) == (18, True, 2)


def test_goods_for_everybody_have_no_terms():
    assert age_terms(make_ready()).minimum_age == 0


@pytest.mark.parametrize(
    ("opens", "closes", "at", "until"),
    [
        (time(6), time(22), NOON, NOON),
        (None, None, NOON, NOON),
        (time(9), time(9), NOON, NOON),
        (time(13), time(22), NOON, NOON.replace(hour=11)),
        (time(6), time(11), NOON, datetime(2026, 6, 2, 4, tzinfo=UTC)),
        (time(6), time(12), NOON, datetime(2026, 6, 2, 4, tzinfo=UTC)),
        (time(22), time(2), NOON, datetime(2026, 6, 1, 20, tzinfo=UTC)),
        (time(22), time(12, 1), NOON, NOON),
        (time(8), time(1), NOON, NOON),
        (None, time(10), NOON, datetime(2026, 6, 1, 22, tzinfo=UTC)),
        (time(14), None, NOON, NOON.replace(hour=12)),
    ],
)
def test_legal_hours_are_the_stores_own_and_may_run_over_midnight(opens, closes, at, until):
    curb = CurbSettings(age_sale_from=opens, age_sale_until=closes)
    assert next_legal_sale(curb, "Europe/Warsaw", at) == until


def test_a_legal_hour_that_the_clocks_skip_begins_when_they_go_on():
    curb = CurbSettings(age_sale_from=time(2, 30), age_sale_until=time(22))
    at = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight before the clocks go forward
    assert next_legal_sale(curb, "Europe/Warsaw", at) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_nobody_gets_wine_without_a_look_at_a_proof_of_age():
    part = make_party()
    with pytest.raises(AgeUnchecked) as refusal:
        hand_off(fulfillment=part, pin=pin_of(part), by=None)
    assert refusal.value.extra == {"minimum_age": 18, "lines": [1]}
    with pytest.raises(AgeUnchecked):
        override_hand_off(fulfillment=part, reason="knows her", by=lead())
    part.refresh_from_db()
    assert part.status == "ready"


def test_the_proof_says_who_looked_and_never_a_number():
    part, person = make_party(), make_person()
    proof = hand_off(fulfillment=part, pin=pin_of(part), by=person, age_checked=True)
    assert (proof.age_checked, proof.by) == (True, person)
    assert receipt_of(part)["age_checked"] is True
    assert broken() == set()


def test_without_a_proof_of_age_only_those_lines_stay():
    part = make_party()
    wine = line_of(part, "Wine")
    hand_off(
        fulfillment=part,
        pin=pin_of(part),
        by=None,
        lines={wine.pk: LineOutcome(age_refused=2)},
    )
    assert [line.handed_off for line in part.lines.order_by("pk")] == [0, 1]
    assert PutBack.objects.get().reason == "no proof of age at the curb"
    assert Refund.objects.get().reason == "refused"
    assert broken() == set()


def test_outside_the_legal_hours_even_an_adult_waits_for_the_wine():
    part = make_party()
    closed_now(part)
    with pytest.raises(NoSaleNow) as refusal:
        hand_off(fulfillment=part, pin=pin_of(part), by=None, age_checked=True)
    assert refusal.value.extra["lines"] == [1]
    wine = line_of(part, "Wine")
    hand_off(fulfillment=part, pin=pin_of(part), by=None, lines={wine.pk: LineOutcome(later=2)})
    assert part.status == "completed"
