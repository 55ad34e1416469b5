"""What is old goes, what is young stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import clock
from hub.events import retention
from inventory.models import RefusedLine
from inventory.purging import LINE_DAYS
from tests.factories import make_stock_file

pytestmark = pytest.mark.django_db


def test_refused_lines_of_files_that_ended_long_ago_are_deleted():
    for days in (None, LINE_DAYS - 1, LINE_DAYS + 1):
        ended = clock.now() - timedelta(days=days) if days else None
        file = make_stock_file(finished_at=ended, lines_refused=1)
        RefusedLine.objects.create(file=file, line=2, code="unknown_sku", detail="no item 'X'")

    deleted = retention.run()

    assert deleted["refused_lines"] == 1
    assert RefusedLine.objects.count() == 2
