"""What the customer of a sandbox order would have read."""

from __future__ import annotations

from collections.abc import Iterator

from notifications.models import Message
from orders.admin.sandbox import Told, add_teller

MOST = 50


def _told(order_id: int) -> Iterator[Told]:
    """The words as they are: a sandbox order's customer is nobody, and its PIN opens nothing."""
    rows = Message.objects.filter(order_id=order_id, is_test=True).order_by("-pk")[:MOST]
    for row in rows:
        words = f"{row.title}\n{row.body}" if row.title else row.body
        yield Told(
            at=row.created_at,
            way=row.get_channel_display() or "–",
            about=row.purpose.replace("_", " ").replace(".", " "),
            words=words,
            outcome=row.get_outcome_display(),
        )


add_teller(_told)
