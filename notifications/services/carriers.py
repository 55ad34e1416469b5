"""Who can carry messages at this moment: whose breaker is closed, and what may still be spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.customers.models import Channel
from hub.events import breakers
from hub.providers.services import Account, providers_of
from hub.providers.spending import spent_today

BUILT_IN_MAIL = "email"
UNKNOWN_WAIT = 5.0


def lane_of(account: Account) -> str:
    """The lane of an account's messages, which is also the key of its breaker."""
    if account.channel == Channel.EMAIL and account.name == BUILT_IN_MAIL:
        return BUILT_IN_MAIL
    return f"{account.channel}:{account.name}"


class Carriers:
    """The accounts of all channels, as one look at the database found them.

    Of a breaker that is open and due one message makes the try: the first that waits in its lane.
    """

    def __init__(self, *, tests: Iterable[bool], all_reachable: bool = False) -> None:
        """``tests`` says of which kinds of orders; ``all_reachable`` asks no breaker."""
        self._accounts = {
            (str(channel), is_test): providers_of(channel, is_test=is_test)
            for is_test in set(tests)
            for channel in Channel.values
        }
        known = [account for found in self._accounts.values() for account in found]
        lanes = {lane_of(account) for account in known}
        self._waits = {} if all_reachable else breakers.waits(lanes)
        capped = {account.name for account in known if account.daily_cap_micros is not None}
        self._spent = spent_today(capped) if capped else {}
        self._tried: set[str] = set()
        self._broke: set[str] = set()  # whom the words at hand would have cost too much

    def usual_lane(self, channel: str, *, is_test: bool) -> str:
        """Where a new message of the channel waits: in the lane of the account that is tried
        first. Whoever claims it looks whether that one can be reached."""
        return lane_of(self._accounts[channel, is_test][0])

    def reachable(self, channel: str, *, is_test: bool, lane: str) -> list[Account]:
        """Those a message in ``lane`` can be given to, the best first: whose breaker is closed,
        or due for a try that this message makes."""
        accounts = self._accounts[channel, is_test]
        return [account for account in accounts if self._answers(lane_of(account), lane)]

    def affordable(self, accounts: Sequence[Account]) -> list[Account]:
        """Those of them whose cap leaves room for one more message."""
        return [account for account in accounts if self._has_money(account)]

    def has_money(self, channel: str, *, is_test: bool) -> bool:
        """Whether any account of the channel, reachable or not, may still be used today."""
        return bool(self.affordable(self._accounts[channel, is_test]))

    def rule_out(self, account: Account) -> None:
        """The account's cap was passed meanwhile: nothing more of this batch goes there."""
        self._broke.add(account.name)

    def is_away(self, lane: str) -> bool:
        """Whether the account of this lane has not answered lately."""
        return lane in self._waits

    def wait_for(self, channel: str, *, is_test: bool) -> float:
        """Seconds until the first breaker of the channel is tried again."""
        lanes = [lane_of(account) for account in self._accounts[channel, is_test]]
        waits = [self._waits[lane] for lane in lanes if self._waits.get(lane)]
        return min(waits, default=UNKNOWN_WAIT)

    def _answers(self, wanted: str, lane: str) -> bool:
        wait = self._waits.get(wanted)
        if wait is None:
            return True
        if wait > 0 or wanted != lane or wanted in self._tried:
            return False
        self._tried.add(wanted)
        return breakers.may_try(wanted)

    def _has_money(self, account: Account) -> bool:
        if account.name in self._broke:
            return False
        cap = account.daily_cap_micros
        return cap is None or self._spent[account.name] + account.price_micros <= cap


def chosen(accounts: Sequence[Account], lane: str) -> Account | None:
    """The one to take: that of the lane the message waits in, else the first."""
    here = [account for account in accounts if lane_of(account) == lane]
    return next(iter([*here, *accounts]), None)
