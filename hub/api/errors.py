"""Refusals of the REST door itself; what services refuse is told by their own errors."""

from __future__ import annotations

from typing import Any, ClassVar

from hub.errors import Conflict, Forbidden, HubError


class Unauthenticated(HubError):
    """No key, or none that is valid now."""

    code = "unauthenticated"
    status = 401
    title = "A valid API key is needed"
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="curbhub"'}


class MissingScope(Forbidden):
    """The key is valid but was not given the scope that this request needs."""

    code = "missing_scope"
    title = "The key lacks the scope for this"


class QuotaExceeded(HubError):
    """The quota of the window is used up; ``Retry-After`` says in how many seconds it is not."""

    code = "quota_exceeded"
    status = 429
    title = "The quota of this window is used up"

    def __init__(self, detail: str = "", *, retry_after: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(retry_after)}


class BadRequest(HubError):
    """The request cannot be read."""

    code = "bad_request"
    title = "The request cannot be read"


class MalformedJson(BadRequest):
    code = "malformed_json"
    title = "The body is not valid JSON"


class NotAnObject(BadRequest):
    code = "not_an_object"
    title = "The body must be a JSON object"


class DuplicateKey(BadRequest):
    code = "duplicate_key"
    title = "An object in the body names a member twice"


class InvalidText(BadRequest):
    code = "invalid_text"
    title = "Text holds a NUL, half a surrogate pair, or a heap of combining marks"


class NumberOutOfRange(BadRequest):
    code = "number_out_of_range"
    title = "A number is not finite or does not fit 64 bits"


class TooDeep(BadRequest):
    code = "too_deep"
    title = "The body is nested too deeply"


class BodyTooLarge(HubError):
    code = "body_too_large"
    status = 413
    title = "The body is too large"


class LengthRequired(HubError):
    code = "length_required"
    status = 411
    title = "A body must come with a Content-Length"


class UnsupportedMediaType(HubError):
    code = "unsupported_media_type"
    status = 415
    title = "Bodies are application/json in UTF-8, without Content-Encoding"


class NotAcceptable(HubError):
    code = "not_acceptable"
    status = 406
    title = "Replies are application/json"


class InvalidFields(HubError):
    """``errors`` lists every field that was refused: pointer or parameter, code, detail."""

    code = "invalid_fields"
    title = "Some fields were refused"

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} refused; see errors", errors=errors)


class InvalidCursor(BadRequest):
    code = "invalid_cursor"
    title = "The cursor is none that this API gave out"


class VersionMismatch(HubError):
    code = "version_mismatch"
    status = 412
    title = "It has changed since the version named in If-Match"


class IdempotencyKeyMissing(BadRequest):
    code = "idempotency_key_missing"
    title = "This request needs an Idempotency-Key header"


class IdempotencyKeyInvalid(BadRequest):
    code = "idempotency_key_invalid"
    title = "An Idempotency-Key is 1 to 255 visible ASCII characters"


class IdempotencyKeyReused(HubError):
    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used for another request"


class RequestRunning(Conflict):
    """A twin of this request is at work; ask again shortly."""

    code = "request_running"
    title = "A request with this Idempotency-Key is still running"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class Busy(HubError):
    """The database is away or overloaded; nothing was changed, and a repeat may succeed."""

    code = "busy"
    status = 503
    title = "The hub cannot do this right now; try again shortly"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}
