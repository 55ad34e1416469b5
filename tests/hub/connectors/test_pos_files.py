"""A POS that speaks files: whole files, once each, read as its layout says, nothing outside."""

import json
import os
import time

import pytest

from hub.connectors.pos import files
from hub.connectors.pos.base import PosAccount
from hub.connectors.pos.files import FilesPos
from hub.connectors.pos.layout import layout_of
from hub.connectors.pos.reading import moment_of
from hub.errors import ConnectorError
from tests.contracts.test_pos import PICK_LIST


@pytest.fixture
def pos(settings, tmp_path, monkeypatch):
    settings.POS_DIR = tmp_path
    monkeypatch.setattr(files, "QUIET_SECONDS", 0)
    return connected()


def connected(**layout):
    return FilesPos(PosAccount(connection_id="pos_1", base_url="", secrets=(), layout=layout))


def drop(pos, name, content):
    folder = pos.folder / "in"
    folder.mkdir(parents=True, exist_ok=True)
    content = content if isinstance(content, bytes) else content.encode()
    (folder / name).write_bytes(content)
    return folder / name


def read_all(pos):
    """Take everything, as the hub does; the answers in order."""
    found = []
    for name, answers in pos.answers():
        found += answers
        pos.taken(name)
    return found


def problem_of(pos):
    (sentence,) = (pos.folder / "refused").glob("*.problem.txt")
    return sentence.read_text()


def test_the_pos_sees_whole_files_only(pos):
    pos.queue(PICK_LIST)
    assert os.listdir(pos.folder / "out") == [f"{PICK_LIST.fulfillment_id}.r1.csv"]


def test_what_the_pos_has_read_and_removed_does_not_come_again(pos):
    pos.queue(PICK_LIST)
    (pos.folder / "out" / f"{PICK_LIST.fulfillment_id}.r1.csv").unlink()
    pos.queue(PICK_LIST)
    assert os.listdir(pos.folder / "out") == []


def test_a_withdrawn_list_that_nobody_read_is_taken_back(pos):
    reference = pos.queue(PICK_LIST)
    pos.cancel(reference, PICK_LIST.fulfillment_id)
    (name,) = os.listdir(pos.folder / "out")
    assert name.endswith(".r1.withdrawn.csv")
    assert "withdraw" in (pos.folder / "out" / name).read_text()


def test_no_cell_begins_a_formula(pos):
    line = PICK_LIST.lines[0].__class__(line_id="1", sku="=1+1", name="@SUM(A1)", quantity=1)
    pos.queue(PICK_LIST.__class__(**{**PICK_LIST.__dict__, "lines": (line,)}))
    (path,) = (pos.folder / "out").iterdir()
    assert ",'=1+1,'@SUM(A1),1" in path.read_text()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "a" * 61, "x\x00y", ".."])
def test_no_id_leads_out_of_the_folder(pos, name):
    strange = PICK_LIST.__class__(**{**PICK_LIST.__dict__, "fulfillment_id": name})
    for call in (lambda: pos.queue(strange), lambda: pos.status(name)):
        with pytest.raises(ConnectorError) as caught:
            call()
        assert caught.value.permanent
    with pytest.raises(ConnectorError):
        pos.cancel(f"{name}.r1", name)
    with pytest.raises(ConnectorError):
        FilesPos(PosAccount(connection_id=name, base_url="", secrets=()))


def test_answers_are_read_by_the_names_of_the_layout(settings, tmp_path, monkeypatch):
    settings.POS_DIR = tmp_path
    monkeypatch.setattr(files, "QUIET_SECONDS", 0)
    pos = connected(
        delimiter=";",
        encoding="cp1252",
        refused_word="NEIN",
        answer={"fulfillment_id": "Beleg", "result": "Status", "reason": "Grund"},
    )
    drop(
        pos,
        "answers-1.csv",
        "Beleg;Status;Grund\nful_1;JA;\nful_2;nein;für später\n".encode("cp1252"),
    )

    first, second = read_all(pos)

    assert (first.type, first.data) == ("pick_list.acknowledged", {"fulfillment_id": "ful_1"})
    assert second.type == "pick_list.refused"
    assert second.data == {"fulfillment_id": "ful_2", "reason": "für später"}


def test_a_refusal_may_say_which_revision_it_is_about(pos):
    drop(pos, "answers-1.csv", "fulfillment_id,pos_reference,result\nful_1,ful_1.r1,refused\n")
    (answer,) = read_all(pos)
    assert answer.data == {
        "fulfillment_id": "ful_1",
        "reason": "refused by the POS",
        "pos_reference": "ful_1.r1",
    }


def test_the_same_row_has_the_same_id_in_every_file(pos):
    drop(pos, "answers-1.csv", "fulfillment_id,pos_reference\nful_1,7\n")
    drop(pos, "answers-2.csv", "fulfillment_id,pos_reference\nful_1,7\nful_1,8\n")
    ids = [answer.event_id for answer in read_all(pos)]
    assert ids[0] == ids[1] != ids[2]


def test_rows_of_one_receipt_are_its_lines(pos):
    drop(
        pos,
        "receipts.csv",
        "receipt,fulfillment_id,total_minor,currency,occurred_at,sku,quantity\n"
        "R1,ful_1,990,EUR,2026-11-22T10:00:00+01:00,A,2\n"
        "R1,ful_1,990,EUR,2026-11-22T10:00:00+01:00,B,1\n"
        "R2,,,,2026-11-22T10:05:00+01:00,A,1\n",
    )

    first, second = read_all(pos)

    assert first.data["lines"] == [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]
    assert (first.data["total_minor"], first.data["fulfillment_id"]) == (990, "ful_1")
    assert second.data == {
        "receipt": "R2",
        "occurred_at": "2026-11-22T10:05:00+01:00",
        "lines": [{"sku": "A", "quantity": 1}],
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("answers.csv", b"\xff\xfe\x00", "not utf-8"),
        ("answers.csv", "who,what\n1,2\n", "fulfillment_id is missing"),
        ("answers.csv", 'fulfillment_id\n"ful_1', "line"),
        ("answers.csv", "fulfillment_id\n" + "x" * 201, "too long"),
        ("receipts.csv", "receipt,sku,quantity,occurred_at\nR1,A,two,x\n", "whole number"),
        ("receipts.csv", "receipt,sku,quantity,occurred_at\nR1,A,--2,x\n", "whole number"),
        ("nonsense.csv", "a,b\n", "must begin with"),
    ],
)
def test_what_cannot_be_read_is_put_aside_with_a_sentence(pos, name, content, words):
    drop(pos, name, content)
    assert read_all(pos) == []
    assert words in problem_of(pos)
    assert os.listdir(pos.folder / "in") == []


def test_json_of_another_shape_is_refused(settings, tmp_path, monkeypatch):
    settings.POS_DIR = tmp_path
    monkeypatch.setattr(files, "QUIET_SECONDS", 0)
    pos = connected(format="json")
    drop(pos, "answers.json", json.dumps({"fulfillment_id": "ful_1"}))
    assert read_all(pos) == []
    assert "list of objects" in problem_of(pos)


def test_half_characters_of_json_become_question_marks(settings, tmp_path, monkeypatch):
    settings.POS_DIR = tmp_path
    monkeypatch.setattr(files, "QUIET_SECONDS", 0)
    pos = connected(format="json")
    drop(pos, "answers.json", '[{"fulfillment_id": "ful_\\ud800", "result": "ok"}]')
    (answer,) = read_all(pos)
    assert answer.data["fulfillment_id"] == "ful_?"


def test_a_file_that_may_not_be_read_is_put_aside(pos, monkeypatch):
    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    drop(pos, "answers.csv", "fulfillment_id\nful_1\n")
    monkeypatch.setattr(files.os, "open", refuse)
    assert read_all(pos) == []
    assert "Permission denied" in problem_of(pos)


def test_a_file_that_has_become_a_link_is_not_followed(pos, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("id\n1\n")
    link = tmp_path / "sales.csv"
    os.symlink(secret, link)
    with pytest.raises(ConnectorError):
        files.opened(link)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-11-22T10:00:00", "x"]
)
def test_a_moment_that_could_not_be_read_again_is_none(text):
    assert moment_of(text) is None


def test_links_unfinished_files_and_fresh_ones_are_left_alone(pos, tmp_path, monkeypatch):
    secret = tmp_path / "secret.csv"
    secret.write_text("fulfillment_id\nful_1\n")
    drop(pos, "answers-1.csv.part", "fulfillment_id\nful_1\n")
    os.symlink(secret, pos.folder / "in" / "answers-2.csv")
    os.mkfifo(pos.folder / "in" / "answers-3.csv")
    assert read_all(pos) == []
    monkeypatch.setattr(files, "QUIET_SECONDS", 60)
    drop(pos, "answers-4.csv", "fulfillment_id\nful_1\n")
    assert read_all(pos) == []


def test_answers_that_were_not_kept_come_again(pos):
    drop(pos, "answers.csv", "fulfillment_id\nful_1\n")
    before = [answers for _, answers in pos.answers()]
    assert [answers for _, answers in pos.answers()] == before


def test_sales_logs_are_left_to_those_who_read_stock_files(pos):
    path = drop(pos, "sales-1.csv", "sku,id\n")
    assert read_all(pos) == []
    assert pos.sales() == [path]


def test_a_disk_that_fails_is_a_pos_out_of_reach(settings, tmp_path):
    settings.POS_DIR = tmp_path / "file"
    settings.POS_DIR.write_text("no folder")
    with pytest.raises(ConnectorError) as caught:
        connected().queue(PICK_LIST)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "value",
    [
        {"formt": "csv"},
        {"format": "xml"},
        {"delimiter": ""},
        {"encoding": "ebcdic"},
        {"pick_list": {"price": "PREIS"}},
        {"pick_list": {"sku": "quantity"}},
        {"answer": ["x"]},
        {"answer": {"reason": 7}},
        {"receipt": {"sku": "a\x00b"}},
        {"refused_word": ""},
        {"can_amend": "no"},
    ],
)
def test_a_layout_that_cannot_be_is_refused_in_words(value):
    with pytest.raises(ValueError, match=r"\w"):
        layout_of(value)


def test_a_moment_is_enough_to_take_a_thousand_answers(pos):
    drop(pos, "answers.csv", "fulfillment_id\n" + "".join(f"ful_{n}\n" for n in range(1_000)))
    begun = time.monotonic()
    assert len(read_all(pos)) == 1_000
    assert time.monotonic() - begun < 2
