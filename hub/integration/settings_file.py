"""The hub's own part of a settings file: groups, the levels of settings, and opening times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy

from hub.history import because
from hub.integration.settings_files import (
    Row,
    Section,
    UnknownReference,
    WrongRow,
    group_of,
    only,
    plain,
    put,
    section_of_stores,
    store_of,
)
from hub.staff.models import RolePolicy
from hub.stores.declaring import settings
from hub.stores.levels import own_of_all, regroup, said, set_level
from hub.stores.models import (
    Brand,
    HoursException,
    OpeningHours,
    SalesChannel,
    SettingsLevel,
    Store,
    StoreGroup,
)

CHANNEL = ("name", "currency", "active")


def _brands() -> Iterable[Row]:
    for name in Brand.objects.values_list("name", flat=True):
        yield {"key": [name]}


def _take_brand(row: Row, _by: str) -> None:
    only(row, ())
    put(Brand, {"name": row["key"][0]}, {})


def _groups() -> Iterable[Row]:
    for group in StoreGroup.objects.prefetch_related("stores"):
        codes = sorted(store.code for store in group.stores.all())
        yield {"key": [group.name], "rank": group.rank, "stores": codes}


def _take_group(row: Row, _by: str) -> None:
    values = only(row, ("rank", "stores"))
    stores = Store.objects.filter(code__in=values["stores"])
    if missing := sorted(set(values["stores"]) - set(stores.values_list("code", flat=True))):
        raise UnknownReference(f"there is no store {', '.join(missing)}")
    group = put(StoreGroup, {"name": row["key"][0]}, {"rank": values["rank"]})
    group.stores.set(stores)


def _levels() -> Iterable[Row]:
    for level in SettingsLevel.objects.filter(store__isnull=True).select_related("group"):
        group = level.group.name if level.group else None
        yield {"key": [group, None], "says": _all_plain(said(level))}
    codes = dict(Store.objects.values_list("pk", "code"))
    for store, says in own_of_all().items():
        yield {"key": [None, codes[store]], "says": _all_plain(says)}


def _all_plain(values: Mapping[str, Any]) -> Row:
    return {
        name: None if value is None else settings()[name].kind.plain(value)
        for name, value in values.items()
    }


def _take_level(row: Row, by: str) -> None:
    says = only(row, ("says",))["says"]
    group, store = row["key"]
    if odd := sorted(set(says) - set(settings())):
        raise WrongRow(f"there is no setting {', '.join(odd)}")
    known = {
        name: None if value is None else settings()[name].kind.parse(value)
        for name, value in says.items()
    }
    set_level(by=by, says=known, group=group_of(group), store=store_of(store))


def _hours() -> Iterable[Row]:
    spans: dict[str, list[list[Any]]] = defaultdict(list)
    rows = OpeningHours.objects.select_related("store").order_by("weekday", "opens")
    for row in rows:
        spans[row.store.code].append([row.weekday, _plain(row.opens), _plain(row.closes)])
    for code, week in spans.items():
        yield {"key": [code], "week": week}


def _take_hours(row: Row, _by: str) -> None:
    """The whole week of a store is as the file says; what stays is not touched."""
    week = only(row, ("week",))["week"]
    store = store_of(row["key"][0])
    wanted = [
        OpeningHours(
            store=store,
            weekday=weekday,
            opens=_field(OpeningHours, "opens").to_python(opens),
            closes=_field(OpeningHours, "closes").to_python(closes),
        )
        for weekday, opens, closes in week
    ]
    kept = set()
    known = {(one.weekday, one.opens, one.closes): one for one in store.hours.all()}  # type: ignore[union-attr]  # its code is in the key
    for one in wanted:
        named = (one.weekday, one.opens, one.closes)
        kept.add(named)
        if named not in known:
            OpeningHours.objects.filter(store=store, weekday=one.weekday, opens=one.opens).delete()
            one.full_clean()
            one.save()
    for named, old in known.items():
        if named not in kept:
            OpeningHours.objects.filter(pk=old.pk).delete()


def _channels() -> Iterable[Row]:
    for row in SalesChannel.objects.select_related("brand"):
        yield {"key": [row.code], "brand": row.brand.name, **plain(row, CHANNEL)}


def _take_channel(row: Row, _by: str) -> None:
    values = only(row, (*CHANNEL, "brand"))
    brand = Brand.objects.filter(name=values["brand"]).first()
    if brand is None:
        raise UnknownReference(f"there is no brand {values['brand']}")
    put(SalesChannel, {"code": row["key"][0]}, values | {"brand": brand})


def _log_ins() -> Iterable[Row]:
    for row in RolePolicy.objects.select_related("group"):
        yield {"key": [row.group.name], "second_factor": row.second_factor}


def _take_log_in(row: Row, _by: str) -> None:
    role = Group.objects.filter(name=row["key"][0]).first()
    if role is None:
        raise UnknownReference(f"there is no role {row['key'][0]}")
    put(RolePolicy, {"group": role}, only(row, ("second_factor",)))


def _field(model: Any, name: str) -> Any:
    return model._meta.get_field(name)


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _with_settings(work: Any) -> None:
    """Stores that join or leave groups follow these at once."""
    with because("settings file"):
        regroup(work)


SECTIONS = [
    Section("brands", gettext_lazy("Brands"), 1, _brands, _take_brand, (Brand,)),
    Section(
        "channels", gettext_lazy("Sales channels"), 2, _channels, _take_channel, (SalesChannel,)
    ),
    Section(
        *("groups", gettext_lazy("Store groups"), 3, _groups, _take_group),
        (StoreGroup,),
        _with_settings,
    ),
    Section("levels", gettext_lazy("Settings"), 4, _levels, _take_level, (SettingsLevel,)),
    Section("hours", gettext_lazy("Opening hours"), 5, _hours, _take_hours, (OpeningHours,)),
    section_of_stores(
        *("exceptions", gettext_lazy("Exceptional days"), 6, HoursException),
        named=("date",),
        fields=("opens", "closes", "reason"),
    ),
    Section("log_in", gettext_lazy("Log-in of roles"), 7, _log_ins, _take_log_in, (RolePolicy,)),
]
