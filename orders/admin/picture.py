"""Decisions and trials as numbers and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from orders.admin.routing_forms import SORTERS
from orders.routing.rules import Result

MOST_SHOWN = 20
_RESULTS: dict[str, Any] = {  # what is kept is the code, which reads as English
    Result.CHOSEN: _("chosen"),
    Result.LEFT_OUT: _("rejected this order before"),
    Result.OTHER_GROUP: _("not in the group"),
    Result.TOO_FAR: _("too far"),
    Result.PAUSED: _("takes no new orders"),
    Result.SHORT: _("not enough stock"),
    Result.REJECTS: _("rejects too often"),
    Result.FULL: _("no capacity left"),
    Result.REJECTED_ITEM: _("rejected these goods lately"),
    Result.NEVER_OPEN: _("never open"),
    Result.TOO_LATE: _("not ready in time"),
    Result.GONE: _("sold out meanwhile"),
    Result.UNSEEN: _("not looked at"),
}
_ASKED = {
    "near": _("a store near a point"),
    "store": _("this store"),
    "hold": _("the store of a hold"),
    "customer": _("this store, by the customer"),
}
_SIDES = {
    "routed": _("Orders with a store"),
    "refused": _("Refused"),
    "split": _("Split over stores"),
    "stores": _("Stores with work"),
    "mean_metres": _("Mean distance, m"),
}


def decision_told(told: Any) -> dict[str, Any]:
    """What the page of a decision shows: counts per rule as bars, and the candidates in a table."""
    told = told if isinstance(told, dict) else {}
    sorters = [SORTERS.get(code, str(code)) for code in told.get("sorters") or []]
    candidates = [_candidate(one) for one in (told.get("candidates") or [])[:MOST_SHOWN]]
    furthest = max((one["metres"] or 0 for one in candidates), default=0)
    for one in candidates:
        one["width"] = _percent(one["metres"] or 0, furthest)
    counted = told.get("by_rule") or [{"rule": "", "counts": told.get("counts") or {}}]
    return {
        "told": told,
        "rules": told.get("rules"),
        "chosen_by": told.get("chosen_by"),
        "sorters": sorters,
        "candidates": candidates,
        "by_rule": [_rule(one) for one in counted],
    }


def trial_told(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the page of a trial shows; None before there is anything."""
    if not result:
        return None
    now, draft = result["now"], result["draft"]
    figures = [(words, now[key], draft[key]) for key, words in _SIDES.items()]
    most = max((max(load["now"], load["draft"]) for load in result["loads"]), default=0)
    loads = [
        load | {"now_width": _percent(load["now"], most), "width": _percent(load["draft"], most)}
        for load in result["loads"]
    ]
    reasons = sorted({*now["reasons"], *draft["reasons"]})
    return {
        "orders": result["orders"],
        "moved": result["moved"],
        "figures": [(words, _shown(one), _shown(other)) for words, one, other in figures],
        "loads": loads,
        "reasons": [
            (result_words(reason), now["reasons"].get(reason, 0), draft["reasons"].get(reason, 0))
            for reason in reasons
        ],
        "examples": result["examples"],
    }


def asked_words(told: Mapping[str, Any]) -> str:
    """What the order asked for, in words; else who chose the store."""
    code = str(told.get("asked", ""))
    return str(_ASKED.get(code, code))


def result_words(code: str) -> str:
    """What became of a store that was thought of; of a version that is gone as it was kept."""
    return str(_RESULTS.get(code, code))


def _candidate(one: Mapping[str, Any]) -> dict[str, Any]:
    result = str(one.get("result", ""))
    values: Sequence[Any] = one.get("values") or []
    return {
        "store": one.get("store"),
        "metres": one.get("metres"),
        "rank": one.get("rank"),
        # what is better is kept as less: people see the number itself
        "values": [f"{abs(value):g}" for value in values],
        "result": result_words(result),
        "tone": "success" if result == Result.CHOSEN else "",
    }


def _rule(one: Mapping[str, Any]) -> dict[str, Any]:
    counts: Mapping[str, int] = one.get("counts") or {}
    total = sum(counts.values())
    bars = [
        {
            "words": result_words(code),
            "good": code == Result.CHOSEN,
            "count": count,
            "width": _percent(count, total),
        }
        for code, count in sorted(counts.items(), key=lambda item: -item[1])
    ]
    return {"rule": one.get("rule"), "group": one.get("group"), "total": total, "bars": bars}


def _percent(part: float, whole: float) -> int:
    return max(2, round(100 * part / whole)) if part and whole else 0


def _shown(value: Any) -> Any:
    return "–" if value is None else value
