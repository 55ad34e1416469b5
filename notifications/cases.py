"""What messages speak of, read anew for any number of them in a constant number of queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects

from hub.customers.models import Contact, Profile
from hub.stores.models import Store
from notifications.happened import note_rests
from notifications.models import Message
from orders.models import FulfillmentOrder, Order

FULFILLMENT, ORDER = "fulfillment", "order"

_LOADED = (
    "order__contact",
    "order__profile",
    "order__channel",
    "store__brand",
    "pickup_code",
    "replaces",
)
_PREFETCHED = ("rounds", "move_offers", "order__fulfillments")
# What it takes to see whether a message is still true: nobody's sealed name or address.
_LIGHT = ("order", "replaces")


@dataclass(frozen=True, kw_only=True)
class Case:
    """The pickup, order and people of a subject as they are now.

    A subject that is no pickup (an answer to a text, a thread) has none of the first two; its
    profile and contact are then those of the message, and are None for somebody unknown.
    """

    subject: str
    fulfillment: FulfillmentOrder | None = None
    order: Order | None = None
    profile: Profile | None = None
    contact: Contact | None = None
    store: Store | None = None


def cases_about(subjects: Collection[str]) -> dict[str, Case]:
    """The case of each subject, such as ``fulfillment:17``; empty where there is no such pickup."""
    parts = _parts_of(subjects)
    _prefetch(parts)
    return {subject: _case(subject, parts.get(subject)) for subject in subjects}


def case_of(subject: str) -> Case:
    """The case of one subject."""
    return cases_about([subject])[subject]


def pickup_of(case: Case) -> tuple[FulfillmentOrder, Order]:
    """The pickup and the order of a case that has them."""
    if case.fulfillment is None or case.order is None:
        raise LookupError(case.subject)
    return case.fulfillment, case.order


def parts_of(messages: Sequence[Message]) -> dict[int, FulfillmentOrder | None]:
    """The pickup of each message by its primary key, with what it takes to see whether the
    message is still true."""
    parts = _parts_of({message.subject for message in messages}, loaded=_LIGHT)
    _prefetch(parts)
    return {message.pk: parts.get(message.subject) for message in messages}


def cases_of(messages: Sequence[Message]) -> dict[int, Case]:
    """The case of each message by its primary key; who is told is whom the message names.

    The messages' profiles and contacts are loaded with it.
    """
    parts = _parts_of({message.subject for message in messages})
    _prefetch(parts)
    _people(messages, parts)
    return {message.pk: _told(message, parts.get(message.subject)) for message in messages}


def _told(message: Message, part: FulfillmentOrder | None) -> Case:
    case = _case(message.subject, part)
    return Case(
        subject=case.subject,
        fulfillment=case.fulfillment,
        order=case.order,
        profile=message.profile or case.profile,
        contact=message.contact or case.contact,
        store=case.store,
    )


def _case(subject: str, part: FulfillmentOrder | None) -> Case:
    if part is None:
        return Case(subject=subject)
    return Case(
        subject=subject,
        fulfillment=part,
        order=part.order,
        profile=part.order.profile,
        contact=part.order.contact,
        store=part.store,
    )


def _people(messages: Sequence[Message], parts: Mapping[str, FulfillmentOrder]) -> None:
    """Load the messages' contacts and profiles: most are those of their orders."""
    others = []
    for message in messages:
        part = parts.get(message.subject)
        same = part and part.order.contact_id == message.contact_id
        if part and same and part.order.profile_id == message.profile_id:
            message.contact, message.profile = part.order.contact, part.order.profile
        else:
            others.append(message)
    prefetch_related_objects(others, "contact", "profile")


def _prefetch(parts: Mapping[str, FulfillmentOrder]) -> None:
    """What the truth of many messages depends on, so that none of them asks for itself."""
    prefetch_related_objects(list(parts.values()), *_PREFETCHED)
    note_rests(parts.values())


def _parts_of(
    subjects: Iterable[str], *, loaded: Sequence[str] = _LOADED
) -> dict[str, FulfillmentOrder]:
    """The pickup of each subject; of an order, its newest one."""
    numbers: dict[str, list[int]] = {FULFILLMENT: [], ORDER: []}
    for subject in subjects:
        kind, _, number = subject.partition(":")
        if kind in numbers and number.isdecimal():
            numbers[kind].append(int(number))
    found: dict[str, FulfillmentOrder] = {}
    if numbers[FULFILLMENT]:
        rows = FulfillmentOrder.objects.filter(pk__in=numbers[FULFILLMENT])
        found |= {f"{FULFILLMENT}:{part.pk}": part for part in rows.select_related(*loaded)}
    if numbers[ORDER]:
        rows = FulfillmentOrder.objects.filter(order_id__in=numbers[ORDER])
        newest = rows.select_related(*loaded).order_by("order_id", "-pk").distinct("order_id")
        found |= {f"{ORDER}:{part.order_id}": part for part in newest}
    return found
