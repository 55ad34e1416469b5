"""The simulators' pages in Chromium: they keep the content policy and fit a phone."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from hub.connectors.pos.base import PickLine
from hub.connectors.registry import pos_connector, sms_connector
from hub.connectors.signing import sign
from hub.webhooks.endpoints import create_endpoint
from hub.webhooks.services import body_of
from tests.contracts.test_pos import PICK_LIST
from tests.factories import make_channel, make_pos, make_store
from tests.hub.simulators.test_simulators import post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = "+48600700800"
SIZES = [(390, 844), (820, 1180), (1280, 800)]


@pytest.fixture
def world(live_server, settings, tell):
    """Something to see on every page; returns the paths."""
    settings.PUBLIC_BASE_URL = live_server.url
    pos = make_pos(make_store(name="Kraków Kazimierz", city="Kraków"))
    for number in range(3):
        pick_list = replace(
            PICK_LIST, fulfillment_id=f"ful_{number}", order_reference=f"W-{number}"
        )
        if number == 2:
            lines = tuple(
                PickLine(line_id=str(n), sku=f"SKU-{n:05}", name=f"Thing {n} " * 4, quantity=n)
                for n in range(1, 9)
            )
            pick_list = replace(pick_list, lines=lines)
        reference = pos_connector(pos, is_test=True).queue(pick_list)
    pos_connector(pos, is_test=True).cancel(reference, "ful_2")
    phone = sms_connector("handset")
    for number in range(6):
        link = f"{live_server.url}/p/Zk3v9QmXw2LtR8sYb1NcA{number}"
        body = f"Order W-{number} is ready at Kraków Kazimierz. PIN 48201{number}. Here? {link}"
        phone.send(to=PHONE, body=body, reference=f"msg_{number}", valid_seconds=60)
    endpoint = create_endpoint(channel=make_channel(), url=f"{live_server.url}/sim/site/webhooks")
    for kind in ("order.placed", "fulfillment.accepted", "fulfillment.ready_for_pickup"):
        event = tell(
            endpoint.channel,
            type=kind,
            data={"order_id": "ord_01jd3k5w2x", "external_id": "W-1001", "status": "open"},
        )
        body = body_of(event)
        headers = sign(secrets=[endpoint.secret], message_id=event.public_id, body=body)
        post("/sim/site/webhooks", body, headers)
    post("/sim/site/webhooks", body, headers)
    post("/sim/site/webhooks", json.dumps({"type": "forged", "data": {}}).encode())
    return ["", f"pos/{pos.public_id}/", "handset/", f"handset/{PHONE}/", "site/"]


@pytest.mark.parametrize("size", SIZES)
def test_pages_fit_the_screen_and_keep_the_content_policy(
    browser, world, live_server, size, tmp_path
):
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    shots = Path(os.environ.get("HUB_SCREENSHOTS", tmp_path))
    for number, path in enumerate(world):
        page.goto(f"{live_server.url}/sim/{path}")
        page.screenshot(path=shots / f"simulator-{number}-{width}.png")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} is {wide} px wide"
    assert complaints == []


def test_a_text_that_arrives_shows_without_a_reload(browser, world, live_server):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{live_server.url}/sim/handset/{PHONE}/")

    sms_connector("handset").send(to=PHONE, body="Just now", reference="new", valid_seconds=60)

    page.get_by_text("Just now").wait_for(timeout=6000)
    assert page.get_by_text("Just now").is_visible()


def test_a_customer_answers_on_his_phone_and_what_he_types_is_not_lost(
    browser, world, live_server, tmp_path
):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{live_server.url}/sim/handset/{PHONE}/")
    box = page.get_by_label("Text message to the store")

    box.fill("I am here, ")
    sms_connector("handset").send(to=PHONE, body="Where?", reference="late", valid_seconds=60)
    page.get_by_text("Where?").wait_for(timeout=6000)
    box.press("End")
    box.type("in bay 4")
    box.press("Enter")

    own = page.locator("li.own").filter(has_text="I am here, in bay 4")
    own.wait_for(timeout=6000)
    shots = Path(os.environ.get("HUB_SCREENSHOTS", tmp_path))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=shots / f"simulator-answer-{width}.png")
    assert own.count() == 1


def test_a_phone_is_put_into_a_mood(browser, world, live_server):
    page = browser.new_page(viewport={"width": 820, "height": 1180})
    page.goto(f"{live_server.url}/sim/handset/{PHONE}/")
    page.get_by_label("This phone is").select_option("slow")
    page.get_by_role("button", name="Set").click()
    page.wait_for_load_state("load")
    assert page.get_by_label("This phone is").input_value() == "slow"
