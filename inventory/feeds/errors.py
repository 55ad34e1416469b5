"""What is wrong with a stock file as a whole."""

from __future__ import annotations

from hub.errors import HubError, Invalid


class UnreadableFeed(Invalid):
    """The file cannot be taken; nothing of it counts. ``code`` says why, ``line`` where."""

    code = "unreadable_feed"
    title = "The stock file cannot be read"

    def __init__(self, detail: str, *, code: str = "unreadable_feed", line: int = 0) -> None:
        super().__init__(detail, **({"line": line} if line else {}))
        self.code = code


class FileTooLarge(HubError):
    """More bytes than a stock file may have."""

    code = "file_too_large"
    status = 413
    title = "The file is too large"


class FeedsUnwritable(HubError):
    """The folder of feeds takes no file: it is full, or not ours."""

    code = "feeds_unwritable"
    status = 503
    title = "The hub cannot keep files now"
