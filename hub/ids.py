"""Public ids: a prefix that names the kind, then 26 characters that sort by time."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``ord_01jd3k…``: 48 bits of milliseconds, then 80 random bits.

    The layout is that of ULID, so ids made in different milliseconds sort by time as text.
    """
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return f"{prefix}_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
