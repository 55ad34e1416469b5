"""The staff log-in form: a wrong password costs one of few tries, counted exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F

from hub.api.client import client_address
from hub.api.models import RateCounter
from hub.api.throttle import count_exactly
from hub.crypto import lookup_hash

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 60
WINDOW_SECONDS = 900
TOO_MANY = "Too many tries to log in. Wait 15 minutes, or ask an administrator for a new password."


class StaffLoginForm(AuthenticationForm):
    """Ten wrong tries per account and address, sixty per address, in a quarter of an hour."""

    def clean(self) -> dict[str, Any]:
        """Take a try before the password is looked at; give it back when the password was right.

        So a hundred guesses at once are still ten. Refuses when no try is left.
        """
        limits = self._limits()
        taken = [
            count_exactly(bucket=bucket, limit=limit, seconds=WINDOW_SECONDS)
            for bucket, limit in limits.items()
        ]
        if not all(taken):
            raise ValidationError(TOO_MANY, code="too_many_tries")
        cleaned = super().clean() or {}
        RateCounter.objects.filter(bucket__in=limits, used__gt=0).update(used=F("used") - 1)
        return cleaned

    def _limits(self) -> dict[str, int]:
        address = client_address(self.request) if self.request else ""
        account = lookup_hash("login", self.cleaned_data.get("username", "").lower())
        return {
            f"login:{address}": TRIES_PER_ADDRESS,
            f"login:{address}:{account}": TRIES_PER_ACCOUNT,
        }
