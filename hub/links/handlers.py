"""Links react to no fact; they have their old rows deleted."""

from hub.events import retention
from hub.links.purging import purge_links

retention.register("links", purge_links)
