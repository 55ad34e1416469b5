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


def read(files: list[Path]) -> int:
    """Squawk's exit status for files of SQL; 0 when there are none."""
    squawk = Path(sys.executable).with_name("squawk")
    command: list[str | Path] = [squawk, "--config", ROOT / ".squawk.toml", *files]
    return subprocess.run(command, check=False).returncode if files else 0


def main() -> int:
    """Squawk's exit status for the migrations of this version."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        return read(write_sql(Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
