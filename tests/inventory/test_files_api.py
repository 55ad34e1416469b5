"""Stock files over the API: sent in a stream, taken once, followed to their end."""

from __future__ import annotations

import dataclasses
import gzip
import io
import itertools
import json

import pytest
from django.db import connection

from hub.api.keys import SCOPES, create_key
from hub.api.schema import description
from inventory.api import uploading
from inventory.feeds import keeping
from inventory.models import RefusedLine, StockFile
from tests.factories import make_channel, make_layout, make_store
from tests.hub.api.conftest import Api

pytestmark = pytest.mark.django_db

FILE = "sku,on_hand\nMUG,3\nTEA,0\n"
AS_OF = "2026-11-01T08:00:00Z"


@pytest.fixture(autouse=True)
def feeds(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"
    return settings.FEEDS_DIR


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def channel():
    return make_channel(code="shop")


def api_of(channel, **values):
    return Api(create_key(channel=channel, name="k", scopes=SCOPES, **values)[1])


@pytest.fixture
def api(channel):
    return api_of(channel)


def send(api, body=FILE, query=f"as_of={AS_OF}&store=S1", kind="text/csv", **headers):
    return api.post(f"/v1/stock/files?{query}", body, content_type=kind, **headers)


def kept(feeds):
    return [path.read_bytes() for path in sorted((feeds / "received").iterdir())]


def test_a_file_is_kept_and_waits_to_be_read(api, store, feeds):
    reply = send(api)

    told = reply.json()
    file = StockFile.objects.get()
    assert reply.status_code == 202
    assert reply["Location"] == f"/v1/stock/files/{told['id']}"
    assert (told["id"], told["status"], told["store"]) == (file.public_id, "waiting", "S1")
    assert (file.source, file.mode, file.complete) == ("api:shop", "snapshot", False)
    assert kept(feeds) == [FILE.encode()]


def test_the_same_file_again_is_answered_with_the_first_one(api, store, feeds):
    first, again = send(api), send(api)

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert len(kept(feeds)) == 1


def test_a_file_of_another_moment_is_another_file(api, store):
    send(api)

    assert send(api, query="as_of=2026-11-02T08:00:00Z&store=S1").status_code == 202


def test_what_the_query_says_goes_before_the_layout(api, store):
    rules = {"mode": "snapshot", "complete": True, "policy": "reject_file"}
    make_layout(code="till", source="pos_1", store=store, **rules)
    partial = f"as_of={AS_OF}&layout=till&complete=false&policy=reject_rows"

    plain = send(api, query=f"as_of={AS_OF}&layout=till").json()
    other = send(api, query=partial, body="x").json()

    assert (plain["layout"], plain["store"]) == ("till", None)
    assert (plain["complete"], plain["policy"]) == (True, "reject_file")
    assert (other["complete"], other["policy"]) == (False, "reject_rows")
    assert set(StockFile.objects.values_list("source", flat=True)) == {"pos_1"}


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_compressed_file_is_kept_as_it_came(api, store, feeds, encoding):
    packed = gzip.compress(FILE.encode(), mtime=0)

    reply = send(api, packed, kind="application/gzip", Content_Encoding=encoding)

    assert reply.status_code == 202
    assert kept(feeds) == [packed]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "invalid_fields"),
        ("as_of=yesterday", 400, "invalid_fields"),
        (f"as_of={AS_OF}&mode=guess", 400, "invalid_fields"),
        (f"as_of={AS_OF}&mood=good", 400, "invalid_fields"),
        (f"as_of={AS_OF}&as_of={AS_OF}", 400, "invalid_fields"),
        (f"as_of={AS_OF}&complete=perhaps", 400, "invalid_fields"),
        (f"as_of={AS_OF}&name=a%00b", 400, "invalid_text"),
        (f"as_of={AS_OF}&layout=none", 422, "unknown_layout"),
        (f"as_of={AS_OF}&store=NIX", 404, "not_found"),
        (f"as_of={AS_OF}&mode=delta&complete=true", 422, "invalid"),
        ("as_of=2999-01-01T00:00:00Z", 422, "in_the_future"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(api, feeds, query, status, code):
    reply = send(api, query=query)

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not StockFile.objects.exists()
    assert not feeds.exists() or not kept(feeds)


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [
        ("application/json", "identity"),
        ("multipart/form-data", "identity"),
        ("", "identity"),
        ("text/csv", "br"),
    ],
)
def test_other_media_types_are_refused(api, kind, encoding):
    reply = send(api, kind=kind, Content_Encoding=encoding)

    assert (reply.status_code, reply.json()["code"]) == (415, "unsupported_media_type")


def test_an_empty_file_is_refused(api, store):
    assert send(api, "", Content_Type="text/csv").json()["code"] == "empty_file"


class Breaking(io.BytesIO):
    """A body whose sender goes away in the middle."""

    def read(self, *args):
        if block := super().read(*args):
            return block
        raise OSError("reset by peer")


@pytest.mark.parametrize("body", [io.BytesIO, Breaking])
def test_a_body_that_ends_early_leaves_nothing_behind(api, store, feeds, body):
    reply = api.client.post(
        f"/v1/stock/files?as_of={AS_OF}&store=S1",
        headers={"Authorization": f"Bearer {api.secret}", "Content-Type": "text/csv"},
        **{"wsgi.input": body(FILE.encode()), "CONTENT_LENGTH": "99"},
    )

    assert (reply.status_code, reply.json()["code"]) == (400, "cut_off")
    assert not StockFile.objects.exists()
    assert not list(feeds.rglob("*.part"))


def test_a_body_that_drips_is_let_go(api, store, feeds, monkeypatch):
    moments = itertools.count(step=20)
    monkeypatch.setattr(uploading, "monotonic", lambda: next(moments))
    monkeypatch.setattr(uploading, "READ_BYTES", 10)

    reply = send(api)

    assert (reply.status_code, reply.json()["code"]) == (408, "too_slow")
    assert not list(feeds.rglob("*.part"))


def test_trouble_with_the_disk_is_told_without_its_path(api, store, settings, tmp_path, caplog):
    settings.FEEDS_DIR = tmp_path / "secret"
    settings.FEEDS_DIR.write_text("no folder")

    reply = send(api)

    assert (reply.status_code, reply.json()["code"]) == (503, "feeds_unwritable")
    assert "secret" not in reply.content.decode()
    assert "secret" in caplog.text


def test_uploads_leave_a_worker_for_everything_else(api, store, settings):
    settings.ENV = dataclasses.replace(settings.ENV, workers=3)
    others = [connection.copy() for _ in range(2)]
    try:
        for place, other in enumerate(others):
            with other.cursor() as cursor:
                cursor.execute(uploading._TAKE, [place])
        refused = send(api)
        others[1].close()
        taken = send(api)
    finally:
        for other in others:
            other.close()

    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert refused["Retry-After"]
    assert taken.status_code == 202
    assert send(api).status_code == 200, "the place is free again"


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        (str(keeping.MOST_BYTES + 1), 413, "file_too_large"),
        ("9" * 5000, 413, "file_too_large"),
        ("-1", 411, "length_required"),
        ("1e3", 411, "length_required"),
    ],
)
def test_a_length_that_is_too_large_or_none_is_refused_unread(api, length, status, code):
    reply = send(api, Content_Length=length)

    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_a_file_larger_than_what_other_bodies_may_be_is_taken(api, store, settings, feeds):
    body = FILE + "MUG,3\n" * 300_000

    reply = send(api, body)

    assert reply.status_code == 202
    assert reply.json()["size"] == len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert len(kept(feeds)[0]) == len(body)


def test_a_test_key_changes_no_real_stock(channel, store):
    reply = send(api_of(channel, is_test=True))

    assert (reply.status_code, reply.json()["code"]) == (403, "test_key")


def test_a_key_names_no_store_beyond_its_reach(channel, store):
    elsewhere = make_store(code="S2")
    make_layout(code="till", store=store)
    bound = api_of(channel, stores=[elsewhere])

    for query in (f"as_of={AS_OF}&store=S1", f"as_of={AS_OF}&layout=till"):
        assert send(bound, query=query).status_code == 404
    assert not StockFile.objects.exists()


def test_a_file_of_many_stores_carries_the_reach_of_its_key(channel, store):
    mine = make_store(code="S2")

    send(api_of(channel, stores=[mine]), query=f"as_of={AS_OF}")

    assert StockFile.objects.get().reach == [mine.pk]


def test_what_a_key_of_few_stores_sent_does_not_stop_the_same_from_one_of_all(channel, store):
    bound, all_stores = api_of(channel, stores=[store]), api_of(channel)
    query = f"as_of={AS_OF}"

    replies = [send(api, query=query).status_code for api in (bound, all_stores, bound, all_stores)]

    assert replies == [202, 202, 200, 200]


def test_only_files_within_reach_are_shown(channel, store):
    mine = make_store(code="S2")
    bound, all_stores = api_of(channel, stores=[mine]), api_of(channel)
    foreign = [
        send(all_stores).json()["id"],
        send(all_stores, query=f"as_of={AS_OF}").json()["id"],
    ]
    own = [
        send(bound, query=f"as_of={AS_OF}&store=S2").json()["id"],
        send(bound, "sku,store,on_hand\n", query=f"as_of={AS_OF}").json()["id"],
    ]

    listed = bound.get("/v1/stock/files").json()["files"]

    assert sorted(row["id"] for row in listed) == sorted(own)
    for reference in foreign:
        assert bound.get(f"/v1/stock/files/{reference}").status_code == 404
        assert bound.get(f"/v1/stock/files/{reference}/refused.csv").status_code == 404
    for reference in own:
        assert all_stores.get(f"/v1/stock/files/{reference}").status_code == 200


def test_files_of_another_site_are_not_shown(api, store):
    reference = send(api).json()["id"]
    stranger = api_of(make_channel())

    assert stranger.get("/v1/stock/files").json() == {"files": [], "next_cursor": None}
    assert stranger.get(f"/v1/stock/files/{reference}").status_code == 404


def test_files_are_listed_the_newest_first_page_by_page(api, store):
    sent = [send(api, FILE + f"MUG,{n}\n").json()["id"] for n in range(5)]

    seen, cursor = [], ""
    for _ in range(3):
        page = api.get(f"/v1/stock/files?limit=2{cursor}").json()
        seen += [row["id"] for row in page["files"]]
        cursor = f"&cursor={page['next_cursor']}"

    assert sorted(seen) == sorted(sent)
    assert seen == sorted(seen, reverse=True)
    assert page["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "MTI", "e30"])
def test_a_cursor_that_was_never_given_out_is_refused(api, cursor):
    assert api.get(f"/v1/stock/files?cursor={cursor}").json()["code"] == "invalid_cursor"


def test_a_refused_file_says_why(api, store):
    reference = send(api).json()["id"]
    StockFile.objects.update(status="refused", problem_code="wrong_header", problem="no column sku")

    told = api.get(f"/v1/stock/files/{reference}").json()

    assert told["status"] == "refused"
    assert told["problem"] == {"code": "wrong_header", "detail": "no column sku"}


def test_refused_lines_come_as_csv_that_no_spreadsheet_runs(api, store):
    reference = send(api).json()["id"]
    file = StockFile.objects.get()
    RefusedLine.objects.create(file=file, line=3, code="unknown_sku", detail="=cmd|' /C calc'!A0")

    reply = api.get(f"/v1/stock/files/{reference}/refused.csv", Accept="text/csv")

    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(reply.streaming_content).decode()
    assert text == "line,code,detail\r\n3,unknown_sku,'=cmd|' /C calc'!A0\r\n"


def test_the_description_says_how_a_file_is_sent():
    sent = json.loads(description())["paths"]["/v1/stock/files"]["post"]

    assert set(sent["requestBody"]["content"]) == {
        "text/csv",
        "application/x-ndjson",
        "application/gzip",
    }
    assert {"200", "202", "413", "415"} <= set(sent["responses"])
