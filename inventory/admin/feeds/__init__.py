"""Stock files: layouts, codes, and what became of each file."""

from inventory.admin.feeds.codes import ItemCodeAdmin, UnmappedCodeAdmin
from inventory.admin.feeds.layouts import FeedLayoutAdmin

__all__ = ["FeedLayoutAdmin", "ItemCodeAdmin", "UnmappedCodeAdmin"]
