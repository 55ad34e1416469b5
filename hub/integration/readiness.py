"""What the hub checks before customers come to a store: where it is, when, and its people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import available_timezones

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub.integration.checking import FOR_SHADOW, SHOULD, Check, Found
from hub.staff.roles import LEAD, PICKER
from hub.stores.inheriting import BUILT_IN
from hub.stores.levels import settings_of_all
from hub.stores.models import OpeningHours, StaffScope, Store

_FAR_NORTH = 85


def store_page(store: Store) -> str:
    """The address of the store's own page."""
    return reverse("admin:stores_store_change", args=[store.pk])


def _place(stores: Sequence[Store]) -> Mapping[int, Found]:
    return {store.pk: _placed(store) for store in stores}


def _placed(store: Store) -> Found:
    problems = []
    if (store.latitude, store.longitude) == (0, 0) or abs(store.latitude) > _FAR_NORTH:
        problems.append(_("its place on the map is missing"))
    if store.timezone not in available_timezones():
        problems.append(_("%(zone)s is no time zone") % {"zone": store.timezone})
    if not store.street or not store.city:
        problems.append(_("its address is not complete"))
    said = "; ".join(problems) or f"{store.city}, {store.timezone}"
    return Found(not problems, said, store_page(store))


def _hours(stores: Sequence[Store]) -> Mapping[int, Found]:
    rows = OpeningHours.objects.filter(store__in=stores).values_list("store_id", "weekday")
    days: dict[int, set[int]] = {}
    for store, day in rows:
        days.setdefault(store, set()).add(day)
    return {store.pk: _opened(store, len(days.get(store.pk, ()))) for store in stores}


def _opened(store: Store, days: int) -> Found:
    said = ngettext("open on %(days)d day a week", "open on %(days)d days a week", days)
    none = _("it has no opening hours")
    return Found(days > 0, said % {"days": days} if days else none, store_page(store))


def _settings(stores: Sequence[Store]) -> Mapping[int, Found]:
    known = settings_of_all(stores)
    found = {}
    for store in stores:
        lead = known[store.pk]["lead_minutes"]
        said = _("%(minutes)d min to prepare") % {"minutes": lead.value}
        nobody = _("nobody has set how long it prepares: %(minutes)d min") % {"minutes": lead.value}
        link = reverse("admin:stores_settingslevel_of_store", args=[store.pk])
        found[store.pk] = Found(
            lead.origin != BUILT_IN, nobody if lead.origin == BUILT_IN else said, link
        )
    return found


def _people(stores: Sequence[Store]) -> Mapping[int, Found]:
    rows = StaffScope.objects.filter(
        store__in=stores, user__is_active=True, user__groups__name__in=[LEAD, PICKER]
    ).values_list("store_id", "user__groups__name", "user_id")
    known: dict[int, dict[str, set[int]]] = {}
    for store, role, person in rows:
        known.setdefault(store, {}).setdefault(role, set()).add(person)
    return {store.pk: _staffed(known.get(store.pk, {})) for store in stores}


def _staffed(people: Mapping[str, set[int]]) -> Found:
    leads, pickers = len(people.get(LEAD, ())), len(people.get(PICKER, ()))
    link = reverse("admin:auth_user_changelist")
    if not leads:
        return Found(False, _("nobody who works here has the role of store lead"), link)
    if not pickers:
        return Found(False, _("nobody who works here has the role of picker"), link)
    said = _("store leads: %(leads)d, pickers: %(pickers)d")
    return Found(True, said % {"leads": leads, "pickers": pickers}, link)


CHECKS = [
    Check("place", gettext_lazy("Place and time zone"), _place, FOR_SHADOW, 10),
    Check("hours", gettext_lazy("Opening hours"), _hours, place=11),
    Check("settings", gettext_lazy("Time to prepare"), _settings, SHOULD, 12),
    Check("people", gettext_lazy("A lead and a picker"), _people, place=13),
]
