"""By which channel each of many messages may leave now, by facts that are read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hub import clock
from hub.customers.addresses import takes_texts
from hub.customers.models import Channel
from hub.customers.purposes import ORDER_UPDATES
from hub.customers.reaching import AddressStanding, addresses_of, standing_of
from hub.providers.services import Account
from notifications.cases import Case
from notifications.choosing import ChoiceInput, Decision, Reach, choose
from notifications.inbound.replies import REPLIES
from notifications.models import UNSURE_OUTCOMES, Message
from notifications.purpose import Purpose
from notifications.purposes import PURPOSES
from notifications.services.carriers import Carriers, lane_of
from notifications.services.limits import Limits, region_of
from orders.models import FulfillmentOrder

STEP = "|"  # in a dedupe key: before what tells followers of one telling apart


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of one message, written or about to be.

    Without a ``purpose`` it answers a text, at ``address``. ``excluded`` channels have failed for
    this telling. ``lane`` is where it waits, empty for a new one; when it ``stays``, no other may
    have it.
    """

    case: Case
    purpose: Purpose | None
    still_true: bool
    expired: bool
    is_test: bool
    lane: str = ""
    excluded: frozenset[str] = frozenset()
    address: str = ""
    address_hash: str = ""
    exempt_from_stop: bool = False
    stays: bool = False


class Deciding:
    """What is known when the decisions about a batch are made, read in a constant number of
    queries."""

    def __init__(self, questions: Sequence[Question], *, carriers: Carriers) -> None:
        self.carriers = carriers
        self.standings = standing_of(pairs=[_pair(one.case) for one in questions])
        numbers = {one.address_hash for one in questions if one.address}
        self.numbers = addresses_of(numbers) if numbers else {}
        waiting = [one for one in questions if one.lane]  # a new one is counted when it is claimed
        self.limits = Limits({self.address_hash(one, Channel.SMS) for one in waiting})

    def decide(self, question: Question) -> tuple[Decision, list[Account]]:
        """The choice for one message, and the accounts that can carry it, the best first.

        None of them: whoever could be paid cannot be reached just now.
        """
        reachable = {channel: self._reachable(channel, question) for channel in Channel.values}
        reaches = {
            channel: self._reach(channel, question, available=bool(found))
            for channel, found in reachable.items()
        }
        decision = choose(self._input(question, reaches))
        return decision, self.carriers.affordable(reachable.get(decision.channel, []))

    def address_hash(self, question: Question, channel: str) -> str:
        """The keyed hash of where a message goes by this channel; empty when it cannot."""
        if question.address:
            return question.address_hash if channel == Channel.SMS else ""
        return self._address(channel, question).address_hash

    def _input(self, question: Question, reaches: dict[str, Reach]) -> ChoiceInput:
        """Answers go by text and at once; what is told follows the customer's choice."""
        asked = ChoiceInput(
            still_true=question.still_true,
            expired=question.expired,
            reaches=reaches,
            excluded=question.excluded,
            now=clock.now(),
            preferred=(Channel.SMS,),
            critical=True,
        )
        purpose, store = question.purpose, question.case.store
        if purpose is None:
            return asked
        standing = self.standings[_pair(question.case)]
        zone, said_by = standing.zone(store.timezone if store else "UTC")
        return replace(
            asked,
            preferred=standing.preferred(purpose.group),
            unwanted=standing.unwanted(purpose.group),
            group=purpose.group,
            critical=purpose.critical,
            paused_until=standing.paused_until,
            waits_at_night=purpose.waits_at_night,
            zone=zone,
            zone_source=said_by,
        )

    def _reach(self, channel: str, question: Question, *, available: bool) -> Reach:
        known = self._address(channel, question)
        address = address_of(question.case, channel, question.address)
        by_text = channel == Channel.SMS
        group = question.purpose.group if question.purpose else ORDER_UPDATES
        return Reach(
            has_address=bool(address) and (by_text or question.purpose is not None),
            takes_texts=not by_text or _takes_texts(address),
            region_allowed=not by_text or self.limits.allows_region(address),
            works=known.works,
            refused=known.refuses(group) and not question.exempt_from_stop,
            within_limits=not by_text or self.limits.leaves_room(known.address_hash),
            provider_available=available,
            affordable=self.carriers.has_money(channel, is_test=question.is_test),
            inputs=self._inputs(channel, known, address),
        )

    def _inputs(self, channel: str, known: AddressStanding, address: str) -> dict[str, Any]:
        """What the answers rest on, for whoever reads the decision."""
        inputs: dict[str, dict[str, Any]] = {}
        if channel == Channel.SMS and address:
            inputs["region_allowed"] = {"region": region_of(address)}
            inputs["within_limits"] = self.limits.counted(known.address_hash)
        if known.state:
            inputs["address_works"] = {"state": known.state, "reason": known.reason}
        return inputs

    def _reachable(self, channel: str, question: Question) -> list[Account]:
        found = self.carriers.reachable(channel, is_test=question.is_test, lane=question.lane)
        if question.stays:
            found = [account for account in found if lane_of(account) == question.lane]
        return found

    def _address(self, channel: str, question: Question) -> AddressStanding:
        if question.address:
            return self.numbers.get((question.address_hash, channel), NOWHERE)
        return self.standings[_pair(question.case)].addresses[channel]


NOWHERE = AddressStanding()


def address_of(case: Case, channel: str, number: str = "") -> str:
    """The phone number or e-mail address a message goes to: its contact's, or the ``number`` that
    it answers."""
    contact = case.contact
    if number or contact is None:
        return number if channel == Channel.SMS else ""
    address: str = contact.phone if channel == Channel.SMS else contact.email
    return address


@lru_cache(maxsize=4096)
def _takes_texts(phone: str) -> bool:
    return takes_texts(phone)


def _pair(case: Case) -> tuple[int | None, int | None]:
    profile, contact = case.profile, case.contact
    return profile.pk if profile else None, contact.pk if contact else None


def still_holds(message: Message, fulfillment: FulfillmentOrder | None) -> bool:
    """Whether what the message says is true of the pickup as it is now, on this very occasion.

    An answer to a text stays true; only time ends it.
    """
    purpose = PURPOSES.get(message.purpose)
    if purpose is None:
        return True
    return (
        fulfillment is not None
        and purpose.holds(fulfillment)
        and purpose.dedupe_key(fulfillment) == occasion_of(message)
    )


def occasion_of(message: Message) -> str:
    """What the message's key says of the occasion: without the channel steps that followed."""
    return message.dedupe_key.partition(STEP)[0]


def question_of(message: Message, case: Case) -> Question:
    """What is asked of a message that waits."""
    return Question(
        case=case,
        purpose=PURPOSES.get(message.purpose),
        still_true=still_holds(message, case.fulfillment),
        expired=message.expires_at <= clock.now(),
        is_test=message.is_test,
        lane=message.lane,
        excluded=frozenset(message.decision.get("excluded", ())),
        address=message.address or "",
        address_hash=message.address_hash,
        exempt_from_stop=bool(message.decision.get("exempt_from_stop")),
        stays=message.outcome in UNSURE_OUTCOMES and not may_repeat(message),
    )


def may_repeat(message: Message) -> bool:
    """Whether a try is made although nobody knows if an earlier one got through."""
    purpose = PURPOSES.get(message.purpose) or REPLIES.get(message.purpose)
    return purpose is not None and purpose.repeat_when_unsure


def as_kept(decision: Decision, question: Question) -> dict[str, Any]:
    """The decision as it is kept with the message, with what the next one needs of this one."""
    kept = decision.as_json()
    if question.excluded:
        kept["excluded"] = sorted(question.excluded)
    if question.exempt_from_stop:
        kept["exempt_from_stop"] = True
    return kept
