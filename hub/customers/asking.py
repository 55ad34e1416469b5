"""What staff write down for a customer who said it at the counter or on the telephone."""

from __future__ import annotations

from django.db import transaction

from hub.customers.consent import start, stop
from hub.customers.errors import ReasonMissing
from hub.customers.models import ConsentEvent

STAFF = "staff"
WORDING = "spoken-1"
REASON_CHARACTERS = 80
TOKEN_CHARACTERS = 16


@transaction.atomic
def asked_to_stop(*, address_hash: str, channel: str, staff_id: int, token: str) -> ConsentEvent:
    """Send nothing more to the address, because its owner asked so; the line that says it.

    A second tap with the same ``token`` adds nothing.
    """
    return stop(
        address_hash=address_hash,
        channel=channel,
        method=STAFF,
        actor=f"staff:{staff_id}",
        wording=WORDING,
        reference=f"tap:{token[:TOKEN_CHARACTERS]}",
    )


@transaction.atomic
def may_be_told_again(
    *, address_hash: str, channel: str, staff_id: int, reason: str, token: str
) -> ConsentEvent:
    """Lift the refusals of the address because its owner wants to be told again.

    ``reason`` is how staff know, kept in the line for good. Raises ReasonMissing without one.
    """
    why = " ".join(reason.replace("\0", " ").split())[:REASON_CHARACTERS]
    if not why:
        raise ReasonMissing
    return start(
        address_hash=address_hash,
        channel=channel,
        method=STAFF,
        actor=f"staff:{staff_id}",
        wording=WORDING,
        reference=f"{why} (tap:{token[:TOKEN_CHARACTERS]})",
    )
