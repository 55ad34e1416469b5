"""Endpoints: what may be called, and what happens when one is switched off and on."""

import pytest

from hub.connectors.signing import key_of
from hub.events import leases
from hub.webhooks.endpoints import (
    InvalidSecret,
    InvalidUrl,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
)
from hub.webhooks.models import WebhookCall
from tests.factories import make_channel, make_endpoint

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "ftp://example.com", "https://u:p@example.com/", "javascript:1", ""]
)
def test_an_address_that_could_never_be_called_is_refused(url):
    with pytest.raises(InvalidUrl):
        create_endpoint(channel=make_channel(), url=url)


def test_a_malformed_secret_is_refused():
    with pytest.raises(InvalidSecret):
        create_endpoint(channel=make_channel(), url="https://example.com/", secret="whsec_short")


def test_an_endpoint_gets_a_fresh_secret_that_is_sealed_in_the_database():
    endpoint = create_endpoint(channel=make_channel(), url="https://example.com/hooks")
    assert len(key_of(endpoint.secret)) == 32
    stored = type(endpoint).objects.extra(select={"raw": "encode(secret, 'escape')"}).get()
    assert endpoint.secret not in stored.raw


def test_parked_calls_can_be_sent_again_once_the_endpoint_is_back(tell):
    endpoint = make_endpoint()
    disable_endpoint(endpoint=endpoint, reason="moving house")
    tell(endpoint.channel)

    enable_endpoint(endpoint=endpoint)
    replayed = leases.replay(WebhookCall.objects.filter(endpoint=endpoint))

    assert endpoint.active
    assert replayed == 1
    assert len(leases.claim(WebhookCall, lane=f"webhook:{endpoint.public_id}", limit=5)) == 1
