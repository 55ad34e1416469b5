"""What changing a pickup refuses."""

from __future__ import annotations

from hub.errors import Conflict


class ChangeOff(Conflict):
    """The store does not let customers change this themselves, or not once more."""

    code = "change_not_offered"
    title = "This cannot be changed here"


class TooLateToChange(Conflict):
    """The order has come too far; ``present_status`` says how far."""

    code = "too_late_to_change"
    title = "It is too late for this change"


class StoreCannot(Conflict):
    """Another store was chosen that cannot prepare the whole order any more; ``store``: which."""

    code = "store_cannot"
    title = "This store cannot prepare the order"
