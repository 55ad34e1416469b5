"""Cursors and entity tags."""

import contextlib

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from hub.api.errors import InvalidCursor, VersionMismatch
from hub.api.etag import etag_of, wanted_version
from hub.api.paging import decode_cursor, encode_cursor


def request(tag=None):
    headers = {} if tag is None else {"If-Match": tag}
    return RequestFactory().get("/", headers=headers)


@given(st.one_of(st.integers(), st.text(max_size=40), st.lists(st.integers(), max_size=5)))
def test_a_cursor_gives_back_what_went_in(value):
    assert decode_cursor(encode_cursor(value)) == value


@given(st.text(max_size=600))
def test_any_text_is_a_cursor_or_refused(text):
    with contextlib.suppress(InvalidCursor):
        decode_cursor(text)


@pytest.mark.parametrize(
    "tag", ['"other"', 'W/"v3"', '"v1", "v3"', "v3", "", '"v3', '"v3" "v4"', ",", '"v-3"']
)
def test_a_tag_that_names_no_one_version_is_refused_with_412(tag):
    with pytest.raises(VersionMismatch) as caught:
        wanted_version(request(tag))

    assert caught.value.status == 412


def test_the_version_of_a_tag_can_go_into_a_guarded_update():
    assert wanted_version(request(etag_of(12))) == 12
    assert wanted_version(request()) is None
    assert wanted_version(request("*")) is None
