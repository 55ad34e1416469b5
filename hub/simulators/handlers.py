"""What the simulated vendors tell the hub afterwards, over HTTP and signed, as real ones would."""

from __future__ import annotations

from hub import clock
from hub.events.catalog import SimulatedPickListReceived, SimulatedTextReceived
from hub.events.leases import NotNow
from hub.events.registry import handles
from hub.providers.services import account_named
from hub.simulators.models import SimulatedPhone, SimulatedPickList, SimulatedText
from hub.simulators.phones import mood_of
from hub.simulators.services import till_reference
from hub.simulators.telling import tell
from hub.stores.models import PosConnection

STORES_NUMBER = "+48221234567"
UNREACHABLE = "0000"  # a number that ends so is switched off

Mood = SimulatedPhone.Mood


@handles(SimulatedPickListReceived, lane="sim:pos")
def acknowledge(fact: SimulatedPickListReceived) -> None:
    """The till says that it has the pick list; a repeat carries the same webhook-id."""
    ticket = SimulatedPickList.objects.get(pk=fact.pick_list_id)
    connection = PosConnection.objects.get(public_id=ticket.connection)
    data = {"fulfillment_id": ticket.reference, "pos_reference": till_reference(ticket)}
    tell(
        f"/hooks/pos/{ticket.connection}",
        secret=connection.secret,
        message_id=f"ack.{ticket.reference}",
        value={"type": "pick_list.acknowledged", "data": data},
    )


@handles(SimulatedTextReceived, lane="sim:handset")
def send_receipt(fact: SimulatedTextReceived) -> None:
    """The network says what became of a text, or hands on what the customer wrote.

    A repeat carries the same webhook-id, except from a phone that does everything twice.
    """
    text = SimulatedText.objects.get(pk=fact.text_id)
    mood = mood_of(text.phone)
    if text.by_customer:
        _hand_on(text, twice=mood == Mood.DUPLICATES)
        return
    if text.shown_at is None or mood == Mood.LOSES_RECEIPTS:
        return
    wait = (text.shown_at - clock.now()).total_seconds()
    if wait > 0:
        raise NotNow("the text is on its way", seconds=wait)
    for number, kind in enumerate(_receipts(text.phone, mood)):
        _tell(text, kind, message_id=f"receipt.{text.reference}" + (f".{number}" if number else ""))


def _receipts(phone: str, mood: str) -> list[str]:
    """The kinds of receipts in the order in which they come."""
    last = "message.failed" if phone.endswith(UNREACHABLE) else "message.delivered"
    if mood == Mood.DUPLICATES:
        return [last, last]
    if mood == Mood.REORDERS:
        return [last, "message.sent", "message.accepted"]
    return [last]


def _hand_on(text: SimulatedText, *, twice: bool) -> None:
    for _ in range(2 if twice else 1):  # the same webhook-id: the hub shall see one text
        data = {"from": text.phone, "to": STORES_NUMBER, "text": text.body, "id": text.reference}
        _post(text, f"text.{text.reference}", "message.received", data)


def _tell(text: SimulatedText, kind: str, *, message_id: str) -> None:
    data = {"reference": text.reference, "provider_reference": text.reference}
    _post(text, message_id, kind, data)


def _post(text: SimulatedText, message_id: str, kind: str, data: dict[str, str]) -> None:
    account = account_named(text.provider, channel="sms")
    if account is None:  # its row is gone: nobody to be told any more
        return
    tell(
        f"/hooks/sms/{account.name}",
        secret=account.callback_secrets[0],
        message_id=message_id,
        value={"type": kind, "data": data},
    )
