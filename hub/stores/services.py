"""Finding stores, and what they are to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AnonymousUser
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet

from hub.errors import NotFound
from hub.stores.calendar import Calendar, Span
from hub.stores.errors import StoreNotLive
from hub.stores.models import Stage, Store

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser


# Asked for with every cart and order: building this through the ORM takes longer than answering.
_FIELDS = [field.attname for field in Store._meta.concrete_fields]
_KNOWN = f"""
SELECT {", ".join(_FIELDS)} FROM stores_store
WHERE (public_id = ANY(%(wanted)s) OR code = ANY(%(wanted)s)) AND active
"""  # noqa: S608  made of constants


def find_store(reference: str) -> Store:
    """The active store of that public id or code; raises NotFound."""
    return find_stores([reference])[reference]


def find_stores(references: Collection[str]) -> dict[str, Store]:
    """The active stores of these public ids or codes, by what they were asked for as.

    Raises NotFound when one of them is missing.
    """
    wanted = set(references)
    found = known_stores(wanted)
    if missing := wanted - found.keys():
        raise NotFound(f"no such store: {', '.join(sorted(missing))}")
    return found


def known_stores(references: Iterable[str]) -> dict[str, Store]:
    """The same without those that do not exist."""
    wanted = set(references)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"wanted": list(wanted)})
        stores = [Store.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in cursor]
    # a code may look like another store's public id: the public id wins
    found = {store.code: store for store in stores} | {store.public_id: store for store in stores}
    return {reference: found[reference] for reference in wanted & found.keys()}


def require_live(store: Store, *, is_test: bool = False) -> None:
    """Raise StoreNotLive unless goods can be held and ordered here: really in a live store, with
    a test key in one in shadow as well."""
    if store.stage != Stage.LIVE and not (is_test and store.stage == Stage.SHADOW):
        raise StoreNotLive(f"store {store.code} takes no orders", store=store.code)


def visible_stores(references: Collection[str]) -> dict[str, Store]:
    """As ``find_stores``, without those that the outside is told nothing of."""
    found = find_stores(references)
    if hidden := sorted(reference for reference, store in found.items() if store.is_hidden):
        raise NotFound(f"no such store: {', '.join(hidden)}")
    return found


def stores_of(user: AbstractUser | AnonymousUser) -> QuerySet[Store]:
    """The active stores that a person may see and work: all for superusers, else their scopes."""
    stores = Store.objects.filter(active=True)
    if not user.is_active:
        return stores.none()
    if user.is_superuser:
        return stores
    return stores.filter(staff_scopes__user=user.pk)


def calendar_of(store: Store) -> Calendar:
    """The store's opening times, ready for the functions of ``hub.stores.calendar``.

    An exception without both times closes the whole day.
    """
    hours: dict[int, list[Span]] = defaultdict(list)
    for row in store.hours.all():
        hours[row.weekday].append(Span(row.opens, row.closes))
    exceptions: dict[date, list[Span]] = {
        row.date: [Span(row.opens, row.closes)] if row.opens and row.closes else []
        for row in store.exceptions.all()
    }
    return Calendar(dict(hours), exceptions, ZoneInfo(store.timezone))
