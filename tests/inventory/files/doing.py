"""Bringing files and looking at what became of them."""

from datetime import datetime, timedelta

from inventory.models import RefusedLine, StockLevel
from inventory.services import files

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
MORNING = NOON - timedelta(hours=3)
DELTAS = (
    "id,store,sku,kind,quantity,occurred_at,reason,reference,state\n"
    "e1,S1,MUG,sale,2,2026-03-02T11:00:00Z,,R-1,\n"
    "e2,S1,MUG,adjustment,-1,2026-03-02T11:30:00+00:00,theft,,\n"
    "e3,S1,TEA,return,1,2026-03-02 12:00:00,,,damaged\n"
)


def receive(content, **values):
    content = content.encode() if isinstance(content, str) else content
    values = {"name": "stock.csv", "source": "erp", "as_of": NOON} | values
    return files.receive_file(content=[content], **values)


def run(content, **values):
    """The file as it is after its run."""
    file, _ = receive(content, **values)
    return files.run_file(file=file)


def on_hand():
    rows = StockLevel.objects.values_list("store__code", "item__sku", "on_hand")
    return {(store, sku): units for store, sku, units in rows}


def refused(file):
    rows = RefusedLine.objects.filter(file=file).order_by("line")
    return list(rows.values_list("line", "code"))
