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


class SpotClosed(Conflict):
    """Nobody can stand there at present; ``free`` lists the spots where somebody can."""

    code = "spot_closed"
    title = "This spot is out of service"


class UnknownPlacement(Invalid):
    """``known`` lists where in or at a car bags can go."""

    code = "unknown_placement"
    title = "Bags cannot be put there"


class LocationInvalid(Invalid):
    """No place on the globe, or 0, 0: what devices say that do not know where they are."""

    code = "location_invalid"
    title = "This is no location"


class LocationInaccurate(Invalid):
    """``most`` is the radius in metres up to which a location says something."""

    code = "location_inaccurate"
    title = "The location is too inaccurate to be of use"


class AlreadyClaimed(Conflict):
    """``claimed_by`` is who sees to this customer already."""

    code = "already_claimed"
    title = "Somebody sees to this customer already"


class EtaOutOfRange(Invalid):
    """``most`` is the longest way in minutes that counts as being on it."""

    code = "eta_out_of_range"
    title = "The minutes are out of range"


class NoVisit(Conflict):
    """Nobody has come for this order."""

    code = "no_visit"
    title = "No customer is waiting for this order"


class VisitOver(Conflict):
    """The customer has left, got his goods, or was at another store; a new visit may begin."""

    code = "visit_over"
    title = "This visit is over"


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


class CodeOfAnother(Conflict):
    """What was scanned belongs to another order; it was not counted as a try."""

    code = "code_of_another"
    title = "This code is of another order"


class NoDelegate(Conflict):
    """The customer has named nobody who may collect in his place."""

    code = "no_delegate"
    title = "The customer has named nobody else"


class NameMissing(Invalid):
    """Somebody without a name cannot be told from anybody else."""

    code = "name_missing"
    title = "Say who will come"


class BagsDiffer(Conflict):
    """``packed`` bags belong to it: count again, or say why it is another number."""

    code = "bags_differ"
    title = "The bags are not as many as were packed"


class LinesUnaccounted(Invalid):
    """``lines`` lists the lines (by number) of which that many units are not there, or which it
    does not have."""

    code = "lines_unaccounted"
    title = "The units of a line do not add up"


class NothingGiven(Conflict):
    """What is all collected later simply waits on."""

    code = "nothing_given"
    title = "Nothing would be handed over"


class AgeUnchecked(Conflict):
    """``minimum_age`` is what the buyer of the order ``lines`` must have reached."""

    code = "age_unchecked"
    title = "Look at a proof of age, or keep these goods"


class NoSaleNow(Conflict):
    """``lines`` may be sold again from ``legal_from`` on; the rest can be handed over."""

    code = "no_sale_now"
    title = "The law forbids to sell some of these goods at this hour"


class NotCollected(Conflict):
    """There is a receipt, a rating or a complaint only of what was handed over."""

    code = "not_collected"
    title = "It was not handed over"


class TooLateToTell(Conflict):
    """What was collected more than seven days ago is settled with the store itself."""

    code = "too_late_to_tell"
    title = "This can be told for seven days"


class ComplaintUnclear(Invalid):
    """A complaint names a line and units of it that were given, or says in words what is wrong."""

    code = "complaint_unclear"
    title = "Say what is wrong with which goods"


class AnsweredAlready(Conflict):
    """Somebody has answered it; ``answer`` is what was said."""

    code = "complaint_answered"
    title = "This complaint has been answered"


class BeyondPaid(Conflict):
    """``left_minor`` is what may still be paid back of the line."""

    code = "beyond_paid"
    title = "That is more than was paid for these goods"


class MayNotRefund(Forbidden):
    """Paying back needs the permission ``orders.take_return``."""

    code = "may_not_refund"
    title = "Only a lead may pay back"


class StarsOutOfRange(Invalid):
    """One star is the worst, five are the best."""

    code = "stars_out_of_range"
    title = "Give one to five stars"
