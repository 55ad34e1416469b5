"""A provider that keeps texts in memory; for tests, where it can also fail as providers do."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from hub.connectors.sms.base import SmsAccount
from hub.errors import ConnectorError


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text as the provider received it."""

    to: str
    body: str
    reference: str
    valid_seconds: int


class MemorySms:
    """Collects texts. ``failures`` are raised by the next sends, one each, in turn.

    An ambiguous failure is raised after the text was taken, any other before.
    """

    def __init__(self, account: SmsAccount | None = None) -> None:
        self.name = account.name if account else "memory"
        self._guard = threading.Lock()
        self.texts: list[Text] = []
        self.failures: list[ConnectorError] = []

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Keep the text, once per call, and return its place in ``texts`` as a reference."""
        text = Text(to=to, body=body, reference=reference, valid_seconds=valid_seconds)
        with self._guard:
            failure = self.failures.pop(0) if self.failures else None
            if failure is None or failure.ambiguous:
                self.texts.append(text)
            if failure:
                raise failure
            return f"memory-{len(self.texts)}"

    def clear(self) -> None:
        """Forget all texts and failures."""
        with self._guard:
            self.texts.clear()
            self.failures.clear()
