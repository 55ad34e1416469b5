"""Trying given-up messages again."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from hub.events import leases
from hub.events.leases import State
from notifications.models import Message, Outcome


@transaction.atomic
def replay_messages(rows: QuerySet[Message]) -> int:
    """Make the parked ones among ``rows`` due now with fresh attempts; returns how many.

    Every gate is asked again before anything leaves: a text that is no longer true, refused or
    expired is not sent. One that may have got through stays marked so.
    """
    parked = Message.objects.filter(pk__in=rows.values("pk"), state=State.PARKED)
    parked.filter(outcome=Outcome.FAILED).update(outcome=Outcome.CREATED, outcome_reason="")
    return leases.replay(parked)
