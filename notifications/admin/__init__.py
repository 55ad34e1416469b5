"""The staff pages of messages: what was told and why, in whose words, and who must be called."""

from notifications.admin import rule_effects, sandbox
from notifications.admin.calls import CallTaskAdmin
from notifications.admin.messages import MessageAdmin
from notifications.admin.providers import ProviderAdmin
from notifications.admin.rules import TextingRulesAdmin
from notifications.admin.telling import PreferenceAdmin
from notifications.admin.templates import TemplateVersionAdmin
from notifications.admin.threads import ThreadAdmin

__all__ = [
    "CallTaskAdmin",
    "MessageAdmin",
    "PreferenceAdmin",
    "ProviderAdmin",
    "TemplateVersionAdmin",
    "TextingRulesAdmin",
    "ThreadAdmin",
    "rule_effects",
    "sandbox",
]
