"""A database of a benchmark's own, on the durable server, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
os.environ.setdefault("HUB_DEBUG", "1")

import django

django.setup()

from django.conf import settings
from django.db import connection

from hub import devpg


@contextmanager
def bench_database() -> Iterator[str]:
    """Inside the block Django uses a fresh, migrated database; its name is given."""
    if settings.EMBEDDED_POSTGRES:
        devpg.ensure(settings.EMBEDDED_POSTGRES)
    connection.settings_dict["TEST"]["NAME"] = f"bench_{os.getpid()}"
    usual = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection.settings_dict["NAME"]
    finally:
        connection.creation.destroy_test_db(usual, verbosity=0)
