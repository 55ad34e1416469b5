"""Old calls go, unless somebody still has to read them."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now

from hub.events.catalog import InboundReceived
from hub.events.models import Delivery
from hub.events.outbox import publish
from hub.inbox.models import InboundCall
from hub.inbox.purging import purge_calls

pytestmark = pytest.mark.django_db


def received(days_ago, *, state):
    then = Now() - timedelta(days=days_ago)
    call = InboundCall.objects.create(
        source="pos_1", event_id=f"{days_ago}{state}", body="{}", received_at=then
    )
    with transaction.atomic():
        publish(InboundReceived(call_id=call.pk, source="pos_1"))
    Delivery.objects.filter(fact__data__call_id=call.pk).update(state=state)
    return call


def test_old_calls_are_deleted_once_all_their_work_is_done():
    received(31, state="done")
    kept = [received(29, state="done"), received(31, state="parked"), received(31, state="pending")]

    assert purge_calls() == 1

    assert set(InboundCall.objects.all()) == set(kept)
