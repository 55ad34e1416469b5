"""What a provider's refusal means for another try, whatever its shape."""

from __future__ import annotations

from hub.connectors.http import Reply, checked
from hub.errors import ConnectorError

_OF_THE_ACCOUNT = frozenset({401, 402, 403})


def accepted(reply: Reply, *, code: str = "") -> Reply:
    """The reply when it is a 2xx; otherwise raises ConnectorError with the vendor's ``code``.

    What is wrong with the account (key, money, right) is wrong for every text alike: it can be
    mended, or another provider may do, so such a refusal is not for good.
    """
    try:
        return checked(reply)
    except ConnectorError as error:
        raise ConnectorError(
            f"{error} {code}".strip(),
            permanent=error.permanent and reply.status not in _OF_THE_ACCOUNT,
            ambiguous=error.ambiguous,
            retry_after=error.retry_after,
            code=code or str(reply.status),
        ) from None
