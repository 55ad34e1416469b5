"""What must always be true of the data, as plain SQL shipped by each app.

An app's ``invariants.sql`` holds statements, each under a header ``-- name: x | sentence``. Every
row that a statement returns is a violation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction

_HEADER = re.compile(r"^-- name: (?P<name>[a-z_]+) \| (?P<about>.+)$", re.MULTILINE)
SAMPLE = 5


@dataclass(frozen=True)
class Invariant:
    """One truth: ``sql`` selects whatever breaks it."""

    app: str
    name: str
    about: str
    sql: str


@dataclass(frozen=True)
class Finding:
    """How often an invariant is broken, with the first few offending rows as text."""

    invariant: Invariant
    violations: int
    sample: list[dict[str, str]]


def shipped() -> list[Invariant]:
    """Every invariant of every installed app, in the order of the apps."""
    found: list[Invariant] = []
    for app in apps.get_app_configs():
        path = Path(app.path) / "invariants.sql"
        if path.exists():
            found += parse(app.label, path.read_text())
    return found


def parse(app: str, text: str) -> list[Invariant]:
    """The invariants of one file's text."""
    heads = list(_HEADER.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        Invariant(app, head["name"], head["about"], text[head.end() : end].strip().rstrip(";"))
        for head, end in zip(heads, ends, strict=True)
    ]


def check(invariants: list[Invariant]) -> list[Finding]:
    """Look for violations of each, all in one snapshot, so that work in hand cannot mislead."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [_check(invariant) for invariant in invariants]


def _check(invariant: Invariant) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) AS broken")  # noqa: S608
        violations: int = cursor.fetchone()[0]
        sample: list[dict[str, str]] = []
        if violations:
            cursor.execute(f"{invariant.sql} LIMIT {SAMPLE}")
            names = [column[0] for column in cursor.description]
            sample = [_as_text(names, row) for row in cursor.fetchall()]
    return Finding(invariant, violations, sample)


def _as_text(names: list[str], row: tuple[Any, ...]) -> dict[str, str]:
    return {name: str(value) for name, value in zip(names, row, strict=True)}
