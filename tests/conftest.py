"""Shared by all tests: the database server, and the guards that every test runs under."""

import os
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connections

from hub import devpg
from hub.connectors import http
from orders import pulse
from tests.emptying import empty_quickly
from tests.flows.browsing import Trouble, open_session
from tests.schema import copy_template

CHROMIUM = "/usr/bin/chromium"
# neither the sandbox nor /dev/shm is to be had in every container
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def pytest_collection_modifyitems(items):
    """The proofs of a file share what they started: they stay in one process, unless they say
    which of them belong together."""
    for item in items:
        if item.get_closest_marker("prove") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """Start the embedded server before the first test database is made."""
    if settings.EMBEDDED_POSTGRES:
        devpg.ensure(settings.EMBEDDED_POSTGRES)


@pytest.fixture(scope="session", autouse=True)
def transactional_tests_end_quickly():
    """Whatever a test has committed is gone after it, within milliseconds."""
    empty_quickly()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings, django_db_blocker):
    """The test database stands already, with its whole schema: a copy that is as good as new."""
    with django_db_blocker.unblock():
        copy_template()
    return True


@pytest.fixture(autouse=True)
def no_call_inside_a_transaction(monkeypatch):
    """Fail every test in which a connector is called while a transaction is open."""
    offences = []

    def refuse(url):
        blocks = [block for one in connections.all() for block in one.atomic_blocks]
        if any(not block._from_testcase for block in blocks):
            offences.append(url)
            raise RuntimeError(f"{url} called inside a database transaction")

    monkeypatch.setattr(http, "before_call", [refuse])
    yield offences
    http.close_connections()
    assert not offences, f"called inside a database transaction: {offences}"


@pytest.fixture(autouse=True)
def boards_are_read_at_once(monkeypatch):
    """No test sees what another one's boards counted a moment ago."""
    monkeypatch.setattr(pulse, "PATIENCE", 0)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium; Playwright's own browser is not installed."""
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args, live_server):
    """Pages are opened by their paths."""
    return browser_context_args | {"base_url": live_server.url}


@pytest.fixture
def trouble(live_server):
    """Whatever a page complains of fails the test, unless the test allows for it."""
    found = Trouble(host=urlsplit(live_server.url).netloc)
    yield found
    assert not found.lines


@pytest.fixture
def new_context(new_context, trouble):
    """A browser of its own, watched like the test's first one."""

    def watched(**values):
        context = new_context(**values)
        trouble.watch(context)
        return context

    return watched


@pytest.fixture
def log_in(context, live_server):
    """The test's browser gets a session of the person; gives the person back."""
    return partial(open_session, context, live_server)
