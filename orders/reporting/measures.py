"""What is measured: each measure with its meaning, and of what it is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models.reporting import DayFigures, DayReason, DayTimes, Stretch

Words = str | Promise
FIGURES, TIMES = DayFigures._meta.db_table, DayTimes._meta.db_table


class Kind(StrEnum):
    """How a measure is read: a share in percent, a length of time, or a count."""

    SHARE = "share"
    TIME = "time"
    COUNT = "count"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One figure of the reports, of a day, a store or a stretch of days.

    A share is ``part`` of ``whole``, a count is ``part``: columns of ``table``. A time is the
    ``stretch`` of ``table``, told as what half and what nine of ten took at most. ``better`` is
    1 where more of it is good, -1 where less is, 0 where neither. ``reasons`` are the kinds of
    rows of ``DayReason`` that say why. ``chain_rows``: rows without a store are of the whole
    chain; else they are of no store, and the chain is the sum of all. ``of_connections``: it
    concerns those who look after connections, too.
    """

    key: str
    title: Words
    group: Words
    meaning: Words
    source: Words
    kind: Kind
    part: str = ""
    whole: str = ""
    whole_words: Words = ""
    stretch: str = ""
    table: str = FIGURES
    chain_rows: bool = True
    better: int = 1
    reasons: tuple[str, ...] = ()
    of_connections: bool = False


_measures: dict[str, Measure] = {}


def register(*measures: Measure) -> None:
    """Let the reports show these measures too, after those that are there already."""
    _measures.update({measure.key: measure for measure in measures})


def measures() -> dict[str, Measure]:
    """All measures by key, in the order in which they are shown."""
    return dict(_measures)


_SPEED, _PROMISE, _GOODS = _("Speed"), _("Promises"), _("Goods")
_CURB, _LINKS = _("At the curb"), _("Connections")
_OF_PARTS = _("Counted on the day on which the store got the order, in the store's own time.")
_OPEN_TIME = _(
    "Only time in which the store was open counts; an order counts on the day on which the store "
    "got it."
)
_OF_VISITS = _("Counted on the day of the arrival, in the store's own time.")

register(
    Measure(
        key="orders",
        title=_("Orders"),
        group=_SPEED,
        meaning=_(
            "How many orders, or parts of orders, the store was given to prepare. One that moved "
            "to another store counts in both."
        ),
        source=_OF_PARTS,
        kind=Kind.COUNT,
        part="placed",
        better=0,
    ),
    Measure(
        key="accept-time",
        title=_("Time to accept"),
        group=_SPEED,
        meaning=_("From the moment the store got the order until somebody accepted it."),
        source=_OPEN_TIME,
        kind=Kind.TIME,
        stretch=Stretch.ACCEPT,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="pick-time",
        title=_("Time to pick"),
        group=_SPEED,
        meaning=_(
            "From the start of picking until the last line was picked; where nobody said that he "
            "starts, from accepting."
        ),
        source=_OPEN_TIME,
        kind=Kind.TIME,
        stretch=Stretch.PICK,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="ready-time",
        title=_("Time to ready"),
        group=_SPEED,
        meaning=_("From the moment the store got the order until it was bagged and in its place."),
        source=_OPEN_TIME,
        kind=Kind.TIME,
        stretch=Stretch.READY,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="sla",
        title=_("Ready in time"),
        group=_PROMISE,
        meaning=_(
            "Of the orders that are ready or should be, those that were ready by the time that "
            "holds now (SLA). Orders that were canceled or turned down before do not count."
        ),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="in_time",
        whole="due",
        whole_words=_("orders due"),
    ),
    Measure(
        key="kept",
        title=_("First promise kept"),
        group=_PROMISE,
        meaning=_(
            "Of the orders that became ready, those that were ready by what the customer was told "
            "when ordering, whatever was said later."
        ),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="kept",
        whole="ready",
        whole_words=_("orders ready"),
    ),
    Measure(
        key="late-by",
        title=_("Late by"),
        group=_PROMISE,
        meaning=_("How long after the first promise the late ones became ready, by the clock."),
        source=_OF_PARTS,
        kind=Kind.TIME,
        stretch=Stretch.LATE,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="fill-rate",
        title=_("Fill rate"),
        group=_GOODS,
        meaning=_(
            "Of the units ordered, those picked as ordered; substitutes do not count. Of goods by "
            "weight a line is one unit."
        ),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="filled",
        whole="asked",
        whole_words=_("units ordered"),
    ),
    Measure(
        key="shorts",
        title=_("Missing units"),
        group=_GOODS,
        meaning=_("Of the units ordered, those that were not found, or not fit to be given."),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="short",
        whole="asked",
        whole_words=_("units ordered"),
        better=-1,
        reasons=(DayReason.Kind.SHORT,),
    ),
    Measure(
        key="rejects",
        title=_("Turned down"),
        group=_GOODS,
        meaning=_("Of the orders given to the store, those it turned down or let lie too long."),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="rejected",
        whole="placed",
        whole_words=_("orders"),
        better=-1,
        reasons=(DayReason.Kind.REJECTED, DayReason.Kind.REJECTED_ITEM),
    ),
    Measure(
        key="substitutes",
        title=_("Substitutes taken"),
        group=_GOODS,
        meaning=_(
            "Of the substitutes offered and answered, those that were taken; silence counts as "
            "the answer that was agreed for it."
        ),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="taken",
        whole="answered",
        whole_words=_("offers answered"),
    ),
    Measure(
        key="curb-wait",
        title=_("Wait at the curb"),
        group=_CURB,
        meaning=_("From «I am here» until somebody of the store comes to the car."),
        source=_OF_VISITS,
        kind=Kind.TIME,
        stretch=Stretch.WAIT,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="dwell",
        title=_("Time at the curb"),
        group=_CURB,
        meaning=_("From «I am here» until the goods are handed over."),
        source=_OF_VISITS,
        kind=Kind.TIME,
        stretch=Stretch.DWELL,
        table=TIMES,
        better=-1,
    ),
    Measure(
        key="no-show",
        title=_("Not collected"),
        group=_CURB,
        meaning=_(
            "Of the orders that were collected or whose time to be collected ran out, those that "
            "nobody came for."
        ),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="expired",
        whole="ended",
        whole_words=_("orders ended"),
        better=-1,
    ),
    Measure(
        key="pos-pushes",
        title=_("Pick lists at the POS"),
        group=_LINKS,
        meaning=_("Of the pick lists for the store's POS, those that it has for certain."),
        source=_OF_PARTS,
        kind=Kind.SHARE,
        part="pos_pushed",
        whole="pos_lists",
        whole_words=_("pick lists"),
        of_connections=True,
    ),
    Measure(
        key="pos-lag",
        title=_("Way to the POS"),
        group=_LINKS,
        meaning=_("From the moment the store got the order until its POS had the pick list."),
        source=_OF_PARTS,
        kind=Kind.TIME,
        stretch=Stretch.POS,
        table=TIMES,
        better=-1,
        of_connections=True,
    ),
    Measure(
        key="shortfalls",
        title=_("Oversold items"),
        group=_LINKS,
        meaning=_(
            "How often a true count showed less of an item than was promised to customers, so "
            "that somebody had to go without."
        ),
        source=_("Counted on the day on which it was found, in the store's own time."),
        kind=Kind.COUNT,
        part="shortfalls",
        better=-1,
    ),
)
