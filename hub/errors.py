"""What can go wrong, as types. Clients branch on ``code``; people read ``detail``."""

from __future__ import annotations

from typing import Any


class HubError(Exception):
    """A refusal that a caller can act on.

    ``code`` is stable for ever, ``status`` the HTTP status the API answers with, and ``extra``
    the further members of the problem document (RFC 9457), JSON-ready.
    """

    code = "error"
    status = 400
    title = "The request cannot be carried out"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra


class Invalid(HubError):
    """The input has the right shape but says something that cannot be true."""

    code = "invalid"
    status = 422
    title = "The input does not make sense"


class NotFound(HubError):
    """Not there, or not the caller's: the two are never told apart."""

    code = "not_found"
    status = 404
    title = "There is no such thing"


class Conflict(HubError):
    """The state of the thing does not allow the request now."""

    code = "conflict"
    status = 409
    title = "The present state does not allow this"


class Forbidden(HubError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403
    title = "This key may not do that"


class ConnectorError(Exception):
    """An outside system refused, failed or did not answer.

    ``permanent`` says that another try cannot help; ``ambiguous`` that the request may have
    taken effect, so look before repeating; ``retry_after`` is the wait in seconds it asked for,
    ``code`` the vendor's own word for what is wrong, if it has one.
    """

    def __init__(
        self,
        detail: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        code: str = "",
    ) -> None:
        super().__init__(detail)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.code = code
