"""Each invariant of the event core is shown to fail on data that was broken on purpose."""

import pytest
from django.db import connection, transaction

from hub.events.catalog import OrderPlaced
from hub.events.outbox import publish
from hub.events.registry import handles
from hub.invariants import check, shipped

pytestmark = pytest.mark.django_db(transaction=True)

BREAK = {
    "settled_work_has_no_lease": "UPDATE events_delivery SET state = 'done'",
    "attempts_are_bounded": "UPDATE events_delivery SET attempts = 9",
    "nothing_is_stuck": "UPDATE events_delivery SET due_at = now() - interval '6 minutes'",
    "facts_carry_ids_only": """UPDATE events_fact SET data = '{"to": "+447700900123"}'""",
}


def broken() -> set[str]:
    mine = [invariant for invariant in shipped() if invariant.app == "events"]
    return {finding.invariant.name for finding in check(mine) if finding.violations}


@pytest.fixture
def one_delivery(reactions):
    handles(OrderPlaced)(lambda fact: None)
    with transaction.atomic():
        publish(OrderPlaced(order_id=1))


def test_sound_data_breaks_nothing(one_delivery):
    assert broken() == set()


@pytest.mark.parametrize("name", BREAK)
def test_broken_data_is_found(one_delivery, name):
    with connection.cursor() as cursor:
        cursor.execute(BREAK[name])

    assert broken() == {name}
