"""What may be tried on a sandbox order: every step by the service that real orders take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.errors import Conflict, Invalid
from orders.blocks import lift_block
from orders.curbside.handing import hand_off
from orders.curbside.visits import active_visit, arrive, begin_service, say_on_my_way
from orders.models import (
    Block,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentStatus,
    PickupCode,
    ReturnedLine,
    SandboxRun,
    SubstitutionRound,
    VisitStatus,
)
from orders.picking import claims, scanning, services, shorts, splitting
from orders.picking.working import SHORTAGE, is_by_weight, is_open, left
from orders.placing.cancel import cancel_order
from orders.returns.services import Brought, may_restock, returned_units, take_back
from orders.sandbox import GRAMS, SandboxOver, end_sandbox, miss_pickup
from orders.substitution.answering import answer_offers
from orders.substitution.offering import Proposal, missing_of, offer_substitutes
from orders.substitution.suggesting import suggest

MINUTES_AWAY = 5
PLACE = "SANDBOX"
WHY = "sandbox"
_S = FulfillmentStatus


class NothingToTry(Conflict):
    """The step needs something that this sandbox order does not have just now."""

    code = "nothing_to_try"
    title = "There is nothing to try this on"


@dataclass(frozen=True)
class Press:
    """A button that was pressed: on which part, by whom, and what makes a second press harmless."""

    run: SandboxRun
    part: FulfillmentOrder
    user: User
    token: str


@dataclass(frozen=True)
class Step:
    """A step: its words, the statuses in which it can be tried, what it does, what it answers.

    ``ends`` asks before it acts: there is no way back.
    """

    words: Any
    when: frozenset[str]
    act: Callable[[Press], object]
    said: Any
    needs: Callable[[FulfillmentOrder], str] = lambda _part: ""
    ends: bool = False


def take(name: str, press: Press) -> str:
    """Take the step; afterwards it is done, and the answer says so. Raises HubError."""
    step = STEPS.get(name)
    if step is None:
        raise Invalid("there is no such step")
    if press.run.ended_at is not None and name != "end":
        raise SandboxOver
    step.act(press)
    return str(step.said)


def shown(part: FulfillmentOrder) -> list[dict[str, Any]]:
    """Every step with whether it can be tried now, and the reason why not."""
    return [
        {"name": name, "words": step.words, "ends": step.ends, "why_not": _why_not(step, part)}
        for name, step in STEPS.items()
    ]


def _why_not(step: Step, part: FulfillmentOrder) -> str:
    if part.status not in step.when:
        return _("it is {status}").format(status=part.get_status_display().lower())
    return step.needs(part)


def _open_lines(part: FulfillmentOrder) -> Sequence[FulfillmentLine]:
    lines = part.lines.select_related("item", "order_line", "fulfillment__store").order_by("pk")
    return [line for line in lines if is_open(line)]


def _pick(press: Press) -> None:
    claims.claim(fulfillment=press.part, by=press.user)
    lines = _open_lines(press.part)
    for line in sorted(lines, key=lambda line: claims.walk_place(line.item.zone)):
        scanning.count(
            line=line,
            units=left(line),
            by=press.user,
            reason=WHY,
            token=f"{press.token}-{line.pk}",
        )
    splitting.complete_picking(fulfillment=press.part, token=press.token)


def _short(press: Press) -> None:
    claims.claim(fulfillment=press.part, by=press.user)
    line = next(iter(_open_lines(press.part)), None)
    if line is None:
        raise NothingToTry
    units = min(left(line), GRAMS if is_by_weight(line) else 1)
    shorts.report_short(line=line, reason=SHORTAGE, units=units, by=press.user, token=press.token)


def _ask(press: Press) -> None:
    for line in press.part.lines.select_related(
        "item", "order_line", "fulfillment__order__channel"
    ):
        missing = missing_of(line)
        found = suggest(line, limit=1) if missing else []
        if found and found[0].available >= missing:
            wanted = Proposal(line_id=line.pk, item_id=found[0].item.pk, units=missing)
            offer_substitutes(fulfillment=press.part, proposals=[wanted], token=press.token)
            return
    raise NothingToTry(_("nothing is short, or nothing like it is in stock"))


def _answer(press: Press, *, wanted: bool) -> None:
    asked = _open_round(press.part)
    if asked is None:
        raise NothingToTry(_("the customer is not asked anything"))
    numbers = asked.offers.values_list("number", flat=True)
    answer_offers(asked=asked, answers=dict.fromkeys(numbers, wanted), by="customer")


def _agree(press: Press) -> None:
    for block in _amount_blocks(press.part):
        lift_block(block=block, why=WHY)


def _hand_off(press: Press) -> None:
    pin = PickupCode.objects.get(fulfillment=press.part).pin
    hand_off(
        fulfillment=press.part, pin=pin, by=press.user, token=press.token, bags=press.part.bags
    )


def _return(press: Press) -> None:
    before = returned_units(press.part)
    kinds = ReturnedLine.Disposition
    brought = [
        Brought(
            line_id=line.pk,
            units=line.handed_off - before.get(line.pk, 0),
            disposition=kinds.RESTOCK if may_restock(line) else kinds.DAMAGED,
        )
        for line in press.part.lines.select_related("item")
        if line.handed_off > before.get(line.pk, 0)
    ]
    take_back(fulfillment=press.part, brought=brought, reason=WHY, token=press.token)


def _open_round(part: FulfillmentOrder) -> SubstitutionRound | None:
    return SubstitutionRound.objects.filter(fulfillment=part, closed_at__isnull=True).first()


def _amount_blocks(part: FulfillmentOrder) -> Sequence[Block]:
    return list(
        Block.objects.filter(
            order=part.order_id, reason=Block.Reason.AMOUNT, lifted_at__isnull=True
        )
    )


def _needs_round(part: FulfillmentOrder) -> str:
    return "" if _open_round(part) else _("the customer is not asked anything")


def _needs_sum(part: FulfillmentOrder) -> str:
    return "" if _amount_blocks(part) else _("the sum is as ordered")


def _needs_arrival(part: FulfillmentOrder) -> str:
    visit = active_visit(part)
    here = visit is not None and visit.status == VisitStatus.ARRIVED
    return "" if here else _("the customer has not arrived")


_TO_PICK = frozenset({_S.PROPOSED, _S.ACCEPTED, _S.PICKING})
_BEFORE_READY = _TO_PICK | {_S.PICKED}
LIVE_STATUSES = _BEFORE_READY | {_S.READY}
_READY = frozenset({_S.READY})

STEPS: dict[str, Step] = {
    "accept": Step(
        gettext_lazy("Accept"),
        frozenset({_S.PROPOSED}),
        lambda press: services.accept(fulfillment=press.part, token=press.token),
        gettext_lazy("Accepted."),
    ),
    "short": Step(
        gettext_lazy("One is not there"), _TO_PICK, _short, gettext_lazy("One unit is short.")
    ),
    "ask": Step(
        gettext_lazy("Offer a substitute"),
        frozenset({_S.ACCEPTED, _S.PICKING}),
        _ask,
        gettext_lazy("The customer is asked."),
    ),
    "yes": Step(
        gettext_lazy("Customer: yes"),
        _TO_PICK,
        lambda press: _answer(press, wanted=True),
        gettext_lazy("The customer takes the substitute."),
        _needs_round,
    ),
    "no": Step(
        gettext_lazy("Customer: no"),
        _TO_PICK,
        lambda press: _answer(press, wanted=False),
        gettext_lazy("The customer does not want it."),
        _needs_round,
    ),
    "pick": Step(
        gettext_lazy("Pick everything"), _TO_PICK, _pick, gettext_lazy("All of it is picked.")
    ),
    "ready": Step(
        gettext_lazy("Ready"),
        frozenset({_S.PICKED}),
        lambda press: services.mark_ready(
            fulfillment=press.part, staging_location=PLACE, bags=1, token=press.token
        ),
        gettext_lazy("Ready. The customer is being told."),
    ),
    "agree": Step(
        gettext_lazy("Site agrees to the sum"),
        _READY,
        _agree,
        gettext_lazy("The site agrees to the lower sum."),
        _needs_sum,
    ),
    "on_my_way": Step(
        gettext_lazy("Customer: on my way"),
        LIVE_STATUSES,
        lambda press: say_on_my_way(fulfillment=press.part, minutes=MINUTES_AWAY),
        gettext_lazy("The customer is on the way."),
    ),
    "arrived": Step(
        gettext_lazy("Customer: I am here"),
        LIVE_STATUSES,
        lambda press: arrive(fulfillment=press.part, place=PLACE),
        gettext_lazy("The customer is here."),
    ),
    "serve": Step(
        gettext_lazy("Go out"),
        LIVE_STATUSES,
        lambda press: begin_service(fulfillment=press.part, token=press.token),
        gettext_lazy("The customer sees that somebody is coming."),
        _needs_arrival,
    ),
    "hand_off": Step(
        gettext_lazy("Hand over with the PIN"), _READY, _hand_off, gettext_lazy("Handed over.")
    ),
    "no_show": Step(
        gettext_lazy("Nobody comes"),
        _READY,
        lambda press: miss_pickup(part=press.part),
        gettext_lazy("Not collected in time."),
        ends=True,
    ),
    "cancel": Step(
        gettext_lazy("Cancel"),
        _BEFORE_READY,
        lambda press: cancel_order(order=press.part.order, reason=WHY),
        gettext_lazy("Canceled."),
        ends=True,
    ),
    "return": Step(
        gettext_lazy("Bring it back"),
        frozenset({_S.COMPLETED}),
        _return,
        gettext_lazy("Brought back."),
    ),
    "end": Step(
        gettext_lazy("End and put the stock right"),
        frozenset(_S),
        lambda press: end_sandbox(run=press.run),
        gettext_lazy("Over. The stock is as it was."),
        ends=True,
    ),
}
