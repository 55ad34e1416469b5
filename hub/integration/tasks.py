"""Entry points for the task queue."""

from __future__ import annotations

from hub.integration import waves


def run_wave(key: int) -> None:
    """Move the stores of a wave that still wait."""
    waves.run_wave(key=key)
