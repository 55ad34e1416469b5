"""Rule sets from draft to active: what has been active is never changed, only followed."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from hub import clock
from hub.errors import Conflict, Invalid
from hub.history import remember
from orders.models import RoutingRuleSet, RoutingSimulation
from orders.routing.fingerprint import fingerprint

NAME_CHARACTERS = 60
TRIED_WITHIN = timedelta(days=1)  # stock and queues of the day before say little
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('orders.activating', 0))"


class NotADraft(Conflict):
    """Only a draft can be made active; copy what has been active instead."""

    code = "not_a_draft"
    title = "These rules are not a draft"


class NoRules(Invalid):
    """A rule set needs a rule."""

    code = "no_rules"
    title = "There is no rule in it"


class ActivatedElsewhere(Conflict):
    """Somebody else made other rules active at the same moment."""

    code = "activated_elsewhere"
    title = "Other rules have just been made active; look again"


class NotTried(Conflict):
    """The rules, or those in force, are not those that the trial compared."""

    code = "not_tried"
    title = "Rules have changed since these were tried; try them again"


def trial_of(rule_set: RoutingRuleSet) -> RoutingSimulation | None:
    """The latest finished trial, not older than a day, of exactly these rules as they stand,
    against those in force; None when they have to be tried (again)."""
    done = rule_set.simulations.filter(
        state=RoutingSimulation.State.DONE,
        fingerprint=fingerprint(rule_set),
        ended_at__gt=clock.now() - TRIED_WITHIN,
    )
    return done.order_by("-pk").first()


def activate_tried(*, rule_set: RoutingRuleSet, tried: str, by: str) -> None:
    """Let the draft choose stores from now on, as it was tried; ``tried`` is the fingerprint of
    the trial that the person has seen.

    Raises NotTried when the draft or the rules in force are others by now, and what ``activate``
    raises; then nothing has changed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:  # whoever comes second sees what the first one did
            cursor.execute(_ALONE)
        # editors lock the set, too: nobody saves a rule between the look and the activation
        draft = RoutingRuleSet.objects.select_for_update().get(pk=rule_set.pk)
        if draft.state != RoutingRuleSet.State.DRAFT:
            raise NotADraft
        trial = trial_of(draft)
        if trial is None or trial.fingerprint != tried:
            raise NotTried
        activate(rule_set=draft, by=by)
    rule_set.refresh_from_db()


def activate(*, rule_set: RoutingRuleSet, by: str) -> None:
    """Let the draft choose stores from now on; those it takes the place of are kept, retired.

    For callers that have shown what it changes by themselves; people try rules first.
    Raises NotADraft, NoRules and ActivatedElsewhere; then nothing has changed.
    """
    try:
        with transaction.atomic():
            _activate(rule_set, by)
    except IntegrityError as lost:
        raise ActivatedElsewhere from lost
    rule_set.refresh_from_db()


def _activate(rule_set: RoutingRuleSet, by: str) -> None:
    if not rule_set.rules.exists():
        raise NoRules
    now, state = clock.now(), RoutingRuleSet.State
    family = RoutingRuleSet.objects.filter(channel=rule_set.channel_id)
    latest = family.aggregate(latest=Max("version"))["latest"] or 0
    retired = list(family.filter(state=state.ACTIVE).select_for_update())
    family.filter(state=state.ACTIVE).update(state=state.RETIRED)
    draft = RoutingRuleSet.objects.filter(pk=rule_set.pk, state=state.DRAFT)
    changes = {"version": latest + 1, "activated_at": now, "activated_by": by}
    if not draft.update(state=state.ACTIVE, **changes):
        raise NotADraft
    keys = [rule_set.pk, *(one.pk for one in retired)]
    remember(RoutingRuleSet.objects.filter(pk__in=keys))


@transaction.atomic
def copy_as_draft(*, rule_set: RoutingRuleSet, by: str) -> RoutingRuleSet:
    """A draft with the same rules, to be changed and tried; returns it."""
    copy = RoutingRuleSet.objects.create(
        name=rule_set.name[:NAME_CHARACTERS],
        channel=rule_set.channel,
        most_parts=rule_set.most_parts,
        created_by=by,
    )
    for rule in rule_set.rules.order_by("position"):
        rule.pk, rule.rule_set = None, copy
        rule._state.adding = True
        rule.save()
    return copy
