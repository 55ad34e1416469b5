"""What the customer can tell the store about coming: which forms are open, what they offer."""

from __future__ import annotations

from typing import Any

from hub.customers.services.vehicles import vehicle_of
from orders.curbside.spots import spots_of, suggested_spot
from orders.curbside.vehicles import FIELD_CHARACTERS
from orders.curbside.visits import EXPECTED, PLACE_CHARACTERS
from orders.models import FulfillmentOrder, Placement, Sign, Visit, VisitStatus
from orders.states import BEFORE_READY, LIVE

MINUTES = [5, 10, 15, 20, 30, 45]
USUAL_MINUTES = 15
CAR_FIELDS = ["colour", "make", "model", "plate"]


def forms_of(
    fulfillment: FulfillmentOrder,
    visit: Visit | None,
    *,
    acts: bool,
    sign: Sign | None,
    words: dict[str, str],
) -> dict[str, Any]:
    """``way``, ``here`` and ``leave`` say what is open; the rest is what those forms offer."""
    acts = acts and fulfillment.status in LIVE
    coming = visit is not None and visit.status in EXPECTED
    standing = visit is not None and visit.status == VisitStatus.ARRIVED
    here = acts and (coming or visit is None or standing)
    forms: dict[str, Any] = {
        "way": acts and (coming or visit is None),
        "way_again": coming,
        "here": here,
        "here_again": standing and not _asked_where(visit),
        "here_first": visit is not None or sign is not None,
        "here_folded": visit is None and sign is None and fulfillment.status in BEFORE_READY,
        "leave": here and visit is not None,
    }
    if forms["way"]:
        forms["minutes"] = [_minutes(minutes, words) for minutes in MINUTES]
    return forms | (_arrival(fulfillment, visit, sign, words) if here else {})


def _asked_where(visit: Visit | None) -> bool:
    return visit is not None and bool(visit.missing_at or visit.spot_asked_at)


def _minutes(minutes: int, words: dict[str, str]) -> dict[str, Any]:
    label = words["minutes"].format(count=minutes)
    return {"value": minutes, "label": label, "usual": minutes == USUAL_MINUTES}


def _arrival(
    fulfillment: FulfillmentOrder, visit: Visit | None, sign: Sign | None, words: dict[str, str]
) -> dict[str, Any]:
    said = visit.spot.label if visit and visit.spot else ""
    profile = fulfillment.order.profile
    known = (vehicle_of(profile) or {}) if hasattr(profile, "vehicle") else {}
    own = sign.spot.label if sign and sign.spot else said
    return {
        "sign": sign.code if sign else "",
        "sign_says": words["here_sign"].format(label=own) if sign and sign.spot else "",
        "spots": _spots(fulfillment, visit, own),
        "place_characters": PLACE_CHARACTERS,
        "car": _car(known, words),
        "plate_known": "plate" in known,
        "placements": _placements(visit, words),
        "needs_accessible": visit is not None and visit.needs_accessible,
        "needs_oversize": visit is not None and visit.needs_oversize,
    }


def _spots(fulfillment: FulfillmentOrder, visit: Visit | None, own: str) -> list[dict[str, Any]]:
    mine = visit.spot_id if visit else None
    spots = spots_of(fulfillment.store)
    suggested = _suggested(fulfillment, visit) if spots and not own else ""
    return [
        {
            "label": spot.label,
            "accessible": spot.accessible,
            "oversize": spot.oversize,
            "taken": taken and spot.pk != mine,
            "own": spot.label == own,
            "suggested": spot.label == suggested,
        }
        for spot, taken in spots
    ]


def _suggested(fulfillment: FulfillmentOrder, visit: Visit | None) -> str:
    """The label of the free spot that fits best; empty when none is free."""
    spot = suggested_spot(
        fulfillment.store,
        accessible=visit is not None and visit.needs_accessible,
        oversize=visit is not None and visit.needs_oversize,
    )
    return spot.label if spot else ""


def _car(known: dict[str, str], words: dict[str, str]) -> list[dict[str, Any]]:
    """The fields of the car; filled with the remembered one, but for its plate."""
    return [
        {
            "name": name,
            "label": words[f"here_{name}"],
            "value": known.get(name, "") if name != "plate" else "",
            "characters": FIELD_CHARACTERS[name],
        }
        for name in CAR_FIELDS
    ]


def _placements(visit: Visit | None, words: dict[str, str]) -> list[dict[str, Any]]:
    chosen = visit.placement if visit else ""
    return [
        {"value": value, "label": words[f"bags_{value or 'any'}"], "chosen": value == chosen}
        for value in ["", *Placement.values]
    ]
