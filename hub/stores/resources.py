# ruff: noqa: ARG002  an override takes all that the library passes
"""Stores, their hours and their exceptional days as tables."""

from __future__ import annotations

from datetime import time
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hub.staff.scope import stores_for
from hub.staff.tables.columns import (
    Beside,
    Clock,
    Day,
    Degrees,
    Field,
    Kind,
    Known,
    Text,
    Truth,
    Whole,
    column,
    wanted,
)
from hub.staff.tables.resource import Outcome, TableResource
from hub.stores.calendar import Span
from hub.stores.level_settings import HOLDER
from hub.stores.levels import OF_STORE, adopt, hold, inherited
from hub.stores.models import Brand, HoursException, OpeningHours, Stage, Store
from hub.stores.setting_kinds import Whole as WholeSetting

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
MOST_SPANS = 6
_COUNTRY = 2


def all_stores(request: HttpRequest) -> QuerySet[Store]:
    """The person's stores; for who works in all of them the closed ones, too."""
    mine = stores_for(request)
    return Store.objects.all() if request.user.is_superuser else mine


def named_stores(request: HttpRequest) -> Known:
    """A column that names one of the person's stores by its code."""
    return Known({one.code: one for one in all_stores(request)}, "code", _("store"))


class StoreResource(TableResource):
    """Stores by their code. A new one begins in setup; settings that are named are its own."""

    keys = ("code",)
    required = ("code",)
    _is_new = False  # the row in hand

    class Meta(TableResource.Meta):
        model = Store
        import_id_fields = ("code",)

    def columns(self) -> list[Field]:
        """All that a person may set of a store."""
        brands = {one.name: one for one in Brand.objects.all()}
        whole = {
            one.name: Whole(one.kind.allowed.start, one.kind.allowed.stop - 1)
            for one in HOLDER.settings
            if isinstance(one.kind, WholeSetting)
        }
        return [
            *(column("code", Text()), column("name", Text())),
            column("brand", Known(brands, "name", _("brand"))),
            *(column(name, Text()) for name in ("street", "city", "region", "postal_code")),
            column("country", Text(_country)),
            *(column("latitude", Degrees(90)), column("longitude", Degrees(180))),
            column("timezone", Text(_timezone)),
            *(column("locale", Text()), column("phone", Text())),
            *(column("pickup_enabled", Truth()), column("active", Truth())),
            *(column("lead_minutes", whole["lead_minutes"]), column("cut_off", Clock())),
            *(
                column(name, whole[name])
                for name in ("slot_minutes", "slot_capacity", "orders_per_hour")
            ),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[Store]:
        """The person's stores."""
        return all_stores(request).select_related("brand")

    def before_import(self, dataset: Any, **how: Any) -> None:
        """No level changes while stores are saved."""
        hold()

    def after_init_instance(self, instance: Store, new: bool, row: Any, **how: Any) -> None:
        """A new store has what it inherits until the file says otherwise."""
        super().after_init_instance(instance, new, row, **how)
        self._is_new = new
        if new:
            instance.stage, instance.pickup_enabled = Stage.SETUP, False
            for name, value in inherited().items():
                setattr(instance, name, value)

    def validate_instance(self, instance: Store, errors: Any = None, **how: Any) -> None:
        """Only a live store offers pickup."""
        errors = dict(errors or {})
        if instance.pickup_enabled and instance.stage != Stage.LIVE:
            errors["pickup_enabled"] = ValidationError(
                _("only a live store can offer pickup"), code="not_live"
            )
        if instance.brand_id is None:
            errors.setdefault("brand", ValidationError(_("is missing"), code="missing"))
        super().validate_instance(instance, errors, **how)

    def after_save_instance(self, instance: Store, row: Any, **how: Any) -> None:
        """What the file says of its settings is the store's own from now on; of the others a new
        store has what it inherits."""
        if self._is_new or self._named & set(OF_STORE):
            adopt(instance)


class HoursResource(TableResource):
    """A line for each store, a column for each day of its week: ``09:00-12:30 13:00-18:00``."""

    keys = ("store",)
    required = ("store",)

    class Meta(TableResource.Meta):
        model = Store
        import_id_fields = ("store",)

    def columns(self) -> list[Field]:
        """The store, and its week."""
        return [
            column("store", Text(), attribute="code"),
            *(Beside(day, Spans(), _spans_of(number)) for number, day in enumerate(DAYS)),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[Store]:
        """The person's stores with their hours."""
        return all_stores(request).prefetch_related("hours")

    def do_instance_save(self, instance: Store, is_create: bool) -> None:
        """The store itself stays as it is."""

    def validate_instance(self, instance: Store, errors: Any = None, **how: Any) -> None:
        """Nothing of the store itself is changed, so nothing of it is checked."""
        if errors:
            raise ValidationError(errors)

    def after_save_instance(self, instance: Store, row: Any, **how: Any) -> None:
        """Each day that the file names has just these hours."""
        for number, day in enumerate(DAYS):
            spans = wanted(instance, day)
            if spans is not None:
                set_day(store=instance, weekday=number, spans=spans)


class ExceptionResource(TableResource):
    """Days with other hours, by store and date; without times the store is closed all day."""

    keys = ("store", "date")
    required = ("store", "date")

    class Meta(TableResource.Meta):
        model = HoursException
        import_id_fields = ("store", "date")

    def columns(self) -> list[Field]:
        """The day and its hours."""
        return [
            column("store", named_stores(self.request)),
            column("date", Day()),
            *(column("opens", Clock()), column("closes", Clock())),
            column("reason", Text()),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[HoursException]:
        """Those of the person's stores."""
        rows = HoursException.objects.filter(store__in=all_stores(request))
        return rows.select_related("store")

    def validate_instance(self, instance: HoursException, errors: Any = None, **how: Any) -> None:
        """Both times or none, the first before the second."""
        errors = dict(errors or {})
        if (instance.opens is None) != (instance.closes is None):
            errors["closes"] = ValidationError(
                _("give both times, or none for a closed day"), code="half_open"
            )
        elif instance.opens and instance.closes and instance.opens >= instance.closes:
            errors["closes"] = ValidationError(_("closes before it opens"), code="backwards")
        super().validate_instance(instance, errors, **how)


class Spans(Kind):
    """Opening spans of one day; an empty cell and ``closed`` are a closed day."""

    def read(self, text: str) -> list[Span]:
        """The spans in order; refuses those that overlap."""
        if not text or text.casefold() == CLOSED:
            return []
        spans = sorted(_span(part) for part in text.replace(",", " ").split())
        if len(spans) > MOST_SPANS:
            raise ValueError(_("at most %(most)s spans a day") % {"most": MOST_SPANS})
        if any(one.closes > other.opens for one, other in pairwise(spans)):
            raise ValueError(_("the spans overlap"))
        return spans

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """The spans with blanks between them."""
        return " ".join(f"{a:%H:%M}-{b:%H:%M}" for a, b in value or ()) or CLOSED


def set_day(*, store: Store, weekday: int, spans: list[Span]) -> None:
    """The store has just these spans on that weekday; rows that stay are not touched."""
    rows = {Span(row.opens, row.closes): row for row in store.hours.filter(weekday=weekday)}
    for span, row in rows.items():
        if span not in spans:
            row.delete()
    for span in spans:
        if span not in rows:
            OpeningHours.objects.create(
                store=store, weekday=weekday, opens=span.opens, closes=span.closes
            )


def _spans_of(weekday: int) -> Any:
    return lambda store: sorted(
        Span(row.opens, row.closes) for row in store.hours.all() if row.weekday == weekday
    )


def _span(text: str) -> Span:
    opens, dash, closes = text.replace("–", "-").partition("-")
    begin, end = Clock().read(opens), Clock().read(closes)
    if not dash or begin is None or end is None:
        raise ValueError(_("“%(value)s” is no span such as 09:00-18:00") % {"value": text[:40]})
    if begin >= end:
        raise ValueError(_("“%(value)s” closes before it opens") % {"value": text[:40]})
    return Span(begin, end if end != time() else time(23, 59))


def _country(text: str) -> str:
    if len(text) != _COUNTRY or not (text.isascii() and text.isalpha()):
        raise ValidationError(_("give two letters, such as PL"))
    return text.upper()


def _timezone(text: str) -> str:
    if text not in available_timezones():
        raise ValidationError(_("“%(value)s” is no time zone") % {"value": text[:40]})
    return text


def stores_in(outcome: Outcome) -> list[int]:
    """The stores, by their keys, that the rows of a file belong to; new ones have no orders."""
    keys = {row.pk if isinstance(row, Store) else row.store_id for row in outcome.rows}
    return list(Store.objects.filter(pk__in=keys).values_list("pk", flat=True))
