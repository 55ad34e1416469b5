"""The inbox's invariant holds on good data and fails on data that were broken on purpose."""

import pytest

from hub.events.models import Fact
from hub.inbox.services import keep
from hub.invariants import check, shipped

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_call_that_was_kept_but_never_told_is_seen():
    (invariant,) = (one for one in shipped() if one.name == "kept_calls_were_told")
    keep(source="pos_1", event_id="a", body=b'{"type": "a", "data": {}}')
    before = check([invariant])[0].violations

    Fact.objects.all().delete()

    assert (before, check([invariant])[0].violations) == (0, 1)
