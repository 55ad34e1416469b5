"""The API's page in Chromium."""

from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_api_can_be_read_and_tried_without_breaking_the_content_policy(page, live_server):
    complaints, hosts = [], set()
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))

    page.goto(f"{live_server.url}/v1/docs")
    page.click(".btn.authorize")
    page.click(".modal-ux .close-modal")
    page.locator(".opblock-get .opblock-summary-control").first.click()
    page.click("button:has-text('Try it out')")
    page.wait_for_selector("button:has-text('Execute')")

    assert complaints == []
    assert hosts - {""} == {urlsplit(live_server.url).netloc}
