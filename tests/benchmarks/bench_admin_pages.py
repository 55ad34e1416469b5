"""Every list and detail page of the staff workspace on a million orders: within 200 ms each.

Lists are asked for with ten and with fifty rows: the number of statements must be the same. Floor
is what is wanted; the ratio is wanted by the slowest.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.million import million_orders  # isort: skip
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from tests.benchmarks.results import Check, report
from tests.benchmarks.staff import Asked, ask, reader

WANTED_MS = 200.0
SHOWN = 25
FEW, MANY = 10, 50
TRIES = 3


def main() -> None:
    growing: list[str] = []
    broken = 0
    with million_orders():
        client = reader()
        found = []
        for model, path in _pages():
            try:
                found.append(ask(client, path))
            except SystemExit as error:
                print(f"       –     {error}")
                broken += 1
                continue
            if path.endswith("/change/"):
                continue
            few, many = _statements(client, model, path)
            if many > few:
                growing.append(f"{path}: {few} statements for {FEW} rows, {many} for {MANY}")
    found.sort(key=lambda one: -one.milliseconds)
    for one in found[:SHOWN]:
        print(_said(one))
    for line in growing:
        print(f"grows: {line}")
    slow = sum(one.milliseconds > WANTED_MS for one in found)
    print(f"{slow} of {len(found)} pages are slower than {WANTED_MS:.0f} ms")
    report(
        "admin_pages",
        hub=found[0].milliseconds,
        floor=WANTED_MS,
        unit="ms",
        checks=[
            Check.at_most(
                f"slowest of {len(found)} pages", measured=found[0].milliseconds, wanted=WANTED_MS
            ),
            Check.at_most("lists that ask more of more rows", measured=1 + len(growing), wanted=1),
            Check.at_most("pages that do not open", measured=1 + broken, wanted=1),
        ],
    )


def _pages() -> Iterator[tuple[type[Model], str]]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        try:
            yield model, reverse(f"{name}_changelist")
        except NoReverseMatch:
            continue
        newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        if newest is not None:
            yield model, reverse(f"{name}_change", args=[newest])


def _statements(client, model: type[Model], path: str) -> tuple[int, int]:
    """How many statements the list needs for a few rows, and for many; the least of a few tries:
    what the menu counts is asked for again every few seconds."""
    page = admin.site._registry[model]
    usual, counts = page.list_per_page, []
    try:
        for rows in (FEW, MANY):
            page.list_per_page = rows
            tries = []
            for _try in range(TRIES):
                with CaptureQueriesContext(connection) as seen:
                    client.get(path)
                tries.append(len(seen))
            counts.append(min(tries))
    finally:
        page.list_per_page = usual
    return counts[0], counts[1]


def _said(one: Asked) -> str:
    sql = " ".join(one.slowest.split())[:150]
    counted = f"{one.statements} statements, the slowest {one.slowest_ms:.0f} ms"
    return f"{one.milliseconds:6.0f} ms  {one.path}  ({counted}: {sql})"


if __name__ == "__main__":
    main()
