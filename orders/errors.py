"""What orders refuse, each with a code that clients may branch on."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class IllegalMove(Conflict):
    """No way leads from here to there; ``present_status`` and ``version`` say where here is."""

    code = "illegal_move"
    title = "The present status does not allow this step"


class Blocked(Conflict):
    """An open block stops every step forward; ``blocks`` names the reasons."""

    code = "blocked"
    title = "An open block stops this order"


class StaleVersion(Conflict):
    """Somebody changed the thing since the caller read it; ``version`` is the fresh one."""

    code = "stale_version"
    title = "It has changed since it was read"


class DuplicateOrder(Conflict):
    """The channel has placed an order of this number and kind (test or real) already; ``id`` is
    that order's."""

    code = "duplicate_order"
    title = "This order number has been placed already"


class NoStore(Conflict):
    """No store in reach can prepare the whole basket; ``refused`` counts why."""

    code = "no_store_can_fulfil"
    title = "No store in reach has the whole order"


class PickupOff(Conflict):
    """The named store hands out no orders at present."""

    code = "pickup_not_offered"
    title = "This store does not offer pickup"


class NeverOpen(Conflict):
    """The store has no opening hours in which the order could be prepared."""

    code = "store_never_open"
    title = "This store has no opening hours in the coming weeks"


class TooLate(Conflict):
    """The goods are ready or gone: the order can no longer be canceled."""

    code = "too_late_to_cancel"
    title = "The order can no longer be canceled"


class LinesWrong(Invalid):
    """Lines that the order does not have, or not so many units of; ``lines`` says how many are
    left of each (``left`` null: there is no such line)."""

    code = "lines_wrong"
    title = "The order has no such lines, or fewer units of them"


class WrongCurrency(Invalid):
    """An order is in its channel's currency or not at all."""

    code = "wrong_currency"
    title = "This channel sells in another currency"


class HoldElsewhere(Conflict):
    """The hold's goods are in another store than the one named for pickup."""

    code = "hold_in_other_store"
    title = "The hold is in another store"


class ReasonMissing(Invalid):
    """What a person decides against the usual way needs a reason."""

    code = "reason_missing"
    title = "Say why"
