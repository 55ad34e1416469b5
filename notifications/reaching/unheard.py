"""What no receipt ever settled: matched late, or given up as unknown after three days."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from hub import clock
from hub.customers.models import Channel
from hub.events.leases import State
from notifications.models import Message, Outcome, Receipt
from notifications.services.folding import fold, hold_reference, named_by

FINAL_AFTER = timedelta(hours=72)  # receipts may take that long
MATCH_AFTER = timedelta(minutes=10)
MATCH_FOR = timedelta(days=1)
MOST_AT_ONCE = 2_000


def give_up_unheard() -> int:
    """Call unknown what a provider took over 72 hours ago without a final receipt; how many.

    A receipt that comes later still counts. A record of the acceptance that was lost with its
    process is as old as the message.
    """
    before = clock.now() - FINAL_AFTER
    waiting = Message.objects.filter(outcome__in=[Outcome.ACCEPTED, Outcome.SENT])
    old = Q(accepted_at__lte=before) | Q(
        accepted_at__isnull=True, created_at__lte=before, state=State.DONE
    )
    due = list(waiting.filter(old).values_list("pk", flat=True)[:MOST_AT_ONCE])
    rows = Message.objects.filter(pk__in=due, outcome__in=[Outcome.ACCEPTED, Outcome.SENT])
    return rows.update(outcome=Outcome.UNKNOWN, reach_by=None)


def match_parked() -> int:
    """Look again for the messages of receipts that nobody knew ten minutes ago; how many found.

    After a day without a message a receipt is somebody else's, and stays as it is.
    """
    now = clock.now()
    rows = Receipt.objects.filter(
        matched=False, received_at__lte=now - MATCH_AFTER, received_at__gt=now - MATCH_FOR
    )
    return sum(map(_match, list(rows.order_by("pk")[:MOST_AT_ONCE])))


@transaction.atomic
def _match(receipt: Receipt) -> bool:
    hold_reference(receipt.provider, receipt.reference)
    named = {"reference": receipt.reference, "provider": receipt.provider}
    for channel in Channel.values:
        if message := named_by(**named, channel=channel):
            fold(message, receipt)
            return True
    return False
