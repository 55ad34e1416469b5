"""Test databases as copies of one that has the schema: migrating takes half a minute, a copy one
second.

The template is named after the content of all migrations, so that any change of one makes a new
template; those that are out of date are dropped on that occasion.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django
import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

PREFIX = "test_template_"


def copy_template() -> None:
    """The test database of this process is a fresh copy of the template, which is made first
    where it is missing; processes that start together wait for the one that makes it."""
    template, wanted = _template_name(), str(connection.settings_dict["TEST"]["NAME"])
    with _server() as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if known.fetchone() is None:
            _drop_old(server)
            _make(server, template)
        _drop(server, wanted)
        _run(server, "CREATE DATABASE {} TEMPLATE {}", wanted, template)


def _template_name() -> str:
    digest = hashlib.sha256(django.__version__.encode())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for file in sorted(Path(config.path, "migrations").glob("*.py")):
            digest.update(f"{config.label}/{file.name}".encode() + file.read_bytes())
    return PREFIX + digest.hexdigest()[:16]


def _make(server: psycopg.Connection, template: str) -> None:
    """Half-made ones have another name: who dies here leaves nothing that looks whole."""
    making = f"{template}_making"
    _drop(server, making)
    _run(server, "CREATE DATABASE {}", making)
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = making
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
    _run(server, "ALTER DATABASE {} RENAME TO {}", making, template)


def _drop_old(server: psycopg.Connection) -> None:
    pattern = PREFIX.replace("_", r"\_") + "%"
    rows = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [pattern])
    for (name,) in rows.fetchall():
        with suppress(psycopg.errors.ObjectInUse):
            _run(server, "DROP DATABASE {}", name)


def _drop(server: psycopg.Connection, name: str) -> None:
    _run(server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _run(server: psycopg.Connection, statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _server() -> Iterator[psycopg.Connection]:
    """A connection to the server's own database; its locks end with it."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as server:
        yield server
