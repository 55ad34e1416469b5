"""A store, some goods, and a folder for the files of each test."""

from datetime import timedelta

import pytest

from hub import clock
from tests.factories import make_item, make_store
from tests.inventory.files.doing import NOON


@pytest.fixture(autouse=True)
def _afternoon(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"
    with clock.turned_to(NOON + timedelta(hours=3)):
        yield


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture(autouse=True)
def items(db):
    return {sku: make_item(sku=sku) for sku in ("MUG", "TEA", "SOAP")}
