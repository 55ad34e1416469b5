"""Messages, their words, and what customers answer."""

from notifications.models.calls import CallTask
from notifications.models.message import (
    OPEN_OUTCOMES,
    UNSURE_OUTCOMES,
    Message,
    Outcome,
    Receipt,
    _message_id,
)
from notifications.models.reporting import DayMessages, DayUnsent, MessageTimes
from notifications.models.rules import TextingRules
from notifications.models.template import TemplateVersion
from notifications.models.threads import HeardText, OpenQuestion, Thread, ThreadEntry

__all__ = [
    "OPEN_OUTCOMES",
    "UNSURE_OUTCOMES",
    "CallTask",
    "DayMessages",
    "DayUnsent",
    "HeardText",
    "Message",
    "MessageTimes",
    "OpenQuestion",
    "Outcome",
    "Receipt",
    "TemplateVersion",
    "TextingRules",
    "Thread",
    "ThreadEntry",
    "_message_id",
]
