"""The staff log-in form: a wrong password costs one of few tries, counted exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.api.client import client_address
from hub.api.models import RateCounter
from hub.api.throttle import count_exactly
from hub.crypto import lookup_hash
from hub.staff.models import Tablet
from hub.staff.people import BACKEND, people_of

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 60
WINDOW_SECONDS = 900
TOO_MANY = gettext_lazy(
    "Too many tries to log in. Wait 15 minutes, or ask an administrator for a new password."
)


class StaffLoginForm(AuthenticationForm):
    """Ten wrong tries per account and address, sixty per address, in a quarter of an hour.

    On an enrolled tablet the session is the tablet's, with a tablet's rights: whoever needs more
    works on another device.
    """

    def clean(self) -> dict[str, Any]:
        """Take a try before the password is looked at; give it back when the password was right.

        So a hundred guesses at once are still ten. Refuses when no try is left.
        """
        limits = take_try(self.request, self.cleaned_data.get("username", ""))
        cleaned = super().clean() or {}
        give_back(limits)
        device: Tablet | None = getattr(self.request, "device", None)
        if device is not None and self.user_cache is not None:
            self.user_cache = _on_tablet(device, self.user_cache)
        return cleaned


def _on_tablet(device: Tablet, user: Any) -> Any:
    person = people_of(device).filter(pk=user.pk).first()
    if person is None:
        refusal = _("This tablet is for the people of %(store)s. Log in on another device.")
        raise ValidationError(refusal % {"store": device.store.name}, code="not_here")
    person.backend = BACKEND  # as authenticate() does
    return person


def is_password(request: HttpRequest, user: User, password: str) -> bool:
    """Whether it is the person's password; a wrong one costs a try to log in.

    Raises ValidationError when no try is left.
    """
    limits = take_try(request, user.get_username())
    right = user.check_password(password)
    if right:
        give_back(limits)
    return right


def take_try(request: HttpRequest | None, username: str) -> dict[str, int]:
    """Count a try of the account; returns what ``give_back`` needs when it was right.

    Raises ValidationError when no try is left.
    """
    address = client_address(request) if request else ""
    account = lookup_hash("login", username.lower())
    limits = {
        f"login:{address}": TRIES_PER_ADDRESS,
        f"login:{address}:{account}": TRIES_PER_ACCOUNT,
    }
    taken = [
        count_exactly(bucket=bucket, limit=limit, seconds=WINDOW_SECONDS)
        for bucket, limit in limits.items()
    ]
    if not all(taken):
        raise ValidationError(TOO_MANY, code="too_many_tries")
    return limits


def give_back(limits: dict[str, int]) -> None:
    """The try was right, and costs nothing."""
    RateCounter.objects.filter(bucket__in=limits, used__gt=0).update(used=F("used") - 1)
