"""What promising refuses."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class StorePaused(Conflict):
    """The store takes no new orders for the time being; ``store`` is its code."""

    code = "store_paused"
    title = "The store takes no new orders at present"


class WindowFull(Conflict):
    """All places of the window are taken; ``next`` has the start of the next ones with room."""

    code = "window_full"
    title = "This pickup window is full"


class WindowClosed(Invalid):
    """The store has no such window, or it is over; ``next`` has the start of the next ones."""

    code = "window_closed"
    title = "There is no such pickup window"


class WindowTooEarly(Invalid):
    """The goods cannot be ready by then; ``next`` has the start of windows that they can."""

    code = "window_too_early"
    title = "The order cannot be ready by then"
