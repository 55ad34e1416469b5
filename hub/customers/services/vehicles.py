"""The car a customer comes in, remembered because he agreed to it."""

from __future__ import annotations

import json

from hub.customers.models import Profile, Vehicle


def remember_vehicle(*, profile: Profile, details: dict[str, str], plate_hash: str = "") -> None:
    """Keep the car for the next visit, in place of the one before; ``details`` are its fields."""
    kept = {"details": json.dumps(details, ensure_ascii=False), "plate_hash": plate_hash}
    Vehicle.objects.update_or_create(profile=profile, defaults=kept)


def forget_vehicle(*, profile: Profile) -> None:
    """Keep no car of this customer any longer."""
    Vehicle.objects.filter(profile=profile).delete()


def vehicle_of(profile: Profile) -> dict[str, str] | None:
    """The fields of the car the customer let us remember, or None."""
    kept = Vehicle.objects.filter(profile=profile).first()
    if kept is None:
        return None
    details: dict[str, str] = json.loads(kept.details)
    return details
