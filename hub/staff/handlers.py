"""Django tells when a session begins; the workspace listens, and forgets what is old."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in

from hub.events import retention
from hub.staff.entering import note_session
from hub.staff.forgetting import purge_history

retention.register("rule_history", purge_history)
user_logged_in.connect(note_session, dispatch_uid="hub.staff.entering")
