"""What the curb refuses."""

from __future__ import annotations

from hub.errors import Conflict, Forbidden, Invalid


class PickupOver(Conflict):
    """Collected, canceled, rejected or expired: nobody needs to come any more."""

    code = "pickup_over"
    title = "There is nothing left to collect"


class UnknownSpot(Invalid):
    """The store has no such spot in use; ``free`` lists those that are."""

    code = "unknown_spot"
    title = "This store has no such spot"


class SpotTaken(Conflict):
    """Another customer stands there; ``free`` lists the spots where nobody does."""

    code = "spot_taken"
    title = "This spot is taken"


class EtaOutOfRange(Invalid):
    """``most`` is the longest way in minutes that counts as being on it."""

    code = "eta_out_of_range"
    title = "The minutes are out of range"


class NoVisit(Conflict):
    """Nobody has come for this order."""

    code = "no_visit"
    title = "No customer is waiting for this order"


class PinMalformed(Invalid):
    """Not six digits, so it was not counted as a try."""

    code = "pin_malformed"
    title = "A PIN has six digits"


class WrongPin(Conflict):
    """``tries_left`` says how many remain before a lead has to look."""

    code = "wrong_pin"
    title = "This is not the PIN of this order"


class PinLocked(Conflict):
    """Too many wrong PINs: only a lead may hand the order over, giving a reason."""

    code = "pin_locked"
    title = "The PIN is locked after too many tries; ask a lead"


class LeadRequired(Forbidden):
    """Handing over without the PIN needs the permission ``orders.override_pin``."""

    code = "lead_required"
    title = "Only a lead may hand over without the PIN"


class ReasonMissing(Invalid):
    """An override without a reason is no proof."""

    code = "reason_missing"
    title = "Say why the PIN was not asked for"
