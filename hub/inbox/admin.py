"""Authentic calls from outside. Their bodies stay sealed: they may hold personal data."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from hub.inbox.models import InboundCall
from hub.staff.pages import ReadOnlyAdmin


@admin.register(InboundCall)
class InboundCallAdmin(ReadOnlyAdmin[InboundCall]):
    """Who called, when, with which id."""

    list_display = ["source", "event_id", "received_at"]
    search_fields = ["=source", "=event_id"]
    search_help_text = _("Source (such as pos_… or sms:handset) or the caller's event id")
    ordering = ["-id"]
    fields = ["source", "event_id", "received_at"]
