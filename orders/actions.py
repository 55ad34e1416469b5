"""A tap that is sent twice acts once."""

from __future__ import annotations

from hub.errors import Conflict, Invalid
from hub.trace import actor
from orders.models import ActionRecord, FulfillmentOrder

TOKEN_CHARACTERS = 64
ACTOR_CHARACTERS = 60


class TokenReused(Conflict):
    """The token has already served another step or another fulfillment order."""

    code = "token_reused"
    title = "This form has been used for another step; open the page again"


def has_acted(*, fulfillment: FulfillmentOrder, action: str, token: str) -> bool:
    """Whether this token's step is done already; then ``fulfillment`` shows the fresh row.

    Raises TokenReused when the token has served something else.
    """
    record = ActionRecord.objects.filter(token=token).first() if token else None
    if record is not None:
        _require_same(record, fulfillment, action)
        fulfillment.refresh_from_db()
    return record is not None


def is_first(*, fulfillment: FulfillmentOrder, action: str, token: str) -> bool:
    """Whether this token acts for the first time; True for the empty token.

    Call it inside the transaction of the effect: the record lives and dies with it, and a second
    request with the same token waits for the first to end before it is answered. When the answer
    is False, ``fulfillment`` shows the fresh row, which carries the first result.
    Raises TokenReused when the token has served something else.
    """
    if not token:
        return True
    if len(token) > TOKEN_CHARACTERS or "\x00" in token:
        raise Invalid(f"a token has at most {TOKEN_CHARACTERS} characters")
    who = actor()[:ACTOR_CHARACTERS]
    record, created = ActionRecord.objects.get_or_create(
        token=token, defaults={"fulfillment": fulfillment, "action": action, "actor": who}
    )
    if not created:
        _require_same(record, fulfillment, action)
        fulfillment.refresh_from_db()
    return created


def lock_parts(order_id: int) -> None:
    """Lock all parts of an order, in the order of their keys that every service keeps to.

    What is then read about the order's other parts stays true until the transaction ends, and
    two services that touch several parts of one order cannot wait for each other.
    """
    rows = FulfillmentOrder.objects.filter(order_id=order_id)
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _require_same(record: ActionRecord, fulfillment: FulfillmentOrder, action: str) -> None:
    if (record.fulfillment_id, record.action) != (fulfillment.pk, action):
        raise TokenReused
