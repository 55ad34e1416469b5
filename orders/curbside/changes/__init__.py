"""What a customer may change of a pickup himself, and changing it.

Every change is refused where the store has switched it off, and is made once however often the
same tap arrives.
"""

from orders.curbside.changes.errors import ChangeOff, StoreCannot, TooLateToChange
from orders.curbside.changes.lines import LineChoice, cancel_lines
from orders.curbside.changes.offers import Changes, offers_of
from orders.curbside.changes.stores import StoreChoice, change_store
from orders.curbside.changes.waiting import extend
from orders.curbside.changes.windows import change_window

__all__ = [
    "ChangeOff",
    "Changes",
    "LineChoice",
    "StoreCannot",
    "StoreChoice",
    "TooLateToChange",
    "cancel_lines",
    "change_store",
    "change_window",
    "extend",
    "offers_of",
]
