"""Making, opening and ending links. Whoever holds the token may act; the hub keeps its hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Least

from hub import clock
from hub.api.throttle import count_exactly
from hub.errors import NotFound
from hub.links.errors import TooManyWrongLinks
from hub.links.models import Link

TOKEN_BYTES = 16
WRONG_TOKENS, WRONG_TOKENS_SECONDS = 30, 600
READABLE_AFTER_END = timedelta(days=7)
LONGEST_LIFE = timedelta(days=90)  # whatever nobody ends ends by itself

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}\Z")


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link that is wanted: to what, and when it ends by itself."""

    purpose: str
    subject: str
    read_only_at: datetime | None = None
    expires_at: datetime | None = None


def make_link(
    *,
    purpose: str,
    subject: str,
    read_only_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Make one more link to the subject and return its token: 22 characters, 128 random bits.

    Without times it lasts until ``end_links``, at most 90 days. Several links to one subject may
    live at a time.
    """
    link = NewLink(
        purpose=purpose, subject=subject, read_only_at=read_only_at, expires_at=expires_at
    )
    return make_links([link])[0]


def make_links(wanted: Sequence[NewLink]) -> list[str]:
    """Make one link for each that is wanted, as ``make_link`` does, and return their tokens in
    this order; one query for all of them."""
    tokens = [secrets.token_urlsafe(TOKEN_BYTES) for _ in wanted]
    latest = clock.now() + LONGEST_LIFE
    Link.objects.bulk_create(
        Link(
            token_hash=_digest(token),
            purpose=link.purpose,
            subject=link.subject,
            read_only_at=link.read_only_at,
            expires_at=link.expires_at or latest,
        )
        for token, link in zip(tokens, wanted, strict=True)
    )
    return tokens


def link_url(token: str) -> str:
    """The address to send to the customer."""
    return f"{settings.PUBLIC_BASE_URL}/p/{token}"


def open_link(token: str, *, purpose: str, address: str) -> Link:
    """Return the living link of the token; ask ``may_act`` before letting it change anything.

    Unknown, ended, revoked and foreign tokens are one NotFound. ``address`` is the client's: after
    30 wrong tokens in ten minutes it gets TooManyWrongLinks for each further one. Call it outside
    a transaction, so that the count survives the refusal.
    """
    link = _find(token, purpose) if _TOKEN.match(token) else None
    if link:
        return link
    allowed = count_exactly(
        bucket=f"link:{address}", limit=WRONG_TOKENS, seconds=WRONG_TOKENS_SECONDS
    )
    raise NotFound if allowed else TooManyWrongLinks


def may_act(link: Link) -> bool:
    """Whether the link may still change something, not only be read."""
    return link.read_only_at is None or clock.now() < link.read_only_at


def end_links(*, purpose: str, subject: str, read_only_at: datetime, expires_at: datetime) -> int:
    """Let all links to the subject become read-only and end, at the latest at these times.

    Earlier ends stay as they are. Returns how many links there are.
    """
    return Link.objects.filter(purpose=purpose, subject=subject).update(
        read_only_at=Least(F("read_only_at"), read_only_at),
        expires_at=Least(F("expires_at"), expires_at),
    )


def _find(token: str, purpose: str) -> Link | None:
    lives = Q(expires_at__isnull=True) | Q(expires_at__gt=clock.now())
    return Link.objects.filter(
        lives, token_hash=_digest(token), purpose=purpose, revoked_at__isnull=True
    ).first()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
