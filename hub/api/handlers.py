"""The REST door reacts to no fact; it has its old rows deleted."""

from hub.api.purging import purge_counters, purge_replies
from hub.events import retention

retention.register("replies", purge_replies)
retention.register("counters", purge_counters)
