"""What every SMS connector does, shown on each of them."""

import socket
from dataclasses import dataclass

import pytest

from hub.connectors.sms.base import FindsTexts
from hub.connectors.sms.handset import HandsetSms
from hub.connectors.sms.memory import MemorySms
from hub.errors import ConnectorError
from hub.ids import new_id
from hub.simulators.models import SimulatedText

pytestmark = pytest.mark.django_db(transaction=True)

TO = "+48500123456"


@dataclass
class Rig:
    """A connector and the words that arrived at a number through it."""

    connector: object
    arrived: object


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


@pytest.fixture(params=[_memory, _handset], ids=["memory", "handset"])
def rig(request):
    return request.param(request)


def send(rig, **changed):
    text = {"to": TO, "body": "Zażółć 1", "reference": new_id("msg"), "valid_seconds": 600}
    return rig.connector.send(**(text | changed))


def test_a_text_arrives_word_for_word_and_gets_a_reference(rig):
    assert send(rig, body="PIN 123456\nhttps://x.example/p/абв 😀")
    assert rig.arrived(TO) == ["PIN 123456\nhttps://x.example/p/абв 😀"]


def test_every_text_gets_a_reference_of_its_own(rig):
    assert send(rig) != send(rig)


def test_it_has_a_name_for_its_lane(rig):
    assert rig.connector.name in {"memory", "handset"}


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
