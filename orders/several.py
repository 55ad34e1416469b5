"""One step on many parts: each is done or refused by itself, and every result stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from hub.errors import HubError, Invalid
from orders.clocks.collecting import expire
from orders.errors import IllegalMove
from orders.models import BulkResult, BulkRun, FulfillmentOrder, FulfillmentStatus
from orders.picking.claims import claim
from orders.picking.rejecting import reject
from orders.picking.services import accept

MOST_PARTS = 100
WORDS_CHARACTERS = 300
TOKEN_CHARACTERS = 40  # leaves room for the part's key


@dataclass(frozen=True)
class Ask:
    """The same for every part: who asks, why, and the token from which each gets its own."""

    by: User
    token: str
    reason: str = ""

    def token_of(self, part: FulfillmentOrder) -> str:
        """The token of this part's step."""
        return f"{self.token}-{part.pk}"


class NotOverdue(IllegalMove):
    """A ready order is given up only when its time is over and nobody has come."""

    code = "not_overdue"
    title = "Its time to be collected is not over, or its customer is on the way"


def run_several(
    *,
    action: str,
    parts: Sequence[FulfillmentOrder],
    by: User,
    token: str,
    reason: str = "",
) -> BulkRun:
    """Take the step on each of the parts; every one of them then has its result in the run.

    A part's result is written in the commit of its effect: whatever breaks off in the middle, the
    same token again does what is left and keeps what is there. Raises Invalid for an unknown
    step, no parts or too many, and for a token that served another person or step.
    """
    act = ACTIONS.get(action)
    if act is None:
        raise Invalid("there is no such step")
    if not 0 < len(parts) <= MOST_PARTS:
        raise Invalid(f"choose 1 to {MOST_PARTS} orders")
    if not 0 < len(token) <= TOKEN_CHARACTERS:
        raise Invalid(f"a token has 1 to {TOKEN_CHARACTERS} characters")
    run, _ = BulkRun.objects.get_or_create(token=token, defaults={"action": action, "by": by})
    if (run.action, run.by_id) != (action, by.pk):
        raise Invalid("this form has been used for something else; open the page again")
    ask = Ask(by, token, reason)
    known = set(run.results.values_list("fulfillment", flat=True))
    for part in sorted(parts, key=lambda part: part.pk):
        if part.pk not in known:
            _take(run, part, ask, act)
    return run


def _take(
    run: BulkRun, part: FulfillmentOrder, ask: Ask, act: Callable[[FulfillmentOrder, Ask], str]
) -> None:
    done, code = True, ""
    with transaction.atomic():
        try:
            with transaction.atomic():
                words = act(part, ask)
        except HubError as error:
            done, code, words = False, error.code, error.detail
        result = BulkResult(
            run=run, fulfillment=part, done=done, code=code, words=words[:WORDS_CHARACTERS]
        )
        BulkResult.objects.bulk_create([result], ignore_conflicts=True)


def _accept(part: FulfillmentOrder, ask: Ask) -> str:
    accept(fulfillment=part, token=ask.token_of(part))
    return FulfillmentStatus.ACCEPTED


def _claim(part: FulfillmentOrder, ask: Ask) -> str:
    held = claim(fulfillment=part, by=ask.by, token=ask.token_of(part))
    return ", ".join(sorted(str(row.zone) for row in held))


def _reject(part: FulfillmentOrder, ask: Ask) -> str:
    reject(fulfillment=part, reason=ask.reason, token=ask.token_of(part))
    return FulfillmentStatus.REJECTED


def _no_show(part: FulfillmentOrder, _ask: Ask) -> str:
    if not expire(fulfillment=part):
        raise NotOverdue
    return FulfillmentStatus.EXPIRED


ACTIONS: Mapping[str, Callable[[FulfillmentOrder, Ask], str]] = {
    "accept": _accept,
    "claim": _claim,
    "reject": _reject,
    "no_show": _no_show,
}
