"""The browser for all flows: the system's own Chromium, without a sandbox of its own."""

import os

import pytest

CHROMIUM = "/usr/bin/chromium"
# neither the sandbox nor /dev/shm is to be had in every container
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Playwright's own browser is not installed."""
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": FLAGS}
