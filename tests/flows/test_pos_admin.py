"""The pages of a POS in a real browser: they fit every screen, and drift is mended by one tap.

Pictures of every page lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from hub import clock
from hub.errors import ConnectorError
from hub.events.models import Breaker
from orders.models import PosCheck, PosDrift, PosWaiting
from tests.orders.pos.conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1280, 800)}


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


@pytest.fixture
def chief(page, live_server):
    """Somebody logged in; whatever the page complains of fails the test."""
    found: list[str] = []
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    host = urlsplit(live_server.url).netloc
    page.on(
        "request",
        lambda asked: found.append(asked.url) if urlsplit(asked.url).netloc != host else None,
    )
    User.objects.create_superuser("chief", password="walks-fast-9")
    page.goto(live_server.url + reverse("admin:login"))
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", "walks-fast-9")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    yield
    assert not found


def address(view, *args):
    return reverse(f"admin:stores_posconnection_{view}", args=args)


def test_drift_is_mended_by_one_tap_on_a_phone(page, live_server, world, chief):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + address("changelist"))
    page.click("text=Out of reach")
    page.click('button:has-text("Take the POS\'s count over")')
    page.locator("text=done >> visible=true").first.wait_for()  # not the icon of the menu
    assert PosDrift.objects.get(kind="stock").settled_by == "chief"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_every_screen(page, live_server, world, chief, size, scheme, tmp_path):  # noqa: PLR0917
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.emulate_media(color_scheme=scheme)
    PICTURES.mkdir(parents=True, exist_ok=True)
    pages = {
        "list": address("changelist"),
        "state": address("state", world.pos.pk),
        "edit": address("edit", world.pos.pk, world.spare.pk),
        "settings": address("change", world.pos.pk),
        "trial": address("state", world.pos.pk),
    }
    for name, where in pages.items():
        if name == "trial":
            world.pos.connector = "files"
            world.pos.save(update_fields=["connector"])
        page.goto(live_server.url + where)
        page.wait_for_load_state("load")
        if name == "trial":
            file = tmp_path / "answers.csv"
            file.write_text("fulfillment_id,pos_reference\nful_01kaqz8k2t7gkz2qf3mjv5w9xe,T-7\n")
            page.set_input_files("input[type=file]", str(file))
            page.click("button:has-text('Try it')")
            page.wait_for_selector("text=Nothing was changed")
        page.screenshot(path=PICTURES / f"pos-{name}-{size}-{scheme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} pixels too wide at {size}"
