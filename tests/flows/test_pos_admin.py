"""The pages of a POS in a real browser: they fit every screen, and drift is mended by one tap.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from hub import clock
from hub.errors import ConnectorError
from hub.events.models import Breaker
from orders.models import PosCheck, PosDrift, PosWaiting
from tests.flows.browsing import PHONE, look, look_at_all
from tests.orders.pos.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def world():
    """A POS with every kind of trouble."""
    one = World()
    parts = [one.part() for _ in range(3)]
    one.till.fail_with = [ConnectorError("HTTP 422: unknown article", permanent=True)] * 2
    one.work()
    now = clock.now()
    Breaker.objects.update_or_create(
        key=f"pos:{one.store.pk}",
        defaults={
            "state": "open",
            "failures": 9,
            "last_error": "no whole reply: ReadTimeout",
            "opened_at": now - timedelta(minutes=40),
            "due_at": now + timedelta(minutes=1),
        },
    )
    for kind, key, ours, theirs in (
        ("stock", one.milk.sku, "50 on hand", "44 on hand"),
        ("list_stale", parts[0].public_id, "line 1: 2, line 2: 1", "line 1: 9, line 2: 1"),
        ("list_unknown", "ful_01kaqz8k2t7gkz2qf3mjv5w9xe", "nothing", "revision 1, T-000042"),
        ("receipt_missing", parts[1].public_id, "1250 minor units supplied", "no receipt"),
    ):
        PosDrift.objects.create(
            connection=one.pos,
            kind=kind,
            key=key,
            ours=ours,
            theirs=theirs,
            units=44,
            item=one.milk,
            fulfillment=parts[0] if kind == "list_stale" else None,
            as_of=now,
            found_at=now,
        )
    PosWaiting.objects.create(
        connection=one.pos,
        type="receipt.recorded",
        named="ful_01kaqz8k2t7gkz2qf3mjv5w9xe",
        data={},
        received_at=now - timedelta(days=8),
        given_up_at=now,
    )
    for phase, problem in (("failed", "no connection: NewConnectionError"), ("done", "")):
        PosCheck.objects.create(
            connection=one.pos,
            phase=phase,
            problem=problem,
            receipts_seen=120,
            lists_seen=14,
            items_seen=3941,
            drifts=4,
            began_at=now,
            finished_at=now,
        )
    one.spare = parts[2]
    return one


def address(view, *args):
    return reverse(f"admin:stores_posconnection_{view}", args=args)


def test_drift_is_mended_by_one_tap_on_a_phone(page, world, chief):
    page.set_viewport_size(PHONE)
    page.goto(address("changelist"))
    page.click("text=Out of reach")
    page.click('button:has-text("Take the POS\'s count over")')
    page.locator("text=done >> visible=true").first.wait_for()  # not the icon of the menu
    assert PosDrift.objects.get(kind="stock").settled_by == "chief"


def test_every_page_fits_every_screen(page, world, chief, tmp_path):
    pages = {
        "list": address("changelist"),
        "state": address("state", world.pos.pk),
        "edit": address("edit", world.pos.pk, world.spare.pk),
        "settings": address("change", world.pos.pk),
    }
    look_at_all(page, {f"pos-{name}": where for name, where in pages.items()})
    world.pos.connector = "files"
    world.pos.save(update_fields=["connector"])
    file = tmp_path / "answers.csv"
    file.write_text("fulfillment_id,pos_reference\nful_01kaqz8k2t7gkz2qf3mjv5w9xe,T-7\n")
    page.goto(address("state", world.pos.pk))
    page.set_input_files("input[type=file]", str(file))
    page.click("button:has-text('Try it')")
    page.wait_for_selector("text=Nothing was changed")
    look(page, "pos-trial")
