"""Each invariant of the messages holds on honest rows and is broken by a row made wrong."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from hub.customers.models import IdentityLink, Preference, Profile
from hub.events.catalog import ReadyForPickup
from hub.events.models import Delivery, Fact
from hub.invariants import parse
from notifications.models import Message
from tests.notifications.doing import collect, part_of, ready_message, work

pytestmark = pytest.mark.django_db


def violations():
    """The names of the statements that find a row."""
    found = set()
    for app in ("notifications", "customers"):
        path = Path(apps.get_app_config(app).path) / "invariants.sql"
        for invariant in parse(app, path.read_text()):
            with connection.cursor() as cursor:
                cursor.execute(invariant.sql)
                if cursor.fetchall():
                    found.add(invariant.name)
    return found


def break_ready_is_told(message):
    fact = Fact.objects.get(name=ReadyForPickup.name)
    Delivery.objects.filter(fact=fact, handler="notifications.handlers.tell_ready").update(
        state="done"
    )
    message.delete()


BREAKERS = {
    "message_settled": lambda message: Message.objects.update(outcome="submitting"),
    "message_accepted_told_once": lambda message: Fact.objects.filter(
        name="message.accepted"
    ).delete(),
    "message_not_sent_told": lambda message: Message.objects.update(outcome="failed"),
    "message_accepted_has_words": lambda message: Message.objects.update(template=""),
    "ready_is_told": break_ready_is_told,
    "record_linked_once": lambda message: IdentityLink.objects.update(active=False),
    "profile_shows_newest_contact": lambda message: Profile.objects.update(contact=None),
    "preference_ranks_gapless": lambda message: Preference.objects.update(rank=2),
}


def test_honest_rows_break_nothing(phone):
    ready_message()
    work()
    told_late = ready_message()
    collect(part_of(told_late).pk)
    work()
    assert violations() == set()


@pytest.mark.parametrize("name", sorted(BREAKERS))
def test_each_invariant_is_broken_by_a_row_made_wrong(phone, name):
    message = ready_message(customer={"name": "Ann", "phone": "+48500123456", "notify": ["sms"]})
    work()
    assert violations() == set()
    BREAKERS[name](message)
    assert name in violations()
