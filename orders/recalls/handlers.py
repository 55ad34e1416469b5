"""What orders do when goods are called back."""

from __future__ import annotations

from hub.events.catalog import ItemRecalled
from hub.events.registry import handles
from inventory.models import Recall
from orders.recalls.services import collect_parts, settle_batch


@handles(ItemRecalled)
def stop_orders(fact: ItemRecalled) -> None:
    """Find the orders with the goods and see to the first of them; the schedule does the rest."""
    collect_parts(recall=Recall.objects.get(pk=fact.recall_id))
    settle_batch()
