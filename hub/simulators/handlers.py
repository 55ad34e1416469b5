"""What the simulated vendors tell the hub afterwards, over HTTP and signed, as real ones would."""

from __future__ import annotations

from hub.events.catalog import SimulatedPickListReceived, SimulatedTextReceived
from hub.events.registry import handles
from hub.providers.services.accounts import shared_secret
from hub.simulators.models import SimulatedPickList, SimulatedText
from hub.simulators.services import till_reference
from hub.simulators.telling import tell
from hub.stores.models import PosConnection

PROVIDER = "handset"
UNREACHABLE = "0000"  # a number that ends so is switched off


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
    """The phone network says what became of the text; a repeat carries the same webhook-id."""
    text = SimulatedText.objects.get(pk=fact.text_id)
    kind = "message.failed" if text.phone.endswith(UNREACHABLE) else "message.delivered"
    data = {"reference": text.reference, "provider_reference": text.reference}
    tell(
        f"/hooks/sms/{PROVIDER}",
        secret=shared_secret(PROVIDER),
        message_id=f"receipt.{text.reference}",
        value={"type": kind, "data": data},
    )
