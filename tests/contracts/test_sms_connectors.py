"""What every SMS connector does, shown on each of them."""

import socket
from dataclasses import dataclass

import pytest

from hub.connectors.sms import kannel
from hub.connectors.sms.base import CancelsTexts, FindsTexts, SmsAccount
from hub.connectors.sms.gateway import GatewaySms
from hub.connectors.sms.handset import HandsetSms
from hub.connectors.sms.kannel import KannelSms
from hub.connectors.sms.memory import MemorySms
from hub.connectors.sms.twilio import TwilioSms
from hub.errors import ConnectorError
from hub.ids import new_id
from hub.simulators.models import SimulatedPhone, SimulatedText
from hub.simulators.phones import set_mood
from notifications import segments
from tests.contracts.sms_vendors import Gateway, Kannel, Twilio, running

pytestmark = pytest.mark.django_db(transaction=True)

TO = "+48500123456"


@dataclass
class Rig:
    """A connector, the words that arrived at a number through it, and the vendor behind it."""

    connector: object
    arrived: object
    vendor: object = None


def _handset(request):
    settings = request.getfixturevalue("settings")
    settings.PUBLIC_BASE_URL = request.getfixturevalue("live_server").url
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    return Rig(
        connector=HandsetSms(),
        arrived=lambda to: [text.body for text in SimulatedText.objects.filter(phone=to)],
    )


def _memory(request):
    connector = MemorySms()
    return Rig(connector, lambda to: [text.body for text in connector.texts if text.to == to])


def _beside(request, vendor, connector_class, **account):
    """A connector to a vendor that runs until the test ends."""
    request.getfixturevalue("settings").PRIVATE_NETWORKS = ["127.0.0.0/8"]
    run = running(vendor)
    url = run.__enter__()
    request.addfinalizer(lambda: run.__exit__(None, None, None))
    receipts = "https://hub.example/hooks/sms/main"
    account = SmsAccount(
        name="main",
        base_url=url,
        **{"receipts_url": receipts, "sender": "+15550001", "callback_secret": "s"} | account,
    )
    return Rig(connector_class(account), vendor.arrived, vendor)


def _twilio(request, **account):
    usual = {"account": Twilio.SID, "secret": Twilio.TOKEN}
    return _beside(request, Twilio(), TwilioSms, **usual | account)


def _gateway(request, form=False):
    options = {
        "format": "form" if form else "json",
        "auth_header": "X-Api-Key",
        "auth_prefix": "Token",
        "to_field": "msisdn",
        "text_field": "message",
        "account_field": "user",
        "valid_seconds_field": "-",
        "id_field": "message_id",
        "code_field": "error",
    }
    return _beside(
        request,
        Gateway(form=form),
        GatewaySms,
        account="shop",
        secret=Gateway.KEY,
        options=tuple(options.items()),
    )


def _form_gateway(request):
    return _gateway(request, form=True)


def _kannel(request, **account):
    usual = {"account": Kannel.USER, "secret": Kannel.PASSWORD}
    return _beside(request, Kannel(), KannelSms, **usual | account)


ALL = {
    "memory": _memory,
    "handset": _handset,
    "twilio": _twilio,
    "gateway": _gateway,
    "form gateway": _form_gateway,
    "kannel": _kannel,
}


@pytest.fixture(params=list(ALL))
def rig(request):
    return ALL[request.param](request)


@pytest.fixture(params=["twilio", "gateway", "form gateway", "kannel"])
def remote(request):
    return ALL[request.param](request)


def send(rig, **changed):
    text = {"to": TO, "body": "Zażółć 1", "reference": new_id("msg"), "valid_seconds": 600}
    return rig.connector.send(**(text | changed))


def test_a_text_arrives_word_for_word_and_gets_a_reference(rig):
    assert send(rig, body="PIN 123456\nhttps://x.example/p/абв 😀")
    assert rig.arrived(TO) == ["PIN 123456\nhttps://x.example/p/абв 😀"]


def test_every_text_gets_a_reference_of_its_own(rig):
    assert send(rig) != send(rig)


def test_it_has_a_name_for_its_lane(rig):
    assert rig.connector.name in {"memory", "handset", "main"}


def test_the_handset_shows_a_repeated_reference_once(request):
    rig = _handset(request)
    first, again = (send(rig, reference="msg_1") for _ in range(2))
    assert first == again
    assert len(rig.arrived(TO)) == 1


def test_what_the_handset_cannot_take_is_refused_for_good(request):
    rig = _handset(request)
    with pytest.raises(ConnectorError) as refusal:
        send(rig, to="nobody")
    assert refusal.value.permanent


def test_a_handset_that_is_not_there_can_be_tried_again_without_doubt(settings, unused_port):
    settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{unused_port}"
    settings.PRIVATE_NETWORKS = ["127.0.0.0/8"]
    with pytest.raises(ConnectorError) as failure:
        send(Rig(HandsetSms(), None))
    assert not failure.value.permanent
    assert not failure.value.ambiguous


@pytest.fixture
def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_memory_fails_as_told_and_takes_the_text_only_when_in_doubt():
    connector = MemorySms()
    connector.failures = [ConnectorError("busy"), ConnectorError("lost", ambiguous=True)]
    for _ in range(2):
        with pytest.raises(ConnectorError):
            send(Rig(connector, None))
    assert len(connector.texts) == 1
    assert not isinstance(connector, FindsTexts)


# --- what a vendor's refusals mean --------------------------------------------------------------


def refused(rig, **changed):
    with pytest.raises(ConnectorError) as refusal:
        send(rig, **changed)
    return refusal.value


def test_a_number_that_cannot_be_is_refused_for_good_with_the_vendors_code(remote):
    error = refused(remote, to="12")
    assert error.permanent
    assert not error.ambiguous
    assert error.code in {"21211", "E_NUMBER", "400"}


@pytest.mark.parametrize("make", [_twilio, _kannel])
def test_a_wrong_password_is_no_verdict_on_the_text(request, make):
    error = refused(make(request, secret="wrong"))
    assert (error.permanent, error.ambiguous) == (False, False)


def test_too_many_calls_are_to_be_tried_again_later(remote):
    remote.vendor.refusals = [(429, {"code": 20429})]
    error = refused(remote)
    assert (error.permanent, error.ambiguous) == (False, False)


def test_a_server_that_fails_may_have_taken_the_text(remote):
    remote.vendor.refusals = [(500, {})]
    assert refused(remote).ambiguous


def test_a_vendor_that_says_it_is_closed_has_taken_nothing(remote):
    remote.vendor.refusals = [(503, {})]
    error = refused(remote)
    assert (error.permanent, error.ambiguous) == (False, False)


def test_a_private_address_is_called_only_where_settings_allow_it(remote, settings):
    settings.PRIVATE_NETWORKS = []
    assert refused(remote).permanent
    assert remote.vendor.texts == []


def test_no_secret_shows_in_what_a_connector_is_made_of():
    account = SmsAccount(name="main", secret="hush-1", callback_secret="hush-2")
    assert "hush" not in repr(account)


# --- twilio -------------------------------------------------------------------------------------


def test_twilio_is_told_how_long_a_text_is_good_and_where_to_report(request):
    rig = _twilio(request)
    send(rig, reference="msg_1", valid_seconds=90_000)
    fields = rig.vendor.texts[0]["fields"]
    assert fields["ValidityPeriod"] == "36000"
    assert fields["StatusCallback"] == "https://hub.example/hooks/sms/main?ref=msg_1"
    assert fields["From"] == "+15550001"


def test_twilio_sends_by_a_messaging_service_when_the_sender_is_one(request):
    rig = _twilio(request, sender="MG" + "2" * 32)
    send(rig)
    assert rig.vendor.texts[0]["fields"]["MessagingServiceSid"] == "MG" + "2" * 32


def test_twilio_names_the_code_of_a_number_that_said_stop(request):
    rig = _twilio(request)
    rig.vendor.refusals = [(400, {"code": 21610, "message": "unsubscribed recipient"})]
    error = refused(rig)
    assert (error.code, error.permanent) == ("21610", True)


def test_twilio_finds_a_text_by_its_words_whatever_their_link(request):
    rig = _twilio(request)
    sid = send(rig, body="Ready. PIN 1. https://h.example/p/aaa")
    send(rig, body="Another text")

    found = rig.connector.find(
        to=TO, reference="msg_1", body="Ready. PIN 1. https://h.example/p/bbb"
    )
    missing = rig.connector.find(to=TO, reference="msg_2", body="Ready. PIN 2.")
    elsewhere = rig.connector.find(to="+48500000009", reference="msg_1", body="Another text")

    assert (found, missing, elsewhere) == (sid, None, None)


def test_twilio_does_not_count_a_text_that_failed_or_one_of_yesterday(request):
    rig = _twilio(request)
    send(rig, body="Ready")
    rig.vendor.texts[0]["status"] = "failed"
    send(rig, body="Ready")
    rig.vendor.texts[1]["date_created"] = "Mon, 05 Jan 2026 10:00:00 +0000"
    assert rig.connector.find(to=TO, reference="msg_1", body="Ready") is None


def test_twilio_drops_what_it_still_holds_and_nothing_else(request):
    rig = _twilio(request)
    held, gone = send(rig), send(rig)
    rig.vendor.texts[0]["status"] = "scheduled"
    assert isinstance(rig.connector, CancelsTexts)
    assert rig.connector.cancel(reference=held)
    assert not rig.connector.cancel(reference=gone)


# --- kannel and gateways ------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "coding"), [("Pickup 5€ [A]", "0"), ("Zażółć", "2"), ("ж", "2")])
def test_kannel_is_told_which_alphabet_a_text_needs(request, body, coding):
    rig = _kannel(request)
    send(rig, body=body, reference="msg_1", valid_seconds=125)
    fields = rig.vendor.texts[0]["fields"]
    assert (fields["coding"], fields["charset"], fields["validity"]) == (coding, "UTF-8", "2")
    assert fields["dlr-mask"] == "31"
    assert fields["dlr-url"].startswith("https://hub.example/hooks/sms/main?ref=msg_1&key=")
    assert fields["dlr-url"].endswith("&status=%d&answer=%A")


def test_kannels_alphabet_is_that_of_the_segments():
    kannel_letters = set(kannel._GSM7)
    assert kannel_letters == set(segments._BASIC) | set(segments._EXTENDED)


def test_a_gateway_gets_the_fields_it_knows_under_its_own_names(request):
    rig = _gateway(request)
    assert send(rig, reference="msg_1") == "g-1"
    assert rig.vendor.texts[0]["fields"] == {
        "msisdn": TO,
        "message": "Zażółć 1",
        "from": "+15550001",
        "reference": "msg_1",
        "callback": "https://hub.example/hooks/sms/main",
        "user": "shop",
    }


# --- the handset --------------------------------------------------------------------------------


def test_the_handset_knows_what_it_has_and_takes_back_what_is_on_its_way(request):
    rig = _handset(request)
    set_mood(phone=TO, mood=SimulatedPhone.Mood.SLOW)
    slow = send(rig, reference="msg_slow")
    shown = send(rig, to="+48500123457", reference="msg_shown")

    assert rig.connector.find(to=TO, reference=slow) == slow
    assert rig.connector.find(to=TO, reference="msg_unknown") is None
    assert [rig.connector.cancel(reference=one) for one in (slow, shown, "none")] == [
        *(True, False, False)
    ]


def test_a_network_that_is_out_of_order_has_taken_nothing(request):
    rig = _handset(request)
    set_mood(phone=SimulatedPhone.NETWORK, mood=SimulatedPhone.Mood.DEAD)
    error = refused(rig)
    assert (error.permanent, error.ambiguous) == (False, False)
    assert rig.arrived(TO) == []
