"""Clocks that run wrong: measured, corrected, and no sale is lost or counted twice for them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import clock
from inventory.errors import ClockOff
from inventory.ledger import StockEvent
from inventory.models import InventoryEvent, SourceClock, StockLevel
from inventory.services.clocks import ahead_by_store, in_words, true_moment
from inventory.services.counts import record_counts
from inventory.services.stock_events import record_stock_events
from tests.factories import make_channel, make_item, make_person, make_store
from tests.inventory.test_api import Api
from tests.inventory.test_invariants import broken
from tests.racing import at_once

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
TEN = timedelta(minutes=10)


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def mug():
    return make_item(sku="MUG")


def at(minutes):
    return clock.turned_to(NOON + timedelta(minutes=minutes))


def event(store, item, *, at, kind="sale", quantity=1, number="1"):
    return StockEvent(
        event_id=number,
        kind=kind,
        store_id=store.pk,
        item_id=item.pk,
        quantity=quantity,
        occurred_at=at,
    )


def count(store, item, units, *, minutes):
    record_counts(
        store=store,
        source="handheld",
        as_of=NOON + timedelta(minutes=minutes),
        counts={item.sku: units},
        event_prefix=f"count-{minutes}",
    )


def left(store, item):
    return StockLevel.objects.get(store=store, item=item).on_hand


def ahead(store, *moments, sent_at=None):
    return ahead_by_store(source="pos", moments={store.pk: moments}, sent_at=sent_at)[store.pk]


# --- around a count ----------------------------------------------------------------------------


@pytest.mark.parametrize("off", [TEN, -TEN, timedelta(0)])
def test_sales_around_a_count_fall_on_the_right_side_of_it_whatever_the_clock(store, mug, off):
    """Twelve there, two sold, ten counted at noon, three sold afterwards: seven are left."""
    with at(20):
        count(store, mug, 10, minutes=0)
        before = event(store, mug, at=NOON - timedelta(minutes=3) + off, quantity=2, number="1")
        after = event(store, mug, at=NOON + timedelta(minutes=3) + off, quantity=3, number="2")

        told = record_stock_events(
            source="pos", events=[after, before], sent_at=NOON + timedelta(minutes=20) + off
        )

    assert [row.status for row in told] == ["applied", "superseded"]
    assert left(store, mug) == 7
    row = InventoryEvent.objects.get(source_event_id="2")
    assert (row.occurred_at, row.ahead_ms) == (
        NOON + timedelta(minutes=3),
        off // timedelta(milliseconds=1),
    )


def test_a_fast_clock_that_nobody_tells_of_is_learned_and_its_sales_are_not_lost(store, mug):
    """Each sale is told at once by a till ten minutes fast, which tries again what was refused."""
    with at(0):
        count(store, mug, 10, minutes=0)
    waiting, told = [], []
    for minute in range(1, 7):
        with at(minute):
            waiting.append(event(store, mug, at=clock.now() + TEN, number=str(minute)))
            outcomes = record_stock_events(source="pos", events=waiting)
            told += [row.code for row in outcomes if row.status == "refused"]
            waiting = [
                one for one, row in zip(waiting, outcomes, strict=True) if row.status == "refused"
            ]

    assert told == ["in_the_future"] * 3  # the first, and with the second the first again
    assert waiting == []
    assert left(store, mug) == 4
    clock_of_pos = SourceClock.objects.get()
    assert (clock_of_pos.ahead_ms, clock_of_pos.exact) == (600_000, False)
    assert InventoryEvent.objects.get(source_event_id="1").occurred_at == NOON + timedelta(
        minutes=1
    )


def test_a_refusal_says_how_to_tell_the_clock(store, mug):
    (outcome,) = record_stock_events(source="pos", events=[event(store, mug, at=clock.now() + TEN)])

    assert outcome.code == "in_the_future"
    assert "sent_at" in outcome.detail


# --- measuring ---------------------------------------------------------------------------------


def test_what_a_sender_said_of_its_clock_holds_for_a_day(store):
    with at(0):
        said = ahead(store, NOON, sent_at=NOON + TEN)
    with at(60 * 23):
        later = ahead(store, NOON)
    with at(60 * 25):
        next_day = ahead(store, NOON)

    assert (said, later, next_day) == (600_000, 600_000, 0)


def test_a_clock_is_known_per_source_and_store(store):
    other = make_store()
    with at(0):
        ahead(store, NOON, sent_at=NOON + TEN)

        assert ahead(other, NOON) == 0
        assert ahead_by_store(source="till", moments={store.pk: [NOON]}) == {store.pk: 0}


@pytest.mark.parametrize("seconds", [-1.9, 0, 1.9])
def test_the_time_a_call_takes_is_no_error_of_a_clock(store, seconds):
    with at(0):
        assert ahead(store, NOON, sent_at=NOON + timedelta(seconds=seconds)) == 0


@pytest.mark.parametrize("hours", [-25, 25])
def test_a_clock_more_than_a_day_off_is_refused(store, hours):
    with at(0), pytest.raises(ClockOff):
        ahead(store, NOON, sent_at=NOON + timedelta(hours=hours))


def test_one_wrong_date_does_not_mend_a_clock(store):
    with at(0):
        leads = [ahead(store, NOON + timedelta(minutes=lead)) for lead in (3, 3, 700, 3, 2)]

    assert leads == [0, 0, 180_000, 180_000, 180_000]


def test_a_date_beyond_reason_hides_no_other_moment_and_is_no_sample(store):
    with at(0):
        ahead(store, NOON + timedelta(days=400), NOON + TEN)
        ahead(store, NOON + timedelta(days=400))

    assert SourceClock.objects.get().samples == [600_000]


def test_a_clock_that_was_set_right_is_trusted_again(store):
    with at(0):
        learned = [ahead(store, NOON + TEN) for _ in range(5)][-1]
        mended = [ahead(store, NOON) for _ in range(3)][-1]

    assert (learned, mended) == (600_000, 0)


def test_the_sender_knows_better_than_what_was_learned(store):
    with at(0):
        for _ in range(5):
            ahead(store, NOON + TEN)

        assert ahead(store, NOON, sent_at=NOON + TEN / 2) == 300_000
        assert ahead(store, NOON + TEN) == 300_000
    row = SourceClock.objects.get()
    assert (row.exact, row.samples) == (True, [])


def test_a_punctual_source_leaves_no_trace(store):
    with at(0):
        ahead(store, NOON - TEN, NOON + timedelta(seconds=1))

    assert not SourceClock.objects.exists()


@pytest.mark.parametrize(
    ("moment", "off"),
    [(datetime.min.replace(tzinfo=UTC), TEN), (datetime.max.replace(tzinfo=UTC), -TEN)],
)
def test_the_ends_of_time_are_no_accident(store, moment, off):
    with at(0):
        told = true_moment(source="pos", store_id=store.pk, moment=moment, sent_at=NOON + off)

    assert told == moment


@pytest.mark.parametrize(
    ("ahead_ms", "words"),
    [
        (0, "right"),
        (598_000, "9 min 58 s ahead"),
        (-2_400, "2 s behind"),
        (-3_720_000, "1 h 2 min behind"),
    ],
)
def test_people_read_how_a_clock_runs(ahead_ms, words):
    assert in_words(ahead_ms) == words


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_samples_that_come_at_the_same_moment_are_all_kept():
    store = make_store()
    with at(0):
        learned = at_once(5, lambda _number: ahead(store, NOON + TEN))

    assert sorted(learned) == [0, 0, 600_000, 600_000, 600_000]
    assert SourceClock.objects.get().samples == [600_000] * 5


# --- through the API ---------------------------------------------------------------------------


def test_the_api_puts_moments_right_and_takes_a_later_try_for_the_same_call(store, mug):
    api, off = Api(make_channel()), timedelta(hours=3)
    body = {
        "events": [
            {
                "id": "sale-1",
                "store": "S1",
                "sku": "MUG",
                "kind": "return",
                "quantity": 2,
                "occurred_at": (NOON - TEN - off).isoformat(),
            }
        ]
    }
    with at(0):
        sent = {"sent_at": (NOON - off).isoformat()}
        first = api.post("/v1/stock/events", body | sent, key="one")
    with at(5):
        sent = {"sent_at": (NOON + timedelta(minutes=5) - off).isoformat()}
        again = api.post("/v1/stock/events", body | sent, key="one")

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert InventoryEvent.objects.get().occurred_at == NOON - TEN


def test_a_count_by_a_fast_clock_supersedes_no_later_sale(store, mug):
    api = Api(make_channel())
    counts = {"store": "S1", "counts": [{"sku": "MUG", "on_hand": 10}]}
    with at(5):
        reply = api.post(
            "/v1/stock/counts",
            counts
            | {
                "as_of": (NOON + TEN).isoformat(),
                "sent_at": (NOON + timedelta(minutes=5) + TEN).isoformat(),
            },
        )
        record_stock_events(
            source="till", events=[event(store, mug, at=NOON + timedelta(minutes=2))]
        )

    assert reply.status_code == 200, reply.content
    assert left(store, mug) == 9


@pytest.mark.parametrize(
    ("sent_at", "code"),
    [(None, 400), ("yesterday", 400), (17, 400), ("2020-01-01T00:00:00Z", 422)],
)
@pytest.mark.parametrize("path", ["events", "counts"])
def test_a_senseless_clock_is_refused_with_a_code(store, mug, sent_at, code, path):
    row = {"id": "1", "store": "S1", "sku": "MUG", "kind": "sale", "quantity": 1}
    moment = clock.now().isoformat()
    body = {
        "events": {"events": [row | {"occurred_at": moment}]},
        "counts": {"store": "S1", "as_of": moment, "counts": [{"sku": "MUG", "on_hand": 1}]},
    }[path]

    reply = Api(make_channel()).post(f"/v1/stock/{path}", body | {"sent_at": sent_at})

    assert reply.status_code == code, reply.content
    assert reply.json()["code"] == ("clock_off" if code == 422 else "invalid_fields")
    assert not InventoryEvent.objects.exists()


# --- any order, any clock ----------------------------------------------------------------------

skew = st.integers(-4000, 4000).filter(lambda seconds: abs(seconds) >= 2)
happening = st.tuples(
    st.sampled_from(["count", "sale", "return"]), st.integers(0, 8), st.integers(1, 5)
)


@given(happenings=st.lists(happening, min_size=1, max_size=7), seconds=skew, data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_calls_of_a_wrong_clock_in_any_order_end_as_those_of_a_right_one(happenings, seconds, data):
    once = list(enumerate(happenings))
    again = data.draw(st.lists(st.sampled_from(once), max_size=4))
    mixed = data.draw(st.permutations(once + again))
    moments = data.draw(st.lists(st.integers(9, 90), min_size=len(mixed), max_size=len(mixed)))

    with transaction.atomic():
        item = make_item()
        right = after(item, once, timedelta(0), [10] * len(once))
        wrong = after(item, mixed, timedelta(seconds=seconds), moments)
        transaction.set_rollback(True)

    assert wrong == right


def after(item, happenings, off, moments):
    """The stock of a new store after these calls of a clock that is ``off``, each at a moment."""
    store = make_store()
    for (number, (kind, minutes, quantity)), minute in zip(happenings, moments, strict=True):
        told, sent_at = NOON + timedelta(minutes=minutes) + off, NOON + timedelta(minutes=minute)
        with at(minute):
            if kind == "count":
                as_of = true_moment(
                    source="pos", store_id=store.pk, moment=told, sent_at=sent_at + off
                )
                record_counts(
                    store=store,
                    source="pos",
                    as_of=as_of,
                    counts={item.sku: quantity},
                    event_prefix=f"count-{number}",
                )
                continue
            one = event(
                store, item, at=told, kind=kind, quantity=quantity, number=f"{store.pk}-{number}"
            )
            record_stock_events(source="pos", events=[one], sent_at=sent_at + off)
    assert broken() == set()
    return left(store, item), StockLevel.objects.get(store=store, item=item).deficit


# --- the staff's page --------------------------------------------------------------------------


def test_the_page_tells_how_each_clock_runs_and_how_that_is_known(client, store):
    client.force_login(make_person(is_superuser=True))
    other = make_store()
    ahead(store, clock.now(), sent_at=clock.now() + timedelta(seconds=598.4))
    ahead(other, clock.now() + TEN)

    page = client.get(reverse("admin:inventory_sourceclock_changelist")).content.decode()

    for words in ("9 min 58 s ahead", "the sender tells its time", "too few to correct"):
        assert words in page
    with clock.turned_to(clock.now() + timedelta(days=2)):
        page = client.get(reverse("admin:inventory_sourceclock_changelist")).content.decode()
    assert page.count("no longer used") == 2
