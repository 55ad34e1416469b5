"""Shared by all tests: the database server, and the guards that every test runs under."""

import pytest
from django.conf import settings

from hub import devpg


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Start the embedded server before the first test database is made."""
    if settings.EMBEDDED_POSTGRES:
        devpg.ensure(settings.EMBEDDED_POSTGRES)
