"""Kannel's callbacks: addresses that carry a key, for it can sign nothing."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from hub.connectors.sms.kannel import KannelSms, callback_key, texts_url
from hub.inbox.models import InboundCall
from hub.providers.services import account_named, connector_for
from tests.factories import make_provider
from tests.hub.inbox.calling import call, kept, kinds

pytestmark = pytest.mark.django_db

SECRET = "a secret of the account"


@pytest.fixture
def kannel():
    return make_provider(connector="kannel", callback_secret=SECRET)


def receipt(kannel, status="1", answer="", reference="msg_1", key=None):
    connector = connector_for(account_named(kannel.name, channel="sms"))
    assert isinstance(connector, KannelSms)
    url = urlsplit(connector.receipt_url("msg_1"))
    query = url.query.replace("%d", status).replace("%A", quote(answer))
    if key is not None:
        query = query.replace(dict(parse_qsl(url.query))["key"], key)
    return call("GET", f"{url.path}?{query.replace('ref=msg_1', f'ref={reference}')}")


def text(kannel, words, *, charset="UTF-8", sender="48600700800", number="abc-1", secret=SECRET):
    url = texts_url(f"/hooks/sms/{kannel.name}", secret)
    for sign, value in (
        ("%p", quote(sender)),
        ("%P", "5550100"),
        ("%C", charset),
        ("%I", number),
        ("%b", quote(words, safe="")),
    ):
        url = url.replace(f"={sign}", f"={value}")
    return call("GET", url)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("1", "message.delivered"),
        ("2", "message.undelivered"),
        ("4", "message.pending"),
        ("8", "message.sent"),
        ("16", "message.failed"),
    ],
)
def test_each_value_of_the_mask_has_its_meaning(kannel, status, kind):
    reply = receipt(kannel, status, answer="id:1 stat:UNDELIV err:0e1 text:")
    assert (reply.status_code, reply.content) == (200, b"")
    assert kept()[0]["type"] == kind
    assert kept()[0]["data"]["reference"] == "msg_1"
    assert kept()[0]["data"]["code"] == "0e1"


def test_a_repeated_receipt_is_kept_once_and_a_new_status_anew(kannel):
    for status in ("8", "8", "1", "1"):
        assert receipt(kannel, status).status_code == 200
    assert kinds() == ["message.sent", "message.delivered"]


@pytest.mark.parametrize("words", ["HERE 4", "Я здесь + 100% & co=?", "ça va 😀", ""])
def test_a_text_is_kept_word_for_word(kannel, words):
    reply = text(kannel, words)
    assert (reply.status_code, reply.content) == (200, b"")
    assert kept()[0]["data"] == {
        "from": "+48600700800",
        "to": "5550100",
        "text": words,
        "id": "abc-1",
        "opt_out": "",
    }


def test_a_text_in_an_older_alphabet_is_read_all_the_same(kannel):
    assert text(kannel, "déjà là".encode("cp1252"), charset="WINDOWS-1252").status_code == 200
    assert kept()[0]["data"]["text"] == "déjà là"


def test_a_text_that_comes_twice_is_kept_once(kannel):
    for _ in range(2):
        text(kannel, "HERE")
    assert InboundCall.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x", "é", "0" * 40, callback_key(SECRET, "texts")])
def test_a_receipt_with_a_wrong_key_is_refused(kannel, key):
    assert receipt(kannel, key=quote(key)).status_code == 401


def test_the_key_of_one_texts_receipts_is_no_good_for_another_nor_for_texts(kannel):
    own = callback_key(SECRET, "msg_1")
    assert receipt(kannel, reference="msg_2").status_code == 401
    path = f"/hooks/sms/{kannel.name}"
    assert call("GET", f"{path}?key={own}&from=1&text=x&id=1").status_code == 401


def test_both_secrets_are_good_while_one_is_replaced(kannel):
    kannel.callback_secret, kannel.previous_callback_secret = "new", SECRET
    kannel.save()
    replies = [
        text(kannel, "x", secret=secret, number=secret[:1]).status_code
        for secret in ("new", SECRET, "third")
    ]
    assert replies == [200, 200, 401]


@pytest.mark.parametrize("query", ["status=32", "status=", "status=%2B1", "nothing=1"])
def test_an_authentic_call_that_is_odd_is_a_coded_refusal(kannel, query):
    key = callback_key(SECRET, "msg_1")
    reply = call("GET", f"/hooks/sms/{kannel.name}?ref=msg_1&key={key}&{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, "odd_call")


def test_a_caller_who_asks_an_address_of_another_kind_of_provider_is_refused():
    other = make_provider(connector="http")
    assert call("GET", f"/hooks/sms/{other.name}?key=1").status_code == 401
    assert call("GET", "/hooks/sms/nobody?key=1").status_code == 401
