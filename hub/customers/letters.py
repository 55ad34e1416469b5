"""The addresses by which customers change how they are told, or end it: signed links."""

from __future__ import annotations

from django.conf import settings

from hub.customers.models import Contact, Profile
from hub.links.services import make_link

PREFERENCES, UNSUBSCRIBE = "preferences", "unsubscribe"  # what the links are for
PATH = "/n/"


def page_url(token: str) -> str:
    """The whole address of the page that such a link's token opens."""
    return f"{settings.PUBLIC_BASE_URL}{PATH}{token}"


def preferences_path(profile: Profile) -> str:
    """The path of a page on which this customer chooses how he is told; a new link each time."""
    return f"{PATH}{make_link(purpose=PREFERENCES, subject=f'profile:{profile.pk}')}"


def preferences_url(profile: Profile) -> str:
    """The same as a whole address, to be sent."""
    return f"{settings.PUBLIC_BASE_URL}{preferences_path(profile)}"


def unsubscribe_url(profile: Profile | None, contact: Contact) -> str:
    """Where one POST ends all e-mail to the contact's address, and a GET asks first.

    The link speaks of the address the letter went to, whatever address the profile has by then.
    """
    whose = f" profile:{profile.pk}" if profile else ""
    token = make_link(purpose=UNSUBSCRIBE, subject=f"contact:{contact.pk}{whose}")
    return f"{settings.PUBLIC_BASE_URL}{PATH}stop/{token}"


def unsubscribe_headers(profile: Profile | None, contact: Contact) -> dict[str, str]:
    """The headers by which mail programs offer to unsubscribe with one click (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(profile, contact)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
