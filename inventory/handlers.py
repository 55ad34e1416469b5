"""What the stock core does about facts, and which of its rows outlive their use."""

from __future__ import annotations

from hub.events import retention
from hub.events.catalog import StockThresholdCrossed
from hub.events.models import Fact
from hub.events.registry import handles
from hub.stores.models import SalesChannel, Store
from hub.webhooks.services import announce
from inventory.models import Item
from inventory.purging import purge_refused_lines
from inventory.services.availability import available
from inventory.services.incoming import sweep_overdue

retention.register("overdue_incoming_units", sweep_overdue)
retention.register("refused_lines", purge_refused_lines)


def _key(fact: StockThresholdCrossed) -> str:
    """What is told of an item in a store reaches the site in its order."""
    return f"signal:{fact.channel_id}:{fact.store_id}:{fact.item_id}"


@handles(StockThresholdCrossed, key=_key, envelope=True)
def announce_crossing(fact: StockThresholdCrossed, envelope: Fact) -> None:
    """Tell the site that an item in a store runs low, sold out or is back.

    ``available`` is the number when the event is made; later changes come as later events.
    """
    channel = SalesChannel.objects.get(pk=fact.channel_id)
    store, item = Store.objects.get(pk=fact.store_id), Item.objects.get(pk=fact.item_id)
    found = available(channel=channel, store_ids=[store.pk], item_ids=[item.pk])
    announce(
        channel_id=channel.pk,
        event_id=envelope.public_id,
        type=f"availability.{fact.state}",
        occurred_at=envelope.occurred_at,
        data={"store": store.code, "sku": item.sku, "available": found[store.pk, item.pk].atp},
    )
