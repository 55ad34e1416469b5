"""The effect of the limits on texts, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from hub.staff.effects import Effect, Said, add_probe, tried
from notifications.services.limits import texting_rules
from notifications.services.replaying import judged_by


def texting_effects(row: Any, change: Callable[[], object]) -> list[Effect]:  # noqa: ARG001  a probe's signature
    """The texts of the last seven days under the rules before and after."""
    before, after = (judged_by(rules) for rules in tried(change, texting_rules))
    effect = Effect(
        title=_("The texts of the last seven days, judged anew"),
        header=["", _("Before"), _("After")],
        rows=[
            [_("texts"), str(before.texts), str(after.texts)],
            [_("not sent: too many for one number"), str(before.too_many), str(after.too_many)],
            [_("numbers of other countries"), str(before.abroad), str(after.abroad)],
            [_("followed up for want of a receipt"), str(before.followed), str(after.followed)],
        ],
    )
    if not after.complete:
        effect.said.append(Said(_("Only the latest 50,000 texts were looked at."), "warning"))
    effect.said.append(Said(_("Of countries the 2,000 numbers texted last were looked at.")))
    return [effect]


add_probe("notifications.TextingRules", texting_effects)
