"""How several orders are refused at once, each for its own reason."""

from __future__ import annotations

from hub.errors import HubError


class Refused(Exception):
    """Some orders cannot be placed; ``reasons`` has the error of each by its place, from 0."""

    def __init__(self, reasons: dict[int, HubError]) -> None:
        super().__init__("not all orders can be placed")
        self.reasons = reasons
