"""What moving stores between stages refuses."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class StageRefused(Conflict):
    """No way leads from the store's stage to that one; ``stage`` says where it is."""

    code = "stage_refused"
    title = "The store cannot go there from where it is"


class NotReady(Conflict):
    """The store lacks musts of that stage; ``missing`` are their codes."""

    code = "store_not_ready"
    title = "The store is not ready for that"


class StageNeedsReason(Invalid):
    """Pausing a store, and letting a must pass, need a reason."""

    code = "stage_needs_reason"
    title = "Say why"
