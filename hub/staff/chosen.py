"""Which of their stores a person looks at: asked in the address, else as they chose last."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from hub.staff.scope import stores_for
from hub.stores.models import Store

KEY = "chosen_store"
LONGEST_CODE = 60
MOST_TO_CHOOSE = 60


def chosen_code(request: HttpRequest) -> str:
    """The code of the chosen store; empty for all of the person's.

    What the address or form says counts, an empty ``store`` too. What was remembered counts as
    long as that store is the person's. Looked up once per request.
    """
    known: str | None = getattr(request, "_chosen_code", None)
    if known is None:
        asked = _asked(request)
        known = _remembered(request) if asked is None else asked
        request._chosen_code = known  # type: ignore[attr-defined]
    return known


def chosen_stores(request: HttpRequest) -> QuerySet[Store]:
    """The chosen store, or all of the person's; none for a code that is not one of theirs."""
    stores, code = stores_for(request), chosen_code(request)
    return stores.filter(code=code) if code else stores


def choices(request: HttpRequest) -> list[Store]:
    """The stores to choose from, by code; at most sixty."""
    return list(stores_for(request).order_by("code")[:MOST_TO_CHOOSE])


def remember_choice(request: HttpRequest) -> None:
    """Keep the store that this page was asked for, for the pages that name none."""
    asked = _asked(request)
    if asked is not None and asked != _session(request).get(KEY, ""):
        _session(request)[KEY] = asked


def _asked(request: HttpRequest) -> str | None:
    given = request.GET.get("store", request.POST.get("store"))
    return None if given is None else given.replace("\0", "")[:LONGEST_CODE]


def _remembered(request: HttpRequest) -> str:
    code = str(_session(request).get(KEY, ""))
    return code if code and stores_for(request).filter(code=code).exists() else ""


def _session(request: HttpRequest) -> Any:
    return getattr(request, "session", {})
