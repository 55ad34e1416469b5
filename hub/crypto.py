"""Encryption at rest and keyed look-up hashes for personal data and secrets.

One list of keys (settings.DATA_KEYS): the first encrypts, all of them decrypt, so a key is
rotated by putting a new one in front and running ``manage.py reencrypt`` in the background.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


def encrypt(text: str) -> bytes:
    """Return ``text`` sealed with the newest key (AES-128-CBC and HMAC-SHA-256, Fernet)."""
    return _box().encrypt(text.encode())


def decrypt(sealed: bytes) -> str:
    """Return what was sealed with any of the known keys; raises InvalidToken otherwise."""
    return _box().decrypt(bytes(sealed)).decode()


def lookup_hash(kind: str, value: str) -> str:
    """A keyed hash (HMAC-SHA-256, 32 hex digits) under which a value is found, not read.

    The key is derived from the *last* of DATA_KEYS, so it survives rotation as long as the
    oldest key is kept; ``kind`` keeps equal values of different fields apart.
    """
    return hmac.new(_lookup_key(), f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]


@lru_cache(maxsize=1)
def _box() -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derive(key, b"seal"))) for key in _keys()])


@lru_cache(maxsize=1)
def _lookup_key() -> bytes:
    return _derive(_keys()[-1], b"lookup")


def _keys() -> list[str]:
    keys: list[str] = settings.DATA_KEYS
    return keys


def _derive(key: str, purpose: bytes) -> bytes:
    return hmac.new(key.encode(), b"curbhub " + purpose, hashlib.sha256).digest()


class EncryptedTextField(models.Field):  # type: ignore[type-arg]
    """Text that is sealed in the database and plain in Python; it cannot be searched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(self, value: bytes | None, *_: object) -> str | None:
        return None if value is None else decrypt(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = encrypt(value) if isinstance(value, str) else value
        return super().get_db_prep_value(sealed, connection, prepared)
