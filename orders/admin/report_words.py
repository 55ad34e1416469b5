"""How figures of reports are said: shares, lengths of time, counts, and what has become better."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from orders.models import RejectReason
from orders.reporting.measures import Kind, Measure

SAME_SHARE, SAME_POINTS = 1.0, 0.1  # percent of the value, points of a share: about the same
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Change:
    """How a figure stands to that of the days before; ``tone`` as the workspace's colours."""

    words: str = ""
    tone: str = ""


def said(kind: Kind, value: float | None) -> str:
    """The figure with its unit; a dash for none."""
    if value is None:
        return "–"
    if kind is Kind.SHARE:
        return _("%(share)s %%") % {"share": _number(value, 0 if value in (0, 100) else 1)}
    if kind is Kind.TIME:
        return length(value)
    return number_format(round(value), 0, force_grouping=True)


def length(seconds: float) -> str:
    """A length of time in the unit that fits."""
    if seconds < 2 * _MINUTE:
        return _("%(number)s s") % {"number": _number(seconds, 0 if seconds >= 10 else 1)}  # noqa: PLR2004
    if seconds < 2 * _HOUR:
        return _("%(number)s min") % {"number": _number(seconds / _MINUTE, 0)}
    if seconds < 2 * _DAY:
        return _("%(number)s h") % {"number": _number(seconds / _HOUR, 1)}
    return _("%(number)s days") % {"number": _number(seconds / _DAY, 1)}


def tick(kind: Kind, value: float) -> str:
    """A value of a chart's scale: no decimals where there are none."""
    if not value:
        return "0"
    if kind is Kind.SHARE:
        return _("%(share)s %%") % {"share": _number(value, 0 if value == round(value) else 1)}
    return said(kind, value) if kind is Kind.TIME else _number(value, 0 if value >= 1 else 1)


def change(measure: Measure, now: float | None, before: float | None) -> Change:
    """What has changed since the days before, in words that say whether it is good."""
    if now is None or before is None:
        return Change(_("nothing before to compare with"))
    if measure.kind is Kind.SHARE:
        difference, amount = now - before, _("%(number)s points")
        same = abs(difference) < SAME_POINTS
    elif before:
        difference, amount = 100 * (now - before) / before, _("%(number)s %%")
        same = abs(difference) < SAME_SHARE
    else:
        return Change(_("as before") if not now else _("none before"))
    if same:
        return Change(_("as before"))
    number = amount % {"number": _number(abs(difference), 1)}
    arrow = "▲" if difference > 0 else "▼"
    if not measure.better:
        return Change(f"{arrow} {number}")
    good = (difference > 0) == (measure.better > 0)
    verdict = _("better") if good else _("worse")
    return Change(f"{arrow} {number}, {verdict}", "success" if good else "danger")


def reason_words(kind: str, reason: str) -> str:
    """A reason as people say it."""
    if kind != "short" and reason in RejectReason.values:
        return str(RejectReason(reason).label).capitalize()
    known = {
        "shortage": _("Not on the shelf"),
        "damaged": _("Damaged"),
        "later": _("To be picked later"),
    }
    return known.get(reason, reason.replace("_", " ").capitalize())


def _number(value: float, digits: int) -> str:
    """Rounded: what formats numbers cuts off the rest."""
    return number_format(round(value, digits), digits)
