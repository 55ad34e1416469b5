"""Waves: many stores brought to a stage together, each by itself, with what became of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django_q.tasks import async_task

from hub.errors import HubError, Invalid
from hub.integration.checking import Result, readiness_of
from hub.integration.models import Wave, WaveStore
from hub.integration.stages import REASON_CHARACTERS, move_stage
from hub.stores.models import Stage, Store

AT_ONCE = 25  # more are moved in the background
MOST = 2_000
CHUNK = 25
TOKEN_CHARACTERS = 64
# longer than a chunk can take: then whoever was at it has died
DEAD_AFTER = timedelta(minutes=5)
DEAD = Q(state=Wave.State.RUNNING, begun_at__lt=Now() - DEAD_AFTER)
TASK = "hub.integration.tasks.run_wave"


def start_wave(
    *,
    stores: Collection[Store],
    target: str,
    by: str,
    token: str,
    reason: str = "",
    overrides: bool = False,
) -> Wave:
    """Have these stores brought to a stage; a few are there when this returns, of many the wave
    tells how far it is. The same token again returns the first wave and moves nothing.

    Raises Invalid for no or too many stores, a stage that there is not or no token.
    """
    if not 1 <= len(stores) <= MOST:
        raise Invalid(f"choose 1 to {MOST} stores")
    if target not in Stage.values or not 1 <= len(token) <= TOKEN_CHARACTERS or "\x00" in token:
        raise Invalid("the form makes no sense: open the page again")
    values = {
        "target": target,
        "reason": reason.replace("\x00", "").strip()[:REASON_CHARACTERS],
        "overrides": overrides,
        "asked_by": by,
    }
    wave, is_new = _make(stores, token, values)
    if is_new and len(stores) <= AT_ONCE:
        run_wave(key=wave.pk)
    elif is_new:
        _run_later(wave)
    wave.refresh_from_db()
    return wave


def resume_wave(*, wave: Wave) -> bool:
    """Let a wave go on whose run has died, or was never begun; False when it is at work or over."""
    if not is_stuck(wave):
        return False
    if wave.stores.filter(outcome=WaveStore.Outcome.WAITING).count() <= AT_ONCE:
        run_wave(key=wave.pk)
    else:
        _run_later(wave)
    return True


def is_stuck(wave: Wave) -> bool:
    """Whether nobody seems to be at the wave: it waits, or its run has been silent for minutes."""
    return Wave.objects.filter(Q(state=Wave.State.WAITING) | DEAD, pk=wave.pk).exists()


def run_wave(*, key: int) -> None:
    """Move the stores of a wave that still wait; a second run beside it does nothing.

    A run that died is taken up where it stopped: each store's outcome is committed with its move.
    """
    state = Wave.State
    rows = Wave.objects.filter(pk=key)
    if not rows.filter(Q(state=state.WAITING) | DEAD).update(state=state.RUNNING, begun_at=Now()):
        return
    wave = rows.get()
    while chunk := _next(wave):
        stores = [row.store for row in chunk]
        found = readiness_of(stores) if wave.target in (Stage.SHADOW, Stage.LIVE) else {}
        for row in chunk:
            _move(wave, row, found.get(row.store_id, []))
        rows.update(begun_at=Now())
    rows.update(state=state.DONE, ended_at=Now())


def _run_later(wave: Wave) -> None:
    async_task(TASK, wave.pk, task_name=f"wave {wave.pk}", save=False)


@transaction.atomic
def _make(stores: Collection[Store], token: str, values: dict[str, Any]) -> tuple[Wave, bool]:
    wave, is_new = Wave.objects.get_or_create(token=token, defaults=values)
    if is_new:
        WaveStore.objects.bulk_create(WaveStore(wave=wave, store=store) for store in stores)
    return wave, is_new


def _next(wave: Wave) -> list[WaveStore]:
    waiting = wave.stores.filter(outcome=WaveStore.Outcome.WAITING)
    return list(waiting.select_related("store").order_by("store__code")[:CHUNK])


def _move(wave: Wave, row: WaveStore, found: Sequence[Result]) -> None:
    """One store, and what became of it, in one transaction."""
    outcome, detail = WaveStore.Outcome, ""
    with transaction.atomic():
        try:
            with transaction.atomic():
                change = move_stage(
                    store=row.store,
                    to=wave.target,
                    by=wave.asked_by,
                    reason=wave.reason,
                    override=wave.overrides,
                    wave=wave,
                    readiness=found,
                )
            became = outcome.MOVED if change else outcome.THERE
        except HubError as error:
            became, detail = outcome.REFUSED, error.detail
        waiting = WaveStore.objects.filter(pk=row.pk, outcome=outcome.WAITING)
        waiting.update(outcome=became, detail=detail[:300])
