"""What was pressed in the admin, as far as a reader of the audit trail may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, F, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_noop

from hub.staff.models import Tablet
from hub.stores.models import StaffScope

ENROLLED = gettext_noop("enrolled")
ENDED = gettext_noop("ended")
BADGE_ISSUED = gettext_noop("badge issued")
BADGE_TAKEN_BACK = gettext_noop("badge taken back")
PIN_SET = gettext_noop("PIN set")
INVITED = gettext_noop("invited to set a password")
OF_BADGES = (BADGE_ISSUED, BADGE_TAKEN_BACK, PIN_SET)


def pressed_in(stores: Iterable[int]) -> QuerySet[LogEntry]:
    """What was done to the tablets of these stores, and to the badges and PINs of their people."""
    mine = list(stores)
    tablets = Tablet.objects.filter(store__in=mine)
    people = StaffScope.objects.filter(store__in=mine)
    kinds = ContentType.objects.get_for_models(Tablet, User)
    return LogEntry.objects.filter(
        Q(content_type=kinds[Tablet], object_id__in=_texts(tablets, "pk"))
        | Q(
            content_type=kinds[User],
            change_message__in=OF_BADGES,
            object_id__in=_texts(people, "user_id"),
        )
    )


def log(request: HttpRequest, row: Model, flag: int, said: str) -> None:
    """The audit trail has what the person did to the row."""
    log_all(request, [row], flag, said)


def log_all(request: HttpRequest, rows: Sequence[Model], flag: int, said: str) -> None:
    """The audit trail has what the person did to each of the rows, which are of one model."""
    key = cast(User, request.user).pk
    for row in rows:
        LogEntry.objects.log_actions(key, [row], flag, said, single_object=True)


def words_of(entry: LogEntry) -> str:
    """What was done, in the reader's language."""
    said = str(entry.get_change_message() or entry.get_action_flag_display())
    return gettext(said) if said in _OWN else said


def _texts(rows: QuerySet[Any], key: str) -> QuerySet[Any, Any]:
    """The keys as the log keeps them."""
    found: QuerySet[Any, Any] = rows.annotate(key=Cast(F(key), CharField())).values("key")
    return found


_OWN = {ENROLLED, ENDED, INVITED, *OF_BADGES}
