"""Trying a layout with a file of a POS: how it would be understood. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.connectors.pos.layout import layout_of
from hub.connectors.pos.texts import read_answers, read_receipts
from hub.errors import ConnectorError

ANSWERS, RECEIPTS = "answers", "receipts"
SHOWN = 20
_WORDS = {
    "pick_list.acknowledged": "has the pick list",
    "pick_list.refused": "refuses the pick list",
    "receipt.recorded": "receipt",
}


@dataclass(frozen=True)
class Understood:
    """One thing that a file says: in words, about what, and with what else."""

    words: str
    about: str
    rest: str


@dataclass(frozen=True)
class Trial:
    """What the hub would make of a file: how many things, the first twenty; or why it cannot."""

    count: int = 0
    rows: list[Understood] = field(default_factory=list)
    problem: str = ""


def try_layout(*, layout: Mapping[str, Any], kind: str, content: bytes) -> Trial:
    """Read a file of ``answers`` or ``receipts`` as the layout says; keeps nothing."""
    read = read_receipts if kind == RECEIPTS else read_answers
    try:
        found = read(content, layout=layout_of(layout))
    except (ConnectorError, ValueError) as error:
        return Trial(problem=str(error))
    return Trial(len(found), [_understood(one.type, one.data) for one in found[:SHOWN]])


def _understood(kind: str, data: Mapping[str, Any]) -> Understood:
    about = str(data.get("receipt") or data.get("fulfillment_id"))
    lines = data.get("lines") or []
    parts = [
        str(data["reason"]) if "reason" in data else "",
        f"its reference is {data['pos_reference']}" if "pos_reference" in data else "",
        f"for {data['fulfillment_id']}" if lines and "fulfillment_id" in data else "",
        ", ".join(f"{line['quantity']} × {line['sku']}" for line in lines[:SHOWN]),
    ]
    return Understood(_WORDS[kind], about, "; ".join(part for part in parts if part))
