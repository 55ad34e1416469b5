"""Moving a store from stage to stage: setup, shadow, live, paused."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from hub.errors import NotFound
from hub.events.catalog import StoreStageChanged
from hub.events.outbox import publish
from hub.history import because, remember
from hub.integration.checking import Result, missing_for, readiness_of, snapshot
from hub.integration.errors import NotReady, StageNeedsReason, StageRefused
from hub.integration.models import StageChange, Wave
from hub.stores.models import Stage, Store

# A store that was live once is never hidden again: sites would keep what they were told of it.
MOVES: dict[str, set[str]] = {
    Stage.SETUP: {Stage.SHADOW, Stage.LIVE},
    Stage.SHADOW: {Stage.SETUP, Stage.LIVE},
    Stage.LIVE: {Stage.PAUSED},
    Stage.PAUSED: {Stage.LIVE},
}
REASON_CHARACTERS = 200


@transaction.atomic
def move_stage(
    *,
    store: Store,
    to: str,
    by: str,
    reason: str = "",
    override: bool = False,
    wave: Wave | None = None,
    readiness: Sequence[Result] | None = None,
) -> StageChange | None:
    """Bring a store to a stage; None when it is there already. ``store`` shows the fresh row.

    A live store offers pickup, any other does not. Who, why and how ready it was is kept, and
    told as a fact. ``readiness`` is what was found just now, if it is known. Raises StageRefused,
    NotReady (unless ``override``), StageNeedsReason and NotFound.
    """
    reason = reason.replace("\x00", "").strip()[:REASON_CHARACTERS]
    before = _stage_of(store)
    if before == to:
        store.refresh_from_db()
        return None
    if to not in MOVES[before]:
        raise StageRefused(f"store {store.code} is {before} and cannot be {to}", stage=before)
    found = readiness_of([store])[store.pk] if readiness is None else readiness
    overridden = _judge(store, found, to, reason, override=override)
    _write(store, before, to, reason)
    change = StageChange.objects.create(
        store=store,
        before=before,
        after=to,
        by=by,
        reason=reason,
        readiness=snapshot(found, to),
        overridden=overridden,
        wave=wave,
    )
    publish(StoreStageChanged(store_id=store.pk, change_id=change.pk))
    return change


def moves_from(stage: str) -> list[str]:
    """Where a store in that stage can go, in the order of the stages."""
    return [target for target in Stage.values if target in MOVES[stage]]


def _stage_of(store: Store) -> str:
    stage = Store.objects.filter(pk=store.pk, active=True).values_list("stage", flat=True).first()
    if stage is None:
        raise NotFound("no such store")
    return stage


def _judge(
    store: Store, found: Sequence[Result], to: str, reason: str, *, override: bool
) -> list[str]:
    """The codes of musts that are let pass; raises what stands in the way."""
    missing = [result.check.code for result in missing_for(found, to)]
    if missing and not override:
        said = ", ".join(missing)
        raise NotReady(f"store {store.code} is not ready: {said}", missing=missing)
    if not reason and (missing or to == Stage.PAUSED):
        raise StageNeedsReason("say why")
    return missing


def _write(store: Store, before: str, to: str, reason: str) -> None:
    """The guarded move: of two at once one finds that the store has left."""
    rows = Store.objects.filter(pk=store.pk, stage=before, active=True)
    if not rows.update(stage=to, pickup_enabled=to == Stage.LIVE):
        raise StageRefused(f"store {store.code} has just been moved by somebody else")
    store.refresh_from_db()
    with because(reason):
        remember([store])
