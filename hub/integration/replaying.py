"""Sending again what was given up: as it was, or with another payload that a person has edited.

What happened is never changed: the edited payload stands beside it, with who made it and why.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from hub.errors import Conflict, HubError, Invalid
from hub.events import registry
from hub.events.leases import State
from hub.events.models import Delivery
from hub.events.outbox import wake_on_commit
from hub.integration.models import EditedReplay
from hub.integration.redacting import has_private

MOST_CHARACTERS = 20_000
WHY_CHARACTERS = 200
DEEPEST = 20


class NotParked(Conflict):
    """Somebody has sent it again, or it has gone meanwhile."""

    code = "not_parked"
    title = "It is not parked any more"


class WrongPayload(Invalid):
    """The edited payload is not one that could have been sent."""

    code = "wrong_payload"
    title = "The edited payload cannot be sent"


def payload_of(row: Any) -> dict[str, Any]:
    """What the row sends: its edited payload, else the original."""
    return dict(row.edited if row.edited is not None else original_of(row))


def original_of(row: Any) -> dict[str, Any]:
    """What the row was made to send."""
    found: dict[str, Any] = row.fact.data if isinstance(row, Delivery) else row.event.data
    return found


def may_edit(row: Any) -> bool:
    """Whether the payload can be shown whole: what has to be hidden cannot be edited."""
    return hasattr(row, "edited") and not has_private(payload_of(row))


@transaction.atomic
def replay_edited(*, row: Any, text: str, by: str, why: str) -> EditedReplay:
    """A parked row is due again with the payload that ``text`` (JSON) says.

    The original stays where it is; who, why and both payloads are kept. Raises WrongPayload for
    what is not of the original's shape or would go elsewhere, NotParked, and Invalid without a
    reason.
    """
    why = why.replace("\x00", "").strip()[:WHY_CHARACTERS]
    if not why:
        raise Invalid("say why the payload is edited")
    before: dict[str, Any] = payload_of(row)
    edited = _read(text)
    _check_shape(before, edited)
    if isinstance(row, Delivery):
        _check_fact(row, edited)
    rows = type(row)._default_manager.filter(pk=row.pk, state=State.PARKED)
    values = {"state": State.PENDING, "attempts": 0, "due_at": Now(), "lease": None}
    if not rows.update(edited=edited, finished_at=None, **values):
        raise NotParked
    wake_on_commit()
    table, lane = row._meta.db_table, row.lane
    kept = {"before": before, "after": edited, "by": by, "why": why}
    return EditedReplay.objects.create(table=table, row=row.pk, lane=lane, **kept)


def _read(text: str) -> dict[str, Any]:
    if len(text) > MOST_CHARACTERS or "\x00" in text or "\\u0000" in text:
        raise WrongPayload(f"at most {MOST_CHARACTERS} characters of JSON")
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise WrongPayload("this is not JSON") from None
    if not isinstance(value, dict) or _depth(value) > DEEPEST:
        raise WrongPayload("the payload is an object, in braces")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _depth(value: Any) -> int:
    children = value.values() if isinstance(value, Mapping) else value
    nested = [_depth(one) for one in children if isinstance(one, dict | list)]
    return 1 + max(nested, default=0)


def _check_shape(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """The same members, each of the kind it had."""
    odd = sorted(before.keys() ^ after.keys())
    if odd:
        raise WrongPayload(f"members cannot come or go: {', '.join(odd)}", members=odd)
    other = sorted(name for name in before if not _is_like(before[name], after[name]))
    if other:
        raise WrongPayload(f"of another kind than before: {', '.join(other)}", members=other)


def _is_like(before: Any, after: Any) -> bool:
    return before is None or after is None or type(before) is type(after)


def _check_fact(row: Delivery, edited: dict[str, Any]) -> None:
    """It must still be that fact, and wait where it waits: who may see it hangs on its lane."""
    try:
        fact = registry.decode(name=row.fact.name, v=row.fact.v, data=edited)
        handler = registry.handler_named(row.handler)
        stays = (handler.lane(fact), handler.key(fact)) == (row.lane, row.ordering_key)
    except (registry.UnknownFact, HubError, TypeError, LookupError, AttributeError) as error:
        raise WrongPayload("the handler does not understand it") from error
    needed = {field.name for field in dataclasses.fields(fact)}
    if any(edited.get(name) is None for name in needed if row.fact.data.get(name) is not None):
        raise WrongPayload("a member of the fact would be empty")
    if not stays:
        raise WrongPayload("it would go to another lane, or overtake others in this one")
