"""What is never sent: to other countries, to numbers that take no texts, too many to one number."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F

from notifications.models import Message, Outcome, TextingRules
from notifications.services.limits import region_of
from tests.factories import CUSTOMER
from tests.notifications.doing import fall_due, ready_message, work

pytestmark = pytest.mark.django_db

LANDLINE, PREMIUM, SATELLITE, ABROAD = (
    "+48221234567",
    "+48700123456",
    "+881612345678",
    "+33612345678",
)


def failed_gates(message):
    return {gate["question"] for gate in message.decision["gates"] if not gate["passed"]}


@pytest.mark.parametrize(
    ("number", "question"),
    [
        (LANDLINE, "takes_texts"),
        (PREMIUM, "takes_texts"),
        (SATELLITE, "region_allowed"),
        (ABROAD, "region_allowed"),
    ],
)
def test_a_number_that_gets_no_texts_gets_an_email_instead(phone, number, question):
    message = ready_message(customer=CUSTOMER | {"phone": number})
    work()
    assert phone.texts == []
    assert len(mail.outbox) == 1
    assert question in failed_gates(message)


def test_a_number_abroad_without_an_email_is_told_nothing_and_it_is_kept_why(phone):
    message = ready_message(customer=CUSTOMER | {"phone": ABROAD, "email": ""})
    assert (message.outcome, message.outcome_reason) == (Outcome.SUPPRESSED, "no_channel")
    asked = [gate for gate in message.decision["gates"] if gate["question"] == "region_allowed"]
    assert asked[0]["inputs"] == {"region": "FR"}


def test_countries_that_the_rules_name_get_texts(phone):
    TextingRules.objects.create(regions=["FR", "PL"])
    ready_message(customer=CUSTOMER | {"phone": ABROAD})
    work()
    assert [text.to for text in phone.texts] == [ABROAD]


def test_regions_removed_while_a_text_waits_stop_it(phone):
    ready_message()
    TextingRules.objects.create(regions=["FR"])
    work()
    work()
    assert phone.texts == []
    assert len(mail.outbox) == 1


def test_one_number_gets_no_more_texts_in_an_hour_than_the_rules_say(phone):
    TextingRules.objects.create(per_number_hour=2, per_number_day=3)
    messages = [ready_message(customer=CUSTOMER | {"email": ""}) for _ in range(4)]
    work()
    assert len(phone.texts) == 2
    reasons = Message.objects.filter(pk__in=[one.pk for one in messages], outcome="suppressed")
    assert list(reasons.values_list("outcome_reason", flat=True)) == ["number_limit"] * 2
    Message.objects.update(accepted_at=F("accepted_at") - timedelta(hours=2))
    for _ in range(2):
        ready_message(customer=CUSTOMER | {"email": ""})
    work()
    assert len(phone.texts) == 3


def test_a_limit_of_one_number_is_none_of_another(phone):
    TextingRules.objects.create(per_number_hour=1)
    ready_message()
    ready_message(customer=CUSTOMER | {"name": "Ben", "phone": "+48500999888"})
    work()
    fall_due()
    assert len(phone.texts) == 2


@pytest.mark.parametrize(
    ("number", "region"),
    [(CUSTOMER["phone"], "PL"), (ABROAD, "FR"), (SATELLITE, "001"), ("+12025550143", "US")],
)
def test_a_number_is_of_the_country_whose_plan_knows_it(number, region):
    assert region_of(number) == region
