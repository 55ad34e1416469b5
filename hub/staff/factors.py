"""The second factor: an app's code after the password, for the roles that ask for it."""

from __future__ import annotations

import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

import segno
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_otp import login as remember_device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from hub.api.models import RateCounter
from hub.api.throttle import count_exactly
from hub.crypto import lookup_hash
from hub.errors import Forbidden
from hub.staff.models import AppFactor, RolePolicy

SESSION_KEY = "factor_due"
TRIES = 10
WINDOW_SECONDS = 900
BACKUP_CODES = 10
BACKUP_BYTES = 5
CODE_DIGITS = 6
HASH_LENGTH = 16  # what fits the table of django-otp: 64 bits of a keyed hash
ISSUER = "curbhub"


class WrongCode(Forbidden):
    """The code is not that of the person's app, nor one of the backup codes."""

    code = "wrong_code"
    title = "Wrong code"


def factor_of(user: User) -> AppFactor | None:
    """The app that the person has set up."""
    apps = AppFactor.objects.filter(user_id=user.pk, confirmed=True)
    found: AppFactor | None = apps.order_by("pk").first()
    return found


def is_asked_of(user: User) -> bool:
    """Whether the person must show a code: a role asks for it, or he has set one up himself."""
    if factor_of(user):
        return True
    return RolePolicy.objects.filter(second_factor=True, group__user=user.pk).exists()


def setting_up(user: User) -> AppFactor:
    """The app that the person is about to set up; the same until it is confirmed."""
    device: AppFactor = AppFactor.objects.get_or_create(
        user_id=user.pk, confirmed=False, defaults={"name": "app"}
    )[0]
    return device


def address_of(device: AppFactor, user: User) -> tuple[str, str]:
    """A picture for the app's camera (a data: address), and the secret in groups for typing."""
    secret = b32encode(device.bin_key).decode().rstrip("=")
    label = quote(f"{ISSUER}:{user.get_username()}")
    asked = urlencode({"secret": secret, "issuer": ISSUER, "digits": CODE_DIGITS, "period": 30})
    picture = segno.make_qr(f"otpauth://totp/{label}?{asked}", error="m")
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return picture.svg_data_uri(scale=5, light="#fff"), groups


def confirm(*, user: User, code: str) -> list[str]:
    """The app counts from now on; returns ten backup codes, which are shown once.

    Raises WrongCode.
    """
    _take(user)
    with transaction.atomic():
        device = AppFactor.objects.select_for_update().filter(user_id=user.pk, confirmed=False)
        fresh = device.first()
        if fresh is None or not fresh.verify_token(_digits(code)):
            fresh = None
        else:
            AppFactor.objects.filter(pk=fresh.pk).update(confirmed=True)
    if fresh is None:
        raise WrongCode(_("this is not the code that the app shows now"))
    _give_back(user)
    return renew_backup_codes(user=user)


@transaction.atomic
def renew_backup_codes(*, user: User) -> list[str]:
    """Ten new codes, each good once; earlier ones are worth nothing."""
    StaticDevice.objects.filter(user_id=user.pk).delete()
    device = StaticDevice.objects.create(user_id=user.pk, name="backup", confirmed=True)
    codes = [secrets.token_hex(BACKUP_BYTES) for _number in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_hashed(user, code)) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def check(*, user: User, code: str) -> None:
    """The code is the app's or an unused backup code, which is used up by it.

    Raises WrongCode, also when too many were wrong of late.
    """
    _take(user)
    if not (_is_of_app(user, code) or _is_backup(user, code)):
        raise WrongCode(_("this code is not right; each code is good once"))
    _give_back(user)


def let_in(request: HttpRequest, user: User) -> None:
    """The session has shown its factor."""
    request.session.pop(SESSION_KEY, None)
    remember_device(request, factor_of(user))


@transaction.atomic
def reset(*, user: User) -> bool:
    """The person has no factor; where a role asks for one, he sets one up at his next log-in."""
    gone, _kinds = AppFactor.objects.filter(user_id=user.pk).delete()
    StaticDevice.objects.filter(user_id=user.pk).delete()
    return bool(gone)


def _is_of_app(user: User, code: str) -> bool:
    digits = _digits(code)
    with transaction.atomic():
        device = AppFactor.objects.select_for_update().filter(user_id=user.pk, confirmed=True)
        app = device.first()
        return bool(app and len(digits) == CODE_DIGITS and app.verify_token(digits))


def _is_backup(user: User, code: str) -> bool:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    if len(plain) != BACKUP_BYTES * 2:
        return False
    spent, _kinds = StaticToken.objects.filter(
        device__user_id=user.pk, token=_hashed(user, plain)
    ).delete()
    return bool(spent)


def _hashed(user: User, code: str) -> str:
    return lookup_hash("backup code", f"{user.pk}:{code}")[:HASH_LENGTH]


def _digits(code: str) -> str:
    return "".join(code.split())


def _take(user: User) -> None:
    if not count_exactly(bucket=f"factor:{user.pk}", limit=TRIES, seconds=WINDOW_SECONDS):
        raise WrongCode(_("too many wrong codes; wait 15 minutes"))


def _give_back(user: User) -> None:
    RateCounter.objects.filter(bucket=f"factor:{user.pk}", used__gt=0).update(used=F("used") - 1)
