"""What tests of messages share: the provider in memory, and a relay's work without its threads."""

import pytest

from hub.connectors.registry import sms_connector


@pytest.fixture
def phone(db):
    """The SMS provider in memory, empty before and after."""
    connector = sms_connector("memory")
    connector.clear()
    yield connector
    connector.clear()
