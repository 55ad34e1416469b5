"""The effect of a stock signal's threshold, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from hub.staff.effects import Effect, Said, add_probe, tried
from inventory.models import SignalRule
from inventory.services.replaying import crossings


def signal_effects(row: Any, change: Callable[[], object]) -> list[Effect]:
    """How many signals the site would have had in the last seven days, before and after."""
    rules = SignalRule.objects.filter(channel=row.channel_id)
    before, after = tried(change, lambda: rules.values_list("low_units", flat=True).first())
    found = crossings(before=before, after=after)
    effect = Effect(
        title=_("The last seven days, judged anew"),
        header=["", _("Before"), _("After")],
        rows=[
            [_("Low at or below"), _units(before), _units(after)],
            [_("Signals to the site"), str(found.before), str(found.after)],
        ],
    )
    effect.said.append(Said(_("Counted from the stock ledger, without carts and without buffers.")))
    return [effect]


def _units(low: int | None) -> str:
    return _("no rule") if low is None else _("%(units)s units") % {"units": low}


add_probe("inventory.SignalRule", signal_effects)
