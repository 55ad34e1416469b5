"""What the pick refuses."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class PickMismatch(Invalid):
    """The counts do not fit the lines; ``lines`` lists the ids of those that are wrong."""

    code = "pick_mismatch"
    title = "The picked quantities do not fit the lines"


class NothingPicked(Conflict):
    """Nothing was found at all: the store rejects such an order instead of readying it."""

    code = "nothing_picked"
    title = "Nothing was picked; reject the order instead"


class StagingIncomplete(Invalid):
    """A ready order needs a place and at least one bag."""

    code = "staging_incomplete"
    title = "Say where the order stands and in how many bags"


class ClaimedElsewhere(Conflict):
    """Somebody else picks this zone; ``picker`` says who, ``batch`` whether with other orders."""

    code = "claimed_by_another"
    title = "Somebody else is picking this"


class NothingToClaim(Conflict):
    """The part has no goods of that zone."""

    code = "nothing_in_zone"
    title = "There is nothing to pick in this zone"


class FrozenLast(Conflict):
    """Frozen goods leave the freezer last; ``open`` is how many lines come before them."""

    code = "frozen_last"
    title = "Pick everything else before the frozen goods"


class UnreadableCode(Invalid):
    """A code has 1 to 60 printable characters."""

    code = "unreadable_code"
    title = "The scanner read nothing that could be a code"


class BadCheckDigit(Invalid):
    """The last digit does not fit the others: the scanner misread, or somebody mistyped."""

    code = "bad_check_digit"
    title = "The code was not read right"


class UnknownCode(Invalid):
    """No item has this code."""

    code = "unknown_code"
    title = "No item has this code"


class WrongItem(Conflict):
    """The scanned item is not wanted; ``sku`` and ``name`` say what was scanned."""

    code = "wrong_item"
    title = "This item is not on the list"


class TooMany(Conflict):
    """There are enough of it already; ``wanted`` is how many more are."""

    code = "too_many"
    title = "There are enough of it already"


class WeightNeeded(Invalid):
    """Goods by weight: scan the label from the scales, or say the grams."""

    code = "weight_needed"
    title = "Say what it weighs"


class MustScan(Conflict):
    """The item has a code, so its count rises by scanning; without one, a reason is needed."""

    code = "must_scan"
    title = "Scan it, or say why it cannot be scanned"


class LinesOpen(Conflict):
    """Lines that are neither picked nor reported as not found; ``lines`` lists their ids."""

    code = "lines_open"
    title = "Some lines are still open"


class WrongZone(Conflict):
    """Frozen goods belong into a freezer, chilled ones into a cooler, the rest into neither."""

    code = "wrong_zone"
    title = "This place has another temperature"


class BagsMismatch(Invalid):
    """Every zone with goods has at least one bag, the others none, and staged bags stay."""

    code = "bags_mismatch"
    title = "The bags do not fit the goods"


class UnknownBag(Invalid):
    """No bag of this store has this barcode."""

    code = "unknown_bag"
    title = "No such bag in this store"


class UnknownPlace(Invalid):
    """The store has no such staging location."""

    code = "unknown_place"
    title = "No such staging location in this store"


class NotStageable(Conflict):
    """Bags are put away and moved while their order waits for its customer, not after."""

    code = "not_stageable"
    title = "This order is not being packed or kept"


class BadBatch(Invalid):
    """A batch is of 1 to 20 orders of one store, each of them still to be picked."""

    code = "bad_batch"
    title = "These orders cannot be picked together"


class BatchOver(Conflict):
    """The batch is closed; what is left of it can be claimed anew."""

    code = "batch_over"
    title = "This batch is closed"
