"""Every refusal as problem+json (RFC 9457), wherever in the request it arises."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from rest_framework import exceptions

from hub.api.errors import (
    BadRequest,
    BodyTooLarge,
    Busy,
    InvalidFields,
    NotAcceptable,
    Unauthenticated,
)
from hub.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from hub.trace import trace_id

logger = logging.getLogger("hub.api")

CONTENT_TYPE = "application/problem+json"
# the RateLimit draft names the types of these two; all others are the hub's own
_TYPES = {
    "quota_exceeded": "https://iana.org/assignments/http-problem-types#quota-exceeded",
    "busy": "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
}
# SQLSTATEs after which a repeat may succeed: lock not available, canceled by a timeout,
# serialization failure, deadlock, too many connections, server shutting down or starting
RETRYABLE = {"55P03", "57014", "40001", "40P01", "53300", "57P01", "57P02", "57P03"}


class InternalError(HubError):
    """A fault of the hub; the trace id leads to its traceback in the log."""

    code = "internal_error"
    status = 500
    title = "Something went wrong inside the hub"


class MethodNotAllowed(HubError):
    code = "method_not_allowed"
    status = 405
    title = "This address does not know that method"


_DJANGO: dict[type[Exception], type[HubError]] = {
    Http404: NotFound,
    PermissionDenied: Forbidden,
    RequestDataTooBig: BodyTooLarge,
    SuspiciousOperation: BadRequest,
    UnreadablePostError: BadRequest,
}


def handle(error: Exception, context: Mapping[str, Any] | None = None) -> HttpResponse:  # noqa: ARG001
    """Django REST framework's exception handler: any exception becomes a problem."""
    return render(as_hub_error(error))


def render(error: HubError) -> HttpResponse:
    """The problem document of an error, with the headers that it asks for."""
    return HttpResponse(
        json.dumps(document(error), default=str),
        status=error.status,
        content_type=CONTENT_TYPE,
        headers=getattr(error, "headers", None),
    )


def document(error: HubError) -> dict[str, Any]:
    """The members of an error's problem document."""
    return error.extra | {
        "type": _TYPES.get(error.code, f"urn:curbhub:problem:{error.code}"),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "trace_id": trace_id(),
    }


def as_hub_error(error: Exception) -> HubError:
    """The error as the API tells it; faults of the hub are logged with their traceback."""
    if isinstance(error, HubError):
        return error
    known = _of_request(error) or _of_database(error)
    if known is None:
        logger.error("request failed", exc_info=error)
        return InternalError()
    return known


def _of_request(error: Exception) -> HubError | None:
    if isinstance(error, exceptions.ValidationError):
        return InvalidFields(list(_flatten(error.detail)))
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return next((kind() for known, kind in _DJANGO.items() if isinstance(error, known)), None)


def _of_framework(error: exceptions.APIException) -> HubError | None:
    if error.status_code >= InternalError.status:
        return None
    kinds = (Forbidden, MethodNotAllowed, NotAcceptable, NotFound, Unauthenticated)
    return next((kind() for kind in kinds if kind.status == error.status_code), BadRequest())


def _of_database(error: Exception) -> HubError | None:
    """What a failed statement means to the caller; None for what only a fault can cause."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    if is_retryable(error):
        logger.warning("database busy or away: %s", _first_line(error))
        return Busy()
    if isinstance(error, DataError):
        return Invalid("a value does not fit where it belongs")
    if isinstance(error, IntegrityError):
        logger.warning("refused by a constraint", exc_info=error)
        return Conflict("it contradicts what the hub already holds")
    return None


def is_retryable(error: Exception) -> bool:
    """Whether the same statement may succeed later: a lost race, a timeout, a lost server."""
    state = getattr(error.__cause__, "sqlstate", None)
    if isinstance(error, OperationalError | InterfaceError) and state is None:
        return True  # no SQLSTATE: there was no server to give one
    return state in RETRYABLE


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _flatten(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """One entry per refused field: a JSON pointer into the body, the code, the sentence."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"/{_escaped(str(name))}"
            yield from _flatten(inner, path + step)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list)
            yield from _flatten(inner, f"{path}/{place}" if nested else path)
    else:
        code = getattr(detail, "code", "invalid")
        yield {"pointer": path, "code": str(code), "detail": str(detail)}


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
