"""What simulated telephones, and the network that they hang on, do with texts.

They stand for other people's systems: they see only what came over HTTP. A phone's mood makes it
slow, dead, forgetful, double or out of order, as real ones are.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from hub import clock
from hub.api.errors import BadRequest
from hub.api.parsing import load_object
from hub.connectors.registry import HARMLESS_SMS
from hub.errors import HubError
from hub.events.catalog import SimulatedTextReceived
from hub.events.outbox import publish
from hub.ids import new_id
from hub.simulators.models import SimulatedPhone, SimulatedText

TEXT_CHARACTERS = 2_000
WRITTEN_CHARACTERS = 8_000
REFERENCE_CHARACTERS = 60
PROVIDER_CHARACTERS = 30
SLOW = timedelta(seconds=45)
OVERTAKEN = timedelta(seconds=15)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_ODD = re.compile("[\\x00\\ud800-\\udfff]")

Mood = SimulatedPhone.Mood


class OddText(BadRequest):
    code = "odd_text"
    title = "The simulated phone takes to (E.164), body and reference"


class NetworkDown(HubError):
    code = "network_down"
    status = 503
    title = "The simulated telephone network is out of order"


def take_text(*, body: bytes) -> tuple[SimulatedText, bool]:
    """Put a text on a phone, once per reference; answer whether it is new. The receipt follows.

    ``body`` is JSON: {"to", "body", "reference"}; raises OddText, and NetworkDown.
    """
    value = load_object(body)
    if mood_of(SimulatedPhone.NETWORK) == Mood.DEAD:
        raise NetworkDown
    phone, text, reference = _read(value)
    mood = mood_of(phone)
    with transaction.atomic():
        row, is_new = SimulatedText.objects.get_or_create(
            reference=reference,
            defaults={
                "phone": phone,
                "body": text,
                "provider": _short(value.get("provider")) or HARMLESS_SMS[0],
                "shown_at": _shown_at(phone, mood),
                "copies": 2 if mood == Mood.DUPLICATES else 1,
            },
        )
        if is_new:
            publish(SimulatedTextReceived(text_id=row.pk))
    return row, is_new


def has_text(reference: str) -> bool:
    """Whether the network knows a text by that reference, wherever it is by now."""
    rows = SimulatedText.objects.filter(by_customer=False, reference=_known(reference))
    return rows.exists()


def take_back(reference: str) -> bool:
    """Drop a text that is still on its way; False when it is on its phone, or unknown."""
    rows = SimulatedText.objects.filter(
        by_customer=False, reference=_known(reference), shown_at__gt=clock.now()
    )
    return bool(rows.update(shown_at=None))


@transaction.atomic
def write_text(*, phone: str, text: str) -> SimulatedText:
    """The customer writes to the store; the network tells the hub of it. Raises OddText."""
    words = _ODD.sub("", text).strip()
    if not _PHONE.match(phone) or not 0 < len(words) <= WRITTEN_CHARACTERS:
        raise OddText("a text has words, and a phone's number is like +48600700800")
    latest = SimulatedText.objects.filter(phone=phone, by_customer=False).first()
    row = SimulatedText.objects.create(
        phone=phone,
        body=words,
        reference=new_id("sim"),
        provider=latest.provider if latest else HARMLESS_SMS[0],
        by_customer=True,
        shown_at=clock.now(),
    )
    publish(SimulatedTextReceived(text_id=row.pk))
    return row


def set_mood(*, phone: str, mood: str) -> None:
    """From now on the phone (or the whole network) behaves so; raises OddText."""
    if mood not in Mood.values or not (phone == SimulatedPhone.NETWORK or _PHONE.match(phone)):
        raise OddText("there is no such mood")
    SimulatedPhone.objects.update_or_create(phone=phone, defaults={"mood": mood})


def mood_of(phone: str) -> str:
    """How a phone behaves; the network's own mood under its name."""
    found = SimulatedPhone.objects.filter(phone=phone).first()
    return found.mood if found else Mood.USUAL


def _read(value: dict[str, Any]) -> tuple[str, str, str]:
    phone, text, reference = (value.get(name) for name in ("to", "body", "reference"))
    if not isinstance(phone, str) or not _PHONE.match(phone):
        raise OddText("to must be a telephone number such as +48600700800")
    if not isinstance(text, str) or not 0 < len(text) <= TEXT_CHARACTERS:
        raise OddText("body must be a text")
    if not isinstance(reference, str) or not 0 < len(reference) <= REFERENCE_CHARACTERS:
        raise OddText("reference must be a short text")
    return phone, text, reference


def _shown_at(phone: str, mood: str) -> datetime | None:
    """When the text comes up on the phone; None for never."""
    now = clock.now()
    if mood == Mood.DEAD:
        return None
    if mood == Mood.SLOW:
        return now + SLOW
    waiting = SimulatedText.objects.filter(phone=phone, shown_at__gt=now).exists()
    return now + OVERTAKEN if mood == Mood.REORDERS and not waiting else now


def _short(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= PROVIDER_CHARACTERS else ""


def _known(reference: str) -> str:
    return reference.replace("\x00", "")[:REFERENCE_CHARACTERS]
