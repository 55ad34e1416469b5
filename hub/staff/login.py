"""The staff log-in form: a wrong password costs one of few tries, counted exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

from hub.api.client import client_address
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
    """Ten tries per account and address, sixty per address, in a quarter of an hour."""

    def clean(self) -> dict[str, Any]:
        """Count the try before the password is looked at; refuse when no try is left."""
        address = client_address(self.request) if self.request else ""
        account = lookup_hash("login", self.cleaned_data.get("username", "").lower())
        allowed = count_exactly(
            bucket=f"login:{address}", limit=TRIES_PER_ADDRESS, seconds=WINDOW_SECONDS
        ) and count_exactly(
            bucket=f"login:{address}:{account}", limit=TRIES_PER_ACCOUNT, seconds=WINDOW_SECONDS
        )
        if not allowed:
            raise ValidationError(TOO_MANY, code="too_many_tries")
        return super().clean() or {}
