"""The simulators' pages in Chromium: they keep the content policy and fit a phone."""

import json
from dataclasses import replace

import pytest

from hub.connectors.pos.base import PickLine
from hub.connectors.registry import pos_connector, sms_connector
from hub.connectors.signing import sign
from hub.webhooks.endpoints import create_endpoint
from hub.webhooks.services import body_of
from tests.contracts.test_pos import PICK_LIST
from tests.factories import make_channel, make_pos, make_store
from tests.flows.browsing import PHONE, TABLET, look, look_at_all
from tests.hub.simulators.test_simulators import post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NUMBER = "+48600700800"


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
        phone.send(to=NUMBER, body=body, reference=f"msg_{number}", valid_seconds=60)
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
    return ["", f"pos/{pos.public_id}/", "handset/", f"handset/{NUMBER}/", "site/"]


def test_pages_fit_the_screen_and_keep_the_content_policy(page, world):
    look_at_all(page, {f"simulator-{number}": f"/sim/{path}" for number, path in enumerate(world)})


def test_a_text_that_arrives_shows_without_a_reload(page, world):
    page.set_viewport_size(PHONE)
    page.goto(f"/sim/handset/{NUMBER}/")

    sms_connector("handset").send(to=NUMBER, body="Just now", reference="new", valid_seconds=60)

    page.get_by_text("Just now").wait_for(timeout=6000)
    assert page.get_by_text("Just now").is_visible()


def test_a_customer_answers_on_his_phone_and_what_he_types_is_not_lost(page, world):
    page.set_viewport_size(PHONE)
    page.goto(f"/sim/handset/{NUMBER}/")
    box = page.get_by_label("Text message to the store")

    box.fill("I am here, ")
    sms_connector("handset").send(to=NUMBER, body="Where?", reference="late", valid_seconds=60)
    page.get_by_text("Where?").wait_for(timeout=6000)
    box.press("End")
    box.type("in bay 4")
    box.press("Enter")

    own = page.locator("li.own").filter(has_text="I am here, in bay 4")
    own.wait_for(timeout=6000)
    look(page, "simulator-answer")
    assert own.count() == 1


def test_a_phone_is_put_into_a_mood(page, world):
    page.set_viewport_size(TABLET)
    page.goto(f"/sim/handset/{NUMBER}/")
    page.get_by_label("This phone is").select_option("slow")
    page.get_by_role("button", name="Set").click()
    page.wait_for_load_state("load")
    assert page.get_by_label("This phone is").input_value() == "slow"
