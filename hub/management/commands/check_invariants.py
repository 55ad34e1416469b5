"""``manage.py check_invariants``: does the data still hold what it must?"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from hub.invariants import Finding, check, shipped


class Command(BaseCommand):
    help = "Check every app's invariants by plain SQL; exit 1 when one is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, json: bool, **_options: Any) -> None:  # the flag's own name
        """Print each invariant with its violations; exit 1 when there is any."""
        findings = check(shipped())
        broken = sum(finding.violations > 0 for finding in findings)
        if json:
            self.stdout.write(_as_json(findings))
        else:
            for finding in findings:
                self.stdout.write(_as_line(finding))
            self.stdout.write(f"{len(findings)} invariants checked, {broken} broken")
        if broken:
            sys.exit(1)


def _as_json(findings: list[Finding]) -> str:
    rows = [
        {
            "app": finding.invariant.app,
            "name": finding.invariant.name,
            "about": finding.invariant.about,
            "violations": finding.violations,
            "sample": finding.sample,
        }
        for finding in findings
    ]
    return json.dumps({"ok": all(not row["violations"] for row in rows), "invariants": rows})


def _as_line(finding: Finding) -> str:
    mark = "ok    " if not finding.violations else f"BROKEN {finding.violations} × "
    line = f"{mark} {finding.invariant.app}.{finding.invariant.name}: {finding.invariant.about}"
    return "\n".join([line, *(f"         {row}" for row in finding.sample)])
