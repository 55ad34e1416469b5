"""What the hub asks of an SMS provider, in plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, kw_only=True)
class SmsAccount:
    """What a connector is made of: one account with a provider, in plain values.

    ``receipts_url`` is where the provider shall tell what became of a text; ``callback_secret``
    signs what the hub puts into that address. ``options`` are what only this connector knows.
    """

    name: str
    base_url: str = ""
    account: str = ""
    secret: str = field(default="", repr=False)
    callback_secret: str = field(default="", repr=False)
    sender: str = ""
    receipts_url: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str, usual: str = "") -> str:
        """The value of an option, or ``usual`` without it."""
        return dict(self.options).get(name) or usual


class SmsConnector(Protocol):
    """One provider's account. Safe to share between threads; calls raise ConnectorError.

    ``name`` is the account's, and the end of the lane its texts wait in.
    """

    name: str

    def send(self, *, to: str, body: str, reference: str, valid_seconds: int) -> str:
        """Hand one text to the provider and return the provider's own reference of it.

        ``to`` is E.164; ``reference`` is the hub's and the same on every try of one message, so
        that a provider that can do so drops repeats; after ``valid_seconds`` it shall be dropped.
        """


@runtime_checkable
class FindsTexts(Protocol):
    """A provider that can be asked whether it took a text, so that none is sent twice."""

    def find(self, *, to: str, reference: str, body: str = "") -> str | None:
        """The provider's reference of the text the hub calls ``reference``, or None.

        A provider that does not keep the hub's references knows it by ``body``: by the words,
        for a link in them is made anew on each try. Raises ConnectorError when nobody can tell.
        """


@runtime_checkable
class CancelsTexts(Protocol):
    """A provider that may still hold a text it has accepted, and can be told to drop it."""

    def cancel(self, *, reference: str) -> bool:
        """Drop the text of that (the provider's) reference; False when it was too late."""
