"""Entry points for the task queue."""

from __future__ import annotations

from hub.staff import invitations


def mail_invitations(people: list[int]) -> None:
    """Mail their links to new people; the queue keeps no link."""
    invitations.mail_invitations(people)
