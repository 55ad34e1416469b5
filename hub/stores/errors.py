"""What stores refuse."""

from __future__ import annotations

from hub.errors import Conflict


class StoreNotLive(Conflict):
    """The store is not open to customers: being set up, in shadow or paused; ``store`` is its
    code. Test keys may order in a store in shadow."""

    code = "store_not_live"
    title = "This store takes no orders"
