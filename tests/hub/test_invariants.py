"""The invariants themselves, and the command that checks them."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from hub import clock
from hub.events.models import Fact
from hub.invariants import parse, shipped

PHONE = "+447700900123"
TESTS = Path(__file__).resolve().parents[1]


def test_a_file_is_a_list_of_named_statements():
    text = "-- name: one | first\nSELECT 1;\n\n-- name: two | second\nSELECT 2\n"

    found = parse("shop", text)

    assert [(one.name, one.about, one.sql) for one in found] == [
        ("one", "first", "SELECT 1"),
        ("two", "second", "SELECT 2"),
    ]


def test_every_invariant_has_a_test_that_breaks_it():
    tests = "".join(path.read_text() for path in TESTS.rglob("test_*.py"))

    unproven = [one.name for one in shipped() if f'"{one.name}"' not in tests]

    assert unproven == []


def test_names_are_unique():
    names = [(one.app, one.name) for one in shipped()]

    assert len(names) == len(set(names))


@pytest.mark.django_db(transaction=True)
def test_the_command_is_content_with_an_empty_database():
    printed = io.StringIO()

    call_command("check_invariants", json=True, stdout=printed)

    report = json.loads(printed.getvalue())
    assert report["ok"]
    assert len(report["invariants"]) == len(shipped())


@pytest.mark.django_db(transaction=True)
def test_the_command_fails_when_an_invariant_is_broken():
    Fact.objects.create(name="order.placed", data={"to": PHONE}, occurred_at=clock.now())
    printed = io.StringIO()

    with pytest.raises(SystemExit) as exit_code:
        call_command("check_invariants", json=True, stdout=printed)

    assert exit_code.value.code == 1
    broken = [row for row in json.loads(printed.getvalue())["invariants"] if row["violations"]]
    assert [row["name"] for row in broken] == ["facts_carry_ids_only"]
    assert broken[0]["sample"][0]["name"] == "order.placed"
