"""Answering a text: one reply each, in the sender's language, by the way it came."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import translation

from hub import clock
from hub.links.services import link_url, make_links
from notifications.inbound.replies import Reply
from notifications.inbound.senders import Sender
from notifications.models import Message
from notifications.services.replying import write_reply
from notifications.services.words import pickup_link
from notifications.wording import WordingError
from orders.curbside.pages.moments import Moments, moments_of
from orders.curbside.pages.words import WORDS, language_of
from orders.models import FulfillmentOrder

logger = logging.getLogger("hub.notifications.inbound")


def reply(
    sender: Sender,
    answer: Reply,
    *,
    dedupe: str,
    part: FulfillmentOrder | None = None,
    exempt_from_stop: bool = False,
    **values: str,
) -> Message | None:
    """Write one answer, once per ``dedupe``; None when it was written before, or has no words:
    what was done stays done then.

    ``brand`` and, for answers about a ``part``, ``order`` and ``store`` need not be given.
    """
    about = part or sender.part
    told = {"brand": part.store.brand.name if part else sender.brand}
    if part:
        told |= {"order": part.order.external_id, "store": part.store.name}
    told |= values
    try:
        return write_reply(
            purpose=answer.name,
            to=sender.phone,
            locale=sender.locale,
            values={name: value for name, value in told.items() if name in answer.variables},
            store=about.store if about else None,
            order_id=about.order_id if about else None,
            profile=about.order.profile if about else None,
            contact=about.order.contact if about else None,
            is_test=sender.is_test,
            exempt_from_stop=exempt_from_stop,
            dedupe=dedupe,
            provider=sender.provider,
        )
    except WordingError:
        logger.exception("a text stays unanswered", extra={"reply": answer.name})
        return None


@transaction.atomic
def page_of(part: FulfillmentOrder) -> str:
    """The address of a fresh link to the page of a pickup."""
    rows = FulfillmentOrder.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.select_related("order").get(pk=part.pk)
    return link_url(make_links([pickup_link(locked)])[0])


def moments_for(part: FulfillmentOrder, locale: str) -> Moments:
    """How times are said to the customer of a part; in force is ``in_language``."""
    language = language_of(locale)
    return moments_of(part.store, now=clock.now(), language=language, words=WORDS[language])


def in_language(locale: str) -> translation.override:
    """Lets dates be worded in a language."""
    return translation.override(language_of(locale))
