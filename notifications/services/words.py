"""Putting messages into words: a fresh link, the PIN, the store, in the customer's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub import clock
from hub.customers.letters import PREFERENCES, page_url
from hub.customers.models import Channel
from hub.links.services import READABLE_AFTER_END, NewLink, link_url, make_links
from notifications.cases import Case
from notifications.models import Message
from notifications.segments import count_segments, downgrade
from notifications.templating.closing import choosing_line, closing_line, first_line
from notifications.templating.letters import letters_of
from notifications.templating.mailing import html_of
from notifications.templating.values import purpose_variables, values_of
from notifications.templating.versions import published_wordings
from notifications.wording import (
    Key,
    Rendered,
    Wording,
    WordingError,
    render,
    wording_for,
)
from orders.models import FulfillmentOrder, FulfillmentStatus, OrderStatus
from orders.states import LIVE

LINK_PURPOSE = "pickup"


@dataclass(frozen=True, kw_only=True)
class Words:
    """Words ready to send, and what the message's row keeps of them.

    ``title`` and ``html`` are empty for a text, ``segments`` and ``encoding`` for an e-mail.
    ``template`` names the wording, ``version`` is its TemplateVersion or None for a shipped one.
    """

    title: str
    body: str
    html: str = ""
    segments: int = 0
    encoding: str = ""
    template: str = ""
    version: int | None = None

    def columns(self) -> dict[str, object]:
        """What to save in the message's row, by column."""
        return {
            "title": self.title,
            "body": self.body,
            "segments": self.segments,
            "encoding": self.encoding,
            "template": self.template,
            "template_version_id": self.version,
        }


def put_into_words(message: Message, case: Case) -> Words:
    """Return the words of a message, the same on every try, and keep them with it.

    Raises WordingError when there is no wording or a value is missing; nothing is kept then. Must
    run in a transaction: the link and the words that carry it are kept together or not at all.
    """
    words = compose([(message, case)])[message.pk]
    if isinstance(words, WordingError):
        raise words
    if not message.body:
        Message.objects.filter(pk=message.pk).update(**words.columns())
    return words


def compose(told: Sequence[tuple[Message, Case]]) -> dict[int, Words | WordingError]:
    """The words of each message by its primary key, or why it has none; keeps no row.

    What has a body already keeps it. Links are made, and their pickups locked, so call it in a
    transaction and save ``Words.columns()`` in the same. Takes a constant number of queries for
    any number of messages, but for templates that speak of offers, recalls and the like.
    """
    made: dict[int, Words | WordingError] = {
        message.pk: _kept(message) for message, _ in told if message.body
    }
    drafts = [_Draft(message, case) for message, case in told if not message.body]
    published = published_wordings({draft.message.purpose for draft in drafts})
    for draft in drafts:
        try:
            draft.find(published)
        except WordingError as error:
            made[draft.message.pk] = error
    found = [draft for draft in drafts if draft.wording]
    links = _links(found)
    firsts = _never_told(draft.message for draft in found)
    for draft in found:
        made[draft.message.pk] = draft.write(links, first=draft.message.pk in firsts)
    return made


def word_reply(*, purpose: str, locale: str, values: Mapping[str, str]) -> Words:
    """The words of an answer to a text. Raises WordingError as ``put_into_words`` does."""
    wording = wording_for(
        purpose=purpose,
        channel=Channel.SMS,
        locale=locale,
        published=published_wordings({purpose}),
    )
    nothing = dict.fromkeys(purpose_variables(purpose), "")
    return text_words(render(wording, {**nothing, **values}).body, wording)


def text_words(body: str, wording: Wording | None = None, *, locale: str = "en") -> Words:
    """A text in the letters that its language is sent with, and what it takes."""
    said = downgrade(body, letters_of(wording.locale if wording else locale))
    counted = count_segments(said)
    return Words(
        title="",
        body=said,
        segments=counted.segments,
        encoding=counted.encoding,
        template=wording.name if wording else "",
        version=wording.version_id if wording else None,
    )


class _Draft:
    """One message on its way into words."""

    def __init__(self, message: Message, case: Case) -> None:
        self.message = message
        self.part = case.fulfillment
        self.wording: Wording | None = None

    def find(self, published: Mapping[Key, Wording]) -> None:
        """Choose the template; WordingError when there is none."""
        message = self.message
        self.wording = wording_for(
            purpose=message.purpose,
            channel=message.channel,
            locale=message.locale,
            published=published,
        )

    def write(self, links: Links, *, first: bool) -> Words | WordingError:
        """Fill it and finish it for its channel."""
        if self.wording is None or self.part is None:
            return WordingError(f"nothing to say {self.message.purpose} of")
        values = dict.fromkeys(purpose_variables(self.message.purpose), "")
        values |= values_of(self.part, wants=self.wording.wants, locale=self.wording.locale)
        values["link"] = links.pickup.get(self.message.pk, "")
        try:
            rendered = render(self.wording, values)
        except WordingError as error:
            return error
        if self.message.channel != Channel.SMS:
            return _mail(rendered, self.wording, links.choosing.get(self.message.pk, ""))
        brand = self.part.store.brand.name
        return text_words(_closed(rendered.body, self.wording, brand, first), self.wording)


def _closed(body: str, wording: Wording, brand: str, first: bool) -> str:
    """The text with what every text says at its end: how to have no more of them."""
    if first:
        named = body if brand.casefold() in body.casefold() else f"{brand}: {body}"
        return f"{named} {first_line(wording.locale)}"
    if "link" in wording.body.always:
        return body  # its page says it
    return f"{body} {closing_line(wording.locale)}"


def _mail(rendered: Rendered, wording: Wording, choosing: str) -> Words:
    last = f"\n\n{choosing_line(wording.locale, choosing)}\n" if choosing else "\n"
    body = rendered.body.strip() + last
    return Words(
        title=rendered.title,
        body=body,
        html=html_of(rendered.title, body, wording.locale),
        template=wording.name,
        version=wording.version_id,
    )


def _kept(message: Message) -> Words:
    by_text = message.channel == Channel.SMS
    locale = message.template.split("/")[0] or message.locale
    return Words(
        title=message.title,
        body=message.body,
        html="" if by_text else html_of(message.title, message.body, locale),
        segments=message.segments,
        encoding=message.encoding,
        template=message.template,
        version=message.template_version_id,
    )


def _never_told(messages: Iterable[Message]) -> set[int]:
    """Those of the texts whose number no text of ours has ever gone to."""
    numbers = {
        message.pk: message.contact.phone_hash
        for message in messages
        if message.channel == Channel.SMS and message.contact
    }
    if not numbers:
        return set()
    told = set(
        Message.objects.filter(
            contact__phone_hash__in=set(numbers.values()),
            channel=Channel.SMS,
            accepted_at__isnull=False,
        )
        .values_list("contact__phone_hash", flat=True)
        .distinct()
    )
    return {pk for pk, number in numbers.items() if number not in told}


@dataclass(frozen=True)
class Links:
    """Addresses for messages, by their primary key: to the pickup, and to the page on which its
    reader chooses what he is told."""

    pickup: Mapping[int, str]
    choosing: Mapping[int, str]


def _links(drafts: Sequence[_Draft]) -> Links:
    """Fresh links for all messages that carry some, made in one query.

    A link to a pickup that is over can only be read, for seven days; while its customer may yet
    send it to another store, it is not over. The pickups are locked: one that ends at this moment
    either sees the link or is seen here.
    """
    wanted = [draft for draft in drafts if draft.wording and "link" in draft.wording.wants]
    parts = {draft.message.pk: draft.part for draft in wanted if draft.part}
    locked = _locked({part.pk for part in parts.values()}) if parts else {}
    letters = [draft.message for draft in drafts if draft.message.channel == Channel.EMAIL]
    readers = {row.pk: row.profile_id for row in letters if row.profile_id}
    pickups = [pickup_link(locked[part.pk]) for part in parts.values()]
    pages = [NewLink(purpose=PREFERENCES, subject=f"profile:{pk}") for pk in readers.values()]
    tokens = make_links([*pickups, *pages]) if pickups or pages else []
    return Links(
        pickup=dict(zip(parts, map(link_url, tokens), strict=False)),
        choosing=dict(zip(readers, map(page_url, tokens[len(pickups) :]), strict=True)),
    )


def _locked(numbers: set[int]) -> dict[int, FulfillmentOrder]:
    rows = FulfillmentOrder.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("order").filter(pk__in=numbers).order_by("pk").in_bulk()


def pickup_link(part: FulfillmentOrder) -> NewLink:
    """A link to the pickup as it is now; the caller holds its row lock, and makes it."""
    subject = f"fulfillment:{part.pk}"
    undecided = part.status == FulfillmentStatus.REJECTED and part.order.status == OrderStatus.OPEN
    if part.status in LIVE or undecided:
        return NewLink(purpose=LINK_PURPOSE, subject=subject)
    ended = part.completed_at or clock.now()
    return NewLink(
        purpose=LINK_PURPOSE,
        subject=subject,
        read_only_at=ended,
        expires_at=ended + READABLE_AFTER_END,
    )
