"""Bodies of every odd kind: a coded problem each, never a 500."""

import contextlib
import json
import time

import pytest

from hub.api.errors import (
    BadRequest,
    DuplicateKey,
    InvalidText,
    MalformedJson,
    NotAnObject,
    NumberOutOfRange,
    TooDeep,
)
from hub.api.parsing import load, load_object

ODD = [
    (b"{", MalformedJson),
    (b"", MalformedJson),
    (b" ", MalformedJson),
    (b"{'a': 1}", MalformedJson),
    (b'{"a": 1,}', MalformedJson),
    (b'{"a": 1} x', MalformedJson),
    (b'{"a": 01}', MalformedJson),
    (b'{"a": .5}', MalformedJson),
    (b'{"a": "tab\there"}', MalformedJson),
    (b'\xef\xbb\xbf{"a": 1}', MalformedJson),
    (b'{"a": "\xff"}', MalformedJson),
    (b'{"a": "\xed\xa0\x80"}', MalformedJson),
    ('{"a": 1}'.encode("utf-16"), MalformedJson),
    (b"\x00", MalformedJson),
    (b"[]", NotAnObject),
    (b"null", NotAnObject),
    (b'"text"', NotAnObject),
    (b"1", NotAnObject),
    (b'{"a": 1, "a": 2}', DuplicateKey),
    (b'{"x": [{"a": 1, "b": 2, "\\u0061": 2}]}', DuplicateKey),
    (b'{"a": NaN}', NumberOutOfRange),
    (b'{"a": -Infinity}', NumberOutOfRange),
    (b'{"a": 1e999}', NumberOutOfRange),
    (b'{"a": 9223372036854775808}', NumberOutOfRange),
    (b'{"a": ' + b"9" * 10_000 + b"}", NumberOutOfRange),
    (b'{"a": "\\u0000"}', InvalidText),
    (b'{"a\\u0000": 1}', InvalidText),
    (b'{"a": ["\\ud800"]}', InvalidText),
    (b'{"\\udfff": 1}', InvalidText),
    (b'{"a": "' + b"\\u0301\\u0316" * 16 + b'"}', InvalidText),
    (b'{"a":' * 33 + b"1" + b"}" * 33, TooDeep),
    (b"[" * 100_000, TooDeep),
    (b'{"a":' * 100_000, TooDeep),
]


@pytest.mark.parametrize(("body", "error"), ODD)
def test_an_odd_body_is_refused_by_its_own_code(body, error):
    with pytest.raises(error):
        load_object(body)


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
@pytest.mark.parametrize(("body", "error"), ODD)
def test_an_odd_body_is_a_problem_over_http(api, body, error):
    answer = api.post("/v1/probe", body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    wanted = error.code if body else "invalid_fields"  # no body at all is an empty object
    assert answer.json()["code"] == wanted


def test_text_is_normalised_wherever_it_stands():
    decomposed = "e\u0301"

    value = load(json.dumps({decomposed: [decomposed, {"x": decomposed}]}).encode())

    assert value == {"é": ["é", {"x": "é"}]}


def test_two_spellings_of_one_member_are_a_duplicate():
    with pytest.raises(DuplicateKey):
        load('{"é": 1, "e\u0301": 2}'.encode())


def test_emoji_bidi_and_the_largest_numbers_pass():
    body = {
        "a": "👩‍🚀 \u202eabc",
        "b": 2**63 - 1,
        "c": -(2**63) + 1,
        "d": 1.5e300,
        "e": [None, True],
    }

    assert load(json.dumps(body).encode()) == body


def test_a_hostile_megabyte_is_refused_quickly():
    started = time.process_time()
    for body in (
        b'{"a":[' + b"[]," * 300_000 + b"1]}",
        b'{"a":"' + b"\\u0301\\u0316" * 80_000 + b'"}',
        b'{"a":"' + b"a\\u0301\\u0316\\u0300" * 40_000 + b'"}',
        b"{" + b",".join(b'"%d":1' % at for at in range(100_000)) + b',"0":1}',
        b"9" * 1_000_000,
    ):
        with contextlib.suppress(BadRequest):
            load(body)

    assert time.process_time() - started < 5


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
@pytest.mark.parametrize(
    ("content_type", "headers"),
    [
        ("text/plain", {}),
        ("", {}),
        ("application/xml", {}),
        ("application/x-www-form-urlencoded", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/json; charset=utf-16", {}),
        ("application/json; charset=latin-1", {}),
        ("application/jsonp", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)
def test_other_media_types_are_refused(api, content_type, headers):
    answer = api.post("/v1/probe", '{"bucket": "b"}', content_type=content_type, **headers)

    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
@pytest.mark.parametrize("charset", ["; charset=utf-8", '; charset="UTF-8"', ";charset=UTF-8", ""])
def test_utf_8_may_be_named(api, charset):
    content_type = f"application/json{charset}"

    answer = api.post("/v1/probe", '{"bucket": "b"}', content_type=content_type)

    assert answer.status_code == 201


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
def test_ten_megabytes_are_refused_before_they_are_read(api):
    answer = api.post("/v1/probe", b'{"bucket": "' + b"x" * 10_000_000 + b'"}')

    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


@pytest.mark.django_db
@pytest.mark.usefixtures("probes")
def test_a_body_without_a_length_is_refused(api):
    answer = api.client.post(
        "/v1/probe",
        data="",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked", "Authorization": f"Bearer {api.secret}"},
        CONTENT_LENGTH="",
    )

    assert answer.status_code == 411
