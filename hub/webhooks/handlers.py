"""Registers the webhook calls as a queue of the relay, and what becomes of old rows."""

from hub.events import retention
from hub.events.queues import Queue, register
from hub.webhooks import calls
from hub.webhooks.models import WebhookCall
from hub.webhooks.purging import purge_events

register(Queue(model=WebhookCall, run=calls.run, load=calls.load))
retention.register("channel_events", purge_events)
