"""Replacing what signs a provider's calls: for a while the old one and the new one are good."""

from __future__ import annotations

from django.db import transaction

from hub.connectors.signing import new_secret
from hub.providers.models import Provider


@transaction.atomic
def rotate_callback_secret(*, provider: Provider, secret: str = "") -> str:
    """The new callback secret, ``secret`` or a fresh one; the one before stays good as well,
    until ``end_rotation``."""
    locked = Provider.objects.select_for_update().get(pk=provider.pk)
    locked.previous_callback_secret = locked.callback_secret or locked.secret
    secret = secret or new_secret()
    locked.callback_secret = secret
    locked.save(update_fields=["callback_secret", "previous_callback_secret"])
    provider.refresh_from_db()
    return secret


def end_rotation(*, provider: Provider) -> None:
    """From now on only the newest callback secret is good."""
    Provider.objects.filter(pk=provider.pk).update(previous_callback_secret=None)
    provider.refresh_from_db()
