"""What a tap on the customer's page does: each act reads its form and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from hub.customers.errors import InvalidLocale
from hub.customers.preferences import choose_channels, choose_language
from hub.customers.services.vehicles import vehicle_of
from hub.stores.services import find_store
from orders.curbside.changes import cancel_lines, change_store, change_window, extend
from orders.curbside.complaints import complain
from orders.curbside.delegates import name_delegate, revoke_delegate
from orders.curbside.errors import ComplaintUnclear, EtaOutOfRange
from orders.curbside.locating import locate
from orders.curbside.pages.afterwards import given_lines
from orders.curbside.pages.forms import CAR_FIELDS
from orders.curbside.pages.questions import NO, YES, answers_in
from orders.curbside.pages.words import WORDS
from orders.curbside.rating import rate
from orders.curbside.signs import find_sign
from orders.curbside.strays import arrive_by_sign
from orders.curbside.vehicles import Car
from orders.curbside.visits import arrive, leave, say_on_my_way
from orders.models import FulfillmentOrder, MoveOffer
from orders.placing.moving import OfferOver, answer_move
from orders.promise.errors import WindowClosed
from orders.substitution.answering import answer_offers
from orders.substitution.errors import AnswerMissing, RoundOver

LONGEST_NUMBER = 4
UNITS = "units_"


@dataclass(frozen=True)
class Tap:
    """One tap: on which part, with what in the form, and a token that names it for its act."""

    fulfillment: FulfillmentOrder
    form: QueryDict
    nonce: str

    def said(self, name: str) -> str:
        """What the form says in this field; empty when it has none."""
        return str(self.form.get(name, ""))

    def whole(self, name: str) -> int | None:
        """The field as a whole number, or None when it is none (or a very long one)."""
        text = self.said(name)
        fits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
        return int(text) if fits else None

    def token(self, act: str) -> str:
        """The same for the same tap sent again, and no other act's."""
        return f"{act}:{self.nonce}"


def _way(tap: Tap) -> None:
    minutes = tap.whole("minutes")
    if minutes is None:
        raise EtaOutOfRange
    say_on_my_way(fulfillment=tap.fulfillment, minutes=minutes)


def _locate(tap: Tap) -> None:
    locate(
        fulfillment=tap.fulfillment,
        latitude=_degrees(tap.said("latitude")),
        longitude=_degrees(tap.said("longitude")),
        accuracy_metres=_degrees(tap.said("accuracy") or "0"),
    )


def _arrive(tap: Tap) -> None:
    arrive(
        fulfillment=tap.fulfillment,
        spot=tap.said("spot"),
        place=tap.said("place"),
        vehicle=_car(tap),
        placement=tap.said("placement"),
        accessible="accessible" in tap.form,
        oversize="oversize" in tap.form,
        remember="remember" in tap.form,
        source="sign" if tap.said("sign") else "page",
    )


def _by_sign(tap: Tap) -> None:
    arrive_by_sign(fulfillment=tap.fulfillment, sign=find_sign(tap.said("sign")))


def _leave(tap: Tap) -> None:
    leave(fulfillment=tap.fulfillment)


def _answer(tap: Tap) -> None:
    reference = tap.said("round").replace("\0", "")
    asked = tap.fulfillment.rounds.filter(public_id=reference).first()
    if asked is None:
        raise RoundOver
    answer_offers(asked=asked, answers=answers_in(tap.form, asked))


def _answer_move(tap: Tap) -> None:
    offers = MoveOffer.objects.select_related("order", "store", "fulfillment__store").filter(
        order=tap.fulfillment.order_id, public_id=tap.said("offer").replace("\0", "")
    )
    if tap.said("answer") not in (YES, NO):
        raise AnswerMissing
    if not (asked := offers.first()):
        raise OfferOver
    answer_move(offer=asked, yes=tap.said("answer") == YES, by="customer")


def _delegate(tap: Tap) -> None:
    name_delegate(fulfillment=tap.fulfillment, name=tap.said("name"))


def _no_delegate(tap: Tap) -> None:
    revoke_delegate(fulfillment=tap.fulfillment)


def _window(tap: Tap) -> None:
    start = _moment(tap.said("start"))
    if start is None:
        raise WindowClosed
    change_window(fulfillment=tap.fulfillment, start=start, token=tap.token("window"))


def _store(tap: Tap) -> None:
    store = find_store(tap.said("store").replace("\0", ""))
    change_store(fulfillment=tap.fulfillment, store=store, token=tap.token("store"))


def _cancel(tap: Tap) -> None:
    named = [name for name in tap.form if name.startswith(UNITS)]
    units = {
        int(number): tap.whole(name) or 0
        for name in named
        if (number := name.removeprefix(UNITS)).isascii()
        and number.isdecimal()
        and len(number) <= LONGEST_NUMBER
    }
    cancel_lines(
        fulfillment=tap.fulfillment,
        units={number: count for number, count in units.items() if count},
        token=tap.token("cancel"),
    )


def _extend(tap: Tap) -> None:
    extend(fulfillment=tap.fulfillment, token=tap.token("extend"))


def _tell(tap: Tap) -> None:
    channels = tap.said("channels").split()
    choose_channels(profile=tap.fulfillment.order.profile, channels=channels)


def _language(tap: Tap) -> str:
    locale = tap.said("locale")
    if locale not in WORDS:
        raise InvalidLocale
    choose_language(profile=tap.fulfillment.order.profile, locale=locale)
    return locale


def _rate(tap: Tap) -> None:
    rate(fulfillment=tap.fulfillment, stars=tap.whole("stars") or 0, words=tap.said("words"))


def _complain(tap: Tap) -> None:
    lines = given_lines(tap.fulfillment)
    line = lines.get(tap.whole("line") or 0)
    if tap.said("line") and line is None:
        raise ComplaintUnclear
    complain(
        fulfillment=tap.fulfillment,
        kind=tap.said("kind"),
        line=line,
        units=tap.whole("units") or 0,
        words=tap.said("words"),
    )


def _degrees(text: str) -> float:
    """The number of a text; what is none becomes one that no service takes."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _moment(text: str) -> datetime | None:
    """An aware time in ISO 8601, or None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _car(tap: Tap) -> Car:
    """The car of the form; the remembered plate, which no page shows, when it is the same car."""
    car = Car(**{name: tap.said(name) for name in CAR_FIELDS})
    known = vehicle_of(tap.fulfillment.order.profile) or {}
    same = all(getattr(car, name) == known.get(name, "") for name in CAR_FIELDS if name != "plate")
    if car.plate or not known or not same:
        return car
    return Car(**known)


# Each is the last word of an address below the page's own; those in AFTERWARDS are open to links
# that can otherwise only be read.
Act = Callable[[Tap], str | None]
ACTS: dict[str, Act] = {
    "on-my-way": _way,
    "location": _locate,
    "arrive": _arrive,
    "sign": _by_sign,
    "leave": _leave,
    "answer": _answer,
    "move": _answer_move,
    "delegate": _delegate,
    "no-delegate": _no_delegate,
    "window": _window,
    "store": _store,
    "cancel": _cancel,
    "extend": _extend,
    "tell": _tell,
    "language": _language,
    "rate": _rate,
    "complain": _complain,
}
AFTERWARDS = frozenset({"language", "rate", "complain"})
