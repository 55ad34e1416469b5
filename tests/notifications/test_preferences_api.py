"""Preferences and consents over HTTP: a site passes on what its customer says, no more."""

import itertools
import json
from datetime import timedelta

import pytest

from hub import clock
from hub.api.keys import SCOPES, create_key
from hub.customers.consent import is_refused, start, stop
from hub.customers.models import ConsentEvent, Profile
from hub.customers.preferences import choose_grid
from hub.customers.proof import verify_chain
from hub.customers.purposes import GROUPS
from tests.factories import CUSTOMER, make_channel, make_order, make_store
from tests.hub.api.conftest import Api
from tests.racing import at_once

pytestmark = pytest.mark.django_db
_keys = itertools.count(1)
WORD = {"channel": "sms", "purpose": "all", "status": "revoked", "wording": "web-3"}


def api_for(order, **values):
    key = {"scopes": SCOPES, "channel": order.channel} | values
    return Api(create_key(name="test", **key)[1])


def put(api, order, body):

    address = f"/v1/customers/{order.profile.public_id}/preferences"
    return api._send(
        api.client.put, address, {}, data=json.dumps(body), content_type="application/json"
    )


def told(api, order, what="preferences"):
    return api.get(f"/v1/customers/{order.profile.public_id}/{what}")


def say(api, order, **word):
    return api.post(
        f"/v1/customers/{order.profile.public_id}/consents",
        WORD | word,
        Idempotency_Key=f"consent-{next(_keys)}",
    )


def test_who_chose_nothing_is_told_so():
    order = make_order()
    reply = told(api_for(order), order)
    assert reply.status_code == 200
    assert reply.json() == {
        "id": order.profile.public_id,
        "choices": dict.fromkeys(GROUPS),
        "locale": "",
        "locale_source": "",
        "timezone": "",
        "timezone_source": "",
        "paused_until": None,
    }


def test_a_choice_is_taken_over_whole_and_the_rest_stays():
    order = make_order()
    api = api_for(order)
    choose_grid(profile=order.profile, choices={"arrival": ["sms"], "afterwards": ["sms"]})
    later = (clock.now() + timedelta(days=3)).replace(microsecond=0)
    body = {
        "choices": {"order_updates": ["email", "sms"], "pickup": [], "afterwards": None},
        "locale": "pl",
        "timezone": "Europe/Paris",
        "paused_until": later.isoformat(),
    }
    reply = put(api, order, body)
    assert reply.status_code == 200
    assert reply.json()["choices"] == {
        "order_updates": ["email", "sms"],
        "pickup": [],
        "reminders": None,
        "questions": None,
        "arrival": ["sms"],
        "afterwards": None,
    }
    assert reply.json()["timezone_source"] == reply.json()["locale_source"] == "api"
    assert told(api, order).json() == reply.json()
    assert put(api, order, {"paused_until": None}).json()["paused_until"] is None
    assert put(api, order, {}).json()["locale"] == "pl"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"choices": {"pickup": ["sms", "sms"]}}, "unknown_channel"),
        ({"choices": {"pickup": ["pigeon"]}}, "invalid_fields"),
        ({"choices": {"marketing": ["sms"]}}, "invalid_fields"),
        ({"choices": None}, "invalid_fields"),
        ({"timezone": "Moon/Base"}, "invalid_timezone"),
        ({"locale": ""}, "invalid_fields"),
        ({"locale": "<b>"}, "invalid_locale"),
        ({"paused_until": "2020-01-01T00:00:00Z"}, "invalid_pause"),
        ({"paused_until": "9999-01-01T00:00:00Z"}, "invalid_pause"),
        ({"paused_until": "soon"}, "invalid_fields"),
        ({"name": "Ann"}, "invalid_fields"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(body, code):
    order = make_order()
    reply = put(api_for(order), order, {"timezone": "Europe/Paris"} | body)
    assert reply.status_code in {400, 422}
    assert reply.json()["code"] == code
    profile = Profile.objects.get(pk=order.profile_id)
    assert (profile.chosen_timezone, profile.paused_until) == ("", None)


def test_an_order_stands_for_its_customer():
    order = make_order()
    api = api_for(order)
    reply = api.get(f"/v1/customers/{order.public_id}/preferences")
    assert reply.json()["id"] == order.profile.public_id


def test_customers_of_others_are_as_if_there_were_none():
    order = make_order()
    strangers = [
        api_for(order, channel=make_channel()),
        api_for(order, is_test=True),
        api_for(order, stores=[make_store()]),
    ]
    for api in strangers:
        assert told(api, order).status_code == 404
        assert told(api, order, "consents").status_code == 404
        assert put(api, order, {"locale": "pl"}).status_code == 404
        assert say(api, order).status_code == 404
    assert not ConsentEvent.objects.exists()
    assert Profile.objects.get(pk=order.profile_id).chosen_locale == ""


def test_each_half_needs_its_scope():
    order = make_order()
    reader = api_for(order, scopes=["customers:read"])
    writer = api_for(order, scopes=["customers:write"])
    assert told(reader, order).status_code == told(reader, order, "consents").status_code == 200
    assert put(reader, order, {}).json()["code"] == say(reader, order).json()["code"]
    assert say(reader, order).json()["code"] == "missing_scope"
    assert told(writer, order).json()["code"] == "missing_scope"


def test_a_refusal_that_a_site_passes_on_counts_at_once_and_leaves_proof():
    order = make_order()
    api = api_for(order)
    reply = say(api, order, reference="W-7", locale="pl")
    assert reply.status_code == 201
    sms, email = reply.json()["channels"]
    assert (sms["channel"], sms["stopped"], sms["refused"]) == ("sms", True, [*GROUPS])
    assert (email["stopped"], email["refused"], email["words"]) == (False, [], [])
    assert [(word["purpose"], word["status"], word["method"]) for word in sms["words"]] == [
        ("all", "revoked", "api")
    ]
    assert is_refused(order.contact.phone_hash, "sms")
    line = ConsentEvent.objects.get()
    assert (line.wording, line.reference, line.locale) == ("web-3", "W-7", "pl")
    assert line.actor.startswith("key:")
    assert verify_chain(order.contact.phone_hash) == []
    assert told(api, order, "consents").json() == reply.json()


@pytest.mark.parametrize("purpose", ["all", "pickup"])
@pytest.mark.parametrize("method", ["sms", "page", "unsubscribe", "staff", "api"])
def test_a_site_never_lifts_a_stop(method, purpose):
    order = make_order()
    stop(address_hash=order.contact.phone_hash, channel="sms", method=method)
    reply = say(api_for(order), order, status="granted", purpose=purpose)
    assert (reply.status_code, reply.json()["code"]) == (409, "consent_refused")
    assert ConsentEvent.objects.count() == 1
    assert is_refused(order.contact.phone_hash, "sms")


def test_a_site_does_not_lift_a_stop_of_one_purpose_either_but_may_agree_to_another():
    order = make_order()
    api = api_for(order)
    stop(address_hash=order.contact.phone_hash, channel="sms", method="sms", purpose="questions")
    assert say(api, order, status="granted", purpose="questions").status_code == 409
    assert say(api, order, status="granted", purpose="pickup").status_code == 201
    start(address_hash=order.contact.phone_hash, channel="sms", method="sms")
    assert say(api, order, status="granted", purpose="questions").status_code == 201


def test_an_order_that_names_channels_again_lifts_no_stop():
    order = make_order()
    stop(address_hash=order.contact.phone_hash, channel="sms", method="sms")
    make_order(channel=order.channel, customer=CUSTOMER | {"notify": ["sms"]})
    assert is_refused(order.contact.phone_hash, "sms")


def test_the_same_request_sent_twice_is_one_line():
    order = make_order()
    api = api_for(order)
    path = f"/v1/customers/{order.profile.public_id}/consents"
    replies = [api.post(path, WORD, Idempotency_Key="once") for _ in range(2)]
    assert replies[0].json() == replies[1].json()
    assert ConsentEvent.objects.count() == 1


def test_an_address_the_customer_does_not_have_is_refused():
    order = make_order(customer=CUSTOMER | {"email": ""})
    reply = say(api_for(order), order, channel="email")
    assert (reply.status_code, reply.json()["code"]) == (422, "no_address")
    assert told(api_for(order), order, "consents").json()["channels"][1]["has_address"] is False


@pytest.mark.parametrize(
    "odd",
    [
        {"channel": "pigeon"},
        {"purpose": "marketing"},
        {"status": "unknown"},
        {"wording": ""},
        {"wording": "x" * 41},
        {"reference": "\u202e"},
        {"method": "staff"},
        {"actor": "staff:1"},
    ],
)
def test_odd_words_are_refused(odd):
    order = make_order()
    reply = say(api_for(order), order, **odd)
    assert reply.status_code in {400, 422}
    assert not ConsentEvent.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_stop_and_an_agreement_at_the_same_moment_end_as_a_stop():
    order = make_order()
    address, api = order.contact.phone_hash, api_for(order)

    def do(number):
        if number % 2:
            stop(address_hash=address, channel="sms", method="sms", reference=f"call:{number}")
        else:
            say(api, order, status="granted")

    at_once(6, do)
    assert is_refused(address, "sms")
    assert verify_chain(address) == []
