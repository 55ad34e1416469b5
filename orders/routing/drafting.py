"""Rule sets from draft to active: what has been active is never changed, only followed."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max

from hub import clock
from hub.errors import Conflict, Invalid
from hub.history import remember
from orders.models import RoutingRuleSet

NAME_CHARACTERS = 60


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


def activate(*, rule_set: RoutingRuleSet, by: str) -> None:
    """Let the draft choose stores from now on; those it takes the place of are kept, retired.

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
