"""Squawk reads the SQL of our migrations: none may lock a live table or break the version before.

The first migration of an app is left out: it makes the tables, so nobody uses them yet.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parent.parent


def write_sql(folder: Path) -> list[Path]:
    """One file per later migration of our own apps."""
    ours = {
        app.label for app in apps.get_app_configs() if (ROOT / app.name.replace(".", "/")).is_dir()
    }
    written = []
    for (label, name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if label in ours and not migration.initial:
            sql = StringIO()
            call_command("sqlmigrate", label, name, stdout=sql, no_color=True)
            written.append(folder / f"{label}.{name}.sql")
            written[-1].write_text(sql.getvalue())
    return written


def main() -> int:
    """Squawk's exit status; 0 when there is nothing to read."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        files = write_sql(Path(folder))
        command: list[Path | str] = [
            Path(sys.executable).with_name("squawk"),
            "--config",
            ROOT / ".squawk.toml",
        ]
        done = subprocess.run([*command, *files], check=False)
        return done.returncode if files else 0


if __name__ == "__main__":
    sys.exit(main())
