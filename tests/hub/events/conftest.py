"""A registry of its own for each test, so that no real reaction joins in."""

from collections import defaultdict

import pytest

from hub.events import registry


@pytest.fixture
def reactions(monkeypatch):
    """An empty registry; use ``handles`` as usual."""
    monkeypatch.setattr(registry, "_by_fact", defaultdict(list))
    monkeypatch.setattr(registry, "_by_name", {})
