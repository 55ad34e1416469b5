"""Registers what becomes of old inbound calls."""

from hub.events import retention
from hub.inbox.purging import purge_calls

retention.register("inbound_calls", purge_calls)
