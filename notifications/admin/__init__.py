"""The staff pages of messages: what was told and why, in whose words, and who must be called."""

from notifications.admin.calls import CallTaskAdmin
from notifications.admin.messages import MessageAdmin

__all__ = ["CallTaskAdmin", "MessageAdmin"]
