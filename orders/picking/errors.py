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


class ReasonMissing(Invalid):
    """A rejection without a reason helps nobody."""

    code = "reason_missing"
    title = "Say why"
