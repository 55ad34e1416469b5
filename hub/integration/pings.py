"""Asking an outside system whether it answers, and keeping what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from hub import clock
from hub.errors import ConnectorError
from hub.integration.models import Ping

PROBLEM_CHARACTERS = 200


def ping(*, key: str, call: Callable[[], object], by: str) -> Ping:
    """Make the call, outside of any transaction, and keep whether it was answered and how soon."""
    begun, problem = time.monotonic(), ""
    try:
        call()
    except ConnectorError as error:
        problem = str(error).replace("\x00", "")[:PROBLEM_CHARACTERS] or "no answer"
    took = int((time.monotonic() - begun) * 1000)
    values = {
        "at": clock.now(),
        "answered": not problem,
        "milliseconds": None if problem else took,
        "problem": problem,
        "by": by,
    }
    return Ping.objects.update_or_create(key=key, defaults=values)[0]
