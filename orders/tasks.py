"""What django-q2 runs for orders."""

from __future__ import annotations

from orders.recalls import services as recalls


def settle_recalls() -> int:
    """See to orders with recalled goods; returns how many parts were seen to."""
    return recalls.settle_recalls()
