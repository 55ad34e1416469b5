"""How staff pages say times, waits and money."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as in_words
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from orders.models import Block
from orders.states import Obstacle

SOON = timedelta(minutes=15)
_NO_MINOR_UNIT = {
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
    *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
}
_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}

STATUS_TONES = {
    "proposed": "warning",
    "accepted": "info",
    "picking": "info",
    "picked": "info",
    "ready": "success",
    "completed": "",
    "rejected": "danger",
    "canceled": "danger",
    "expired": "danger",
    "open": "info",
    "on_my_way": "info",
    "nearby": "info",
    "arrived": "warning",
    "being_served": "success",
    "done": "",
    "left": "danger",
    "wrong_store": "danger",
}


# how somebody proved to be the one who may take the goods
METHODS = {
    "pin": gettext_lazy("by the PIN"),
    "delegate": gettext_lazy("by the code of the person the customer named"),
    "id": gettext_lazy("by an ID with the right name"),
    "override": gettext_lazy("without the PIN, on a lead's word"),
}
# templates say them by ``translate``
ZONES = (gettext_noop("ambient"), gettext_noop("chilled"), gettext_noop("frozen"))
# why parts end and goods come back, as services write it down
REASONS = (
    *(gettext_noop("canceled by the customer"), gettext_noop("damaged at the curb")),
    *(gettext_noop("not collected in time"), gettext_noop("nothing taken at the curb")),
    gettext_noop("sent to another store"),
)
_STATUSES = {
    "proposed": gettext_noop("proposed"),
    "accepted": gettext_noop("accepted"),
    "picking": gettext_noop("picking"),
    "picked": gettext_noop("picked"),
    "ready": gettext_noop("ready"),
    "completed": gettext_noop("completed"),
    "rejected": gettext_noop("rejected"),
    "canceled": gettext_noop("canceled"),
    "expired": gettext_noop("expired"),
    "open": gettext_noop("open"),
    "on_my_way": gettext_noop("on the way"),
    "nearby": gettext_noop("nearby"),
    "arrived": gettext_noop("arrived"),
    "being_served": gettext_noop("being served"),
    "done": gettext_noop("done"),
    "left": gettext_noop("left"),
    "wrong_store": gettext_noop("wrong store"),
}


def said(status: str) -> str:
    """A status as the store's people say it: ``on_my_way`` is «on the way»."""
    return _(_STATUSES.get(status, status.replace("_", " ")))


def obstacle_words(status: str, met: Obstacle) -> str:
    """Why a step cannot be taken now, as the store's people say it."""
    if met.blocks:
        reasons = sorted(_(str(Block.Reason(reason).label)).lower() for reason in met.blocks)
        return _("stopped: {reasons}").format(reasons=", ".join(reasons))
    needed = " {} ".format(_("or")).join(said(one) for one in met.needs)
    return _("it is {status}, and must be {needed}").format(status=said(status), needed=needed)


def local(moment: datetime | None, timezone: str, *, seconds: bool = False) -> str:
    """A moment on the store's clock: the time, with the date in front."""
    if moment is None:
        return "–"
    shown = moment.astimezone(ZoneInfo(timezone))
    return in_words(shown, "D d M H:i:s" if seconds else "D d M H:i")


def clock_time(moment: datetime, timezone: str, now: datetime) -> str:
    """The time on the store's clock, with the weekday when it is not today there."""
    zone = ZoneInfo(timezone)
    shown, today = moment.astimezone(zone), now.astimezone(zone)
    return in_words(shown, "H:i" if shown.date() == today.date() else "D d M, H:i")


def span(length: timedelta) -> str:
    """A length of time in the two units that matter."""
    minutes = int(abs(length).total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60
    if days > 1:
        return ngettext("{days} day", "{days} days", days).format(days=days)
    if not hours:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{minutes % 60:02}")


def due(moment: datetime, now: datetime) -> tuple[str, str]:
    """How a deadline stands, in words and as a tone: late is danger, soon is warning."""
    left = moment - now
    if left < timedelta(0):
        return _("{span} late").format(span=span(left)), "danger"
    return _("in {span}").format(span=span(left)), "warning" if left < SOON else ""


def money(minor: int, currency: str) -> str:
    """An amount in minor units with its ISO 4217 currency, such as «12.50 EUR»."""
    return f"{Decimal(minor).scaleb(-exponent_of(currency)):f} {currency}"


def exponent_of(currency: str) -> int:
    """How many digits of a minor amount stand behind the point."""
    return 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THOUSANDTHS else 2
