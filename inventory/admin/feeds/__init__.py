"""Stock files: layouts, codes, and what became of each file."""

from inventory.admin.feeds.codes import ItemCodeAdmin, UnmappedCodeAdmin
from inventory.admin.feeds.files import StockFileAdmin
from inventory.admin.feeds.layouts import FeedLayoutAdmin

__all__ = ["FeedLayoutAdmin", "ItemCodeAdmin", "StockFileAdmin", "UnmappedCodeAdmin"]
