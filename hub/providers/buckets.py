"""How fast a provider is used: one bucket each, shared by all relays, in the database."""

from __future__ import annotations

import math

from django.db import connection, transaction

from hub.providers.models import Bucket

# Never waits shorter than this for a token: the next look costs more than a message.
SHORTEST_REST = 0.05

_FILLED = """
INSERT INTO providers_bucket AS bucket (provider, tokens, filled_at)
VALUES (%(provider)s, %(burst)s, clock_timestamp())
ON CONFLICT (provider) DO UPDATE SET
    tokens = least(%(burst)s, bucket.tokens + %(rate)s * greatest(
        0, extract(epoch FROM clock_timestamp() - bucket.filled_at)::float8)),
    filled_at = clock_timestamp()
RETURNING tokens
"""


@transaction.atomic
def take_tokens(*, provider: str, most: int, per_second: float, burst: int) -> int:
    """Take up to ``most`` tokens, each for one message, and return how many there were.

    Callers of one provider take turns for as long as two statements need.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FILLED, {"provider": provider, "burst": burst, "rate": per_second})
        (tokens,) = cursor.fetchone()
        taken: int = max(0, min(most, math.floor(tokens)))
        cursor.execute(
            "UPDATE providers_bucket SET tokens = tokens - %s WHERE provider = %s",
            [taken, provider],
        )
    return taken


def give_back(*, provider: str, tokens: int) -> None:
    """Return tokens for which there was no message after all."""
    if tokens:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE providers_bucket SET tokens = tokens + %s WHERE provider = %s",
                [tokens, provider],
            )


def drain(provider: str) -> None:
    """The provider said that it is too much: let nobody send until the bucket fills again."""
    Bucket.objects.filter(provider=provider, tokens__gt=0).update(tokens=0)


def rest(*, per_second: float, burst: int) -> float:
    """How long to leave an empty bucket alone, in seconds: until some are worth a look."""
    return max(SHORTEST_REST, min(1.0, burst / 2 / per_second)) if per_second else 1.0
