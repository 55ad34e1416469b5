"""What offering and answering refuse, each with a code."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class NothingOffered(Invalid):
    """A question without an offer is none."""

    code = "nothing_offered"
    title = "Choose at least one substitute"


class NotAsked(Conflict):
    """The customer wants no substitute for this line; ``number`` is the order line's."""

    code = "substitution_refused"
    title = "The customer wants no substitute for this line"


class UnfitSubstitute(Invalid):
    """It cannot stand in: the same item, a bundle, another unit, not sold, or in the order."""

    code = "unfit_substitute"
    title = "This item cannot stand in for the missing one"


class TooManyUnits(Conflict):
    """More units are offered than are missing; ``missing`` is how many are."""

    code = "more_than_missing"
    title = "That many units are not missing"


class TooLateToOffer(Conflict):
    """Offers are made from the acceptance until the pick is finished."""

    code = "too_late_to_offer"
    title = "Substitutes are offered while the order is being picked"


class RoundOpen(Conflict):
    """The customer is being asked; one question at a time."""

    code = "customer_is_asked"
    title = "The customer is being asked already; wait for the answer or withdraw the question"


class RoundOver(Conflict):
    """The question is settled, or its time is up."""

    code = "substitutes_settled"
    title = "This has been answered, or its time is over"


class AnsweredOtherwise(Conflict):
    """Somebody gave another answer first; it stands."""

    code = "answered_otherwise"
    title = "Another answer was given first, and it stands"


class UnknownOffer(Invalid):
    """There is no offer of that number."""

    code = "unknown_offer"
    title = "There is no such offer"


class AnswerMissing(Invalid):
    """Every offer wants a yes or a no."""

    code = "answer_missing"
    title = "Say yes or no to each offer"
