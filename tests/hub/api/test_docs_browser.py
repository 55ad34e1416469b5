"""The API's page in Chromium."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_api_can_be_read_and_tried_without_breaking_the_content_policy(page):
    page.goto("/v1/docs")
    page.click(".btn.authorize")
    page.click(".modal-ux .close-modal")
    page.locator(".opblock-get .opblock-summary-control").first.click()
    page.click("button:has-text('Try it out')")
    page.wait_for_selector("button:has-text('Execute')")
