"""What the hub asks of an SMS provider, in plain values."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class SmsConnector(Protocol):
    """One provider's account. Safe to share between threads; calls raise ConnectorError."""

    name: str

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Hand one text to the provider and return the provider's own reference of it.

        ``to`` is E.164; ``reference`` is the hub's and the same on every try of one message, so
        that a provider that can do so drops repeats; after ``valid_seconds`` it shall be dropped.
        """


@runtime_checkable
class FindsTexts(Protocol):
    """A provider that can be asked whether it took a text, so that none is sent twice."""

    def find(self, *, to: str, reference: str) -> str | None:
        """The provider's reference of the text the hub calls ``reference``, or None."""
