"""Who texts: the orders and people behind a number, and in which language they are answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.db import connection

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.addresses import clean_phone
from hub.customers.consent import is_refused
from hub.customers.errors import InvalidPhone
from hub.customers.models import Channel, Contact, Profile
from hub.customers.preferences import choose_language, locale_for
from hub.stores.models import Brand
from notifications.inbound.threads import Speaker
from orders.curbside.hearing import choices_of_phone
from orders.curbside.visits import active_visit
from orders.models import FulfillmentOrder, FulfillmentStatus
from orders.states import LIVE

BY_SMS = "sms"
RECENTLY = timedelta(days=7)
_RELATED = ("order__contact", "order__profile", "store__brand")


@dataclass
class Sender:
    """The user of a phone, as far as the hub knows him. What is asked for is read once."""

    phone: str
    phone_hash: str
    provider: str = ""
    said_locale: str = field(default="")

    @cached_property
    def choices(self) -> list[FulfillmentOrder]:
        """What he may mean: a part for each customer of this phone and store."""
        return choices_of_phone(self.phone_hash)

    @cached_property
    def newest(self) -> FulfillmentOrder | None:
        """The part of the newest order that names this phone, whatever became of it."""
        rows = FulfillmentOrder.objects.filter(order__contact__phone_hash=self.phone_hash)
        return rows.select_related(*_RELATED).order_by("-pk").first()

    @cached_property
    def part(self) -> FulfillmentOrder | None:
        """What he is probably talking about: what he comes for, what is ready, what is newest."""
        return min(self.choices, key=_likely, default=None) or self.newest

    @property
    def is_known(self) -> bool:
        """Whether an order names this phone."""
        return self.part is not None

    @property
    def has_collected(self) -> bool:
        """Whether nothing waits for him because he has it already."""
        part = self.newest
        if part is None or part.status != FulfillmentStatus.COMPLETED or part.completed_at is None:
            return False
        return not self.choices and clock.now() - part.completed_at < RECENTLY

    @cached_property
    def contact(self) -> Contact | None:
        """Whom an answer is for, if an order tells."""
        return self.part.order.contact if self.part else None

    @cached_property
    def profile(self) -> Profile | None:
        """His profile, unless several people's orders name this phone."""
        profiles = {part.order.profile_id: part.order.profile for part in self.choices}
        if not profiles and self.newest:
            return self.newest.order.profile
        return next(iter(profiles.values())) if len(profiles) == 1 else None

    @property
    def locale(self) -> str:
        """The language to answer in: the one he has just used, else the one he is written to."""
        usual = self._usual_locale()
        if self.said_locale and usual.split("-")[0].split("_")[0].lower() != self.said_locale:
            return self.said_locale
        return usual or "en"

    @property
    def brand(self) -> str:
        """The name he knows us by."""
        if self.part:
            return self.part.store.brand.name
        first = Brand.objects.order_by("pk").first()
        return first.name if first else ""

    @property
    def is_test(self) -> bool:
        """Whether he is part of a trial."""
        return self.part.order.is_test if self.part else False

    def refuses_texts(self) -> bool:
        """Whether STOP is what this number last said."""
        return is_refused(self.phone_hash, Channel.SMS)

    def keep_language(self) -> None:
        """Let the language he has just used be the one he is written to, if it is news."""
        if self.profile and self.said_locale and self.locale == self.said_locale:
            choose_language(profile=self.profile, locale=self.said_locale, source=BY_SMS)

    def speaker(self, part: FulfillmentOrder) -> Speaker:
        """Himself, as he talks with the store of a part."""
        return Speaker(
            phone=self.phone,
            phone_hash=self.phone_hash,
            store=part.store,
            part=part,
            profile=self.profile,
            locale=self.locale,
            is_test=part.order.is_test,
        )

    def _usual_locale(self) -> str:
        part = self.part
        if part is None:
            return ""
        profile = self.profile or part.order.profile
        return locale_for(profile, said=part.order.locale, usual=part.store.locale)


def sender_of(number: str, *, provider: str) -> Sender | None:
    """Who texts from the number, held against other texts of his until the transaction ends.

    None when it is none that can be answered: a short code, a name, a number of no country.
    """
    try:
        phone = clean_phone(number)
    except InvalidPhone:
        return None
    if not phone:
        return None
    phone_hash = lookup_hash("phone", phone)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 6))", [phone_hash])
    return Sender(phone=phone, phone_hash=phone_hash, provider=provider)


def _likely(part: FulfillmentOrder) -> tuple[bool, bool, bool, int]:
    """Sorts first what somebody who texts now is likely to speak of."""
    awaited = active_visit(part) is not None
    ready = part.status == FulfillmentStatus.READY
    return not awaited, not ready, part.status not in LIVE, -part.pk
