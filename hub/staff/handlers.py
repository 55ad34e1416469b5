"""Django tells when a session begins; the workspace listens."""

from __future__ import annotations

from django.contrib.auth.signals import user_logged_in

from hub.staff.entering import note_session

user_logged_in.connect(note_session, dispatch_uid="hub.staff.entering")
