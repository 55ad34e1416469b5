"""Addresses as a page may show them that anybody could have been sent the link of; pure."""

from __future__ import annotations

DOTS = "•••"
LAST_DIGITS = 2


def mask_phone(phone: str) -> str:
    """``•••56`` of ``+48500123456``; empty for none."""
    return f"{DOTS}{phone[-LAST_DIGITS:]}" if phone else ""


def mask_email(email: str) -> str:
    """``a•••@e•••`` of ``ann@example.com``; empty for none."""
    name, at, domain = email.rpartition("@")
    return f"{name[:1]}{DOTS}@{domain[:1]}{DOTS}" if at else ""
