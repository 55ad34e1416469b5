"""What returns and price adjustments refuse, each with a code."""

from __future__ import annotations

from hub.errors import Conflict, Forbidden, Invalid


class NothingReturned(Invalid):
    """A return names at least one line and its units, each line once per disposition."""

    code = "nothing_returned"
    title = "Say which goods came back"


class NotHandedOver(Conflict):
    """Only goods that the customer was given can come back."""

    code = "not_handed_over"
    title = "These goods were not handed over"


class MoreThanHandedOver(Conflict):
    """``lines`` lists the order lines of which fewer units are still with the customer."""

    code = "more_than_handed_over"
    title = "The customer does not have that many units"


class NoRestock(Conflict):
    """Goods that left the cold, and fresh ones, are not sold again; ``skus`` lists them."""

    code = "not_to_be_restocked"
    title = "These goods cannot be sold again; take them back as damaged"


class WhyMissing(Invalid):
    """Money moves for a reason."""

    code = "reason_missing"
    title = "Say why"


class PriceNotLower(Invalid):
    """An adjustment lowers the price; ``present_minor`` is what it is now."""

    code = "price_not_lower"
    title = "The new price must be lower than the present one, and not below zero"


class MayNotAdjust(Forbidden):
    """Adjusting prices is for leads."""

    code = "lead_required"
    title = "Only a lead may lower a price"


class BeyondLimit(Forbidden):
    """The reduction is larger than this person may give; ``least_minor`` is the lowest price."""

    code = "price_limit"
    title = "That is more than you may take off"


class PartEnded(Conflict):
    """A part that ended early costs nothing."""

    code = "part_ended"
    title = "Nothing of this was supplied"


class UnknownLine(Invalid):
    """The part has no such line, or several items of it; ``number`` and ``sku`` are as asked."""

    code = "unknown_line"
    title = "Name the line, and the item if more than one was supplied for it"
