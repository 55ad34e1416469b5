"""What a call from outside can be refused for."""

from __future__ import annotations

from hub.api.errors import BadRequest
from hub.errors import HubError


class BadSignature(HubError):
    """Unknown sender, wrong or missing signature, or a timestamp too far off: never told apart."""

    code = "bad_signature"
    status = 401
    title = "The call is not signed by anybody the hub knows"


class UnknownShape(BadRequest):
    code = "unknown_shape"
    title = 'The body must be {"type": "…", "data": {…}}'


class OddCall(BadRequest):
    """Authentic, but not what its sender's manual describes."""

    code = "odd_call"
    title = "The call is authentic, but cannot be understood"
