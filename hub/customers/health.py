"""Whether an address works: what providers said of it, until it works again."""

from __future__ import annotations

from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from hub.customers.models import AddressHealth

LONGEST_REASON = 60
MOST_FAILURES = 32_000
_DEAD = When(state=AddressHealth.State.DEAD, then=Value(AddressHealth.State.DEAD))


def note_failure(*, address_hash: str, channel: str, reason: str, permanent: bool) -> None:
    """Remember that nothing reached the address; once it is dead, only success revives it."""
    state = AddressHealth.State.DEAD if permanent else AddressHealth.State.SHAKY
    _row, created = AddressHealth.objects.get_or_create(
        address_hash=address_hash,
        channel=channel,
        defaults={"state": state, "reason": reason[:LONGEST_REASON]},
    )
    if not created:
        rows = AddressHealth.objects.filter(address_hash=address_hash, channel=channel)
        rows.filter(failures__lt=MOST_FAILURES).update(
            state=Case(_DEAD, default=Value(state)),
            reason=reason[:LONGEST_REASON],
            failures=F("failures") + 1,
            changed_at=Now(),
        )


def note_success(*, address_hash: str, channel: str) -> None:
    """Something arrived there: nothing bad is known of it any more."""
    AddressHealth.objects.filter(address_hash=address_hash, channel=channel).delete()


def works(address_hash: str, channel: str) -> bool:
    """Whether it is worth trying; an address of which nothing is known is."""
    dead = AddressHealth.objects.filter(
        address_hash=address_hash, channel=channel, state=AddressHealth.State.DEAD
    )
    return not dead.exists()
