"""The staff pages of stock files: uploads, progress, refusals, decisions."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django_q.models import OrmQ

from hub.stores.models import StaffScope
from inventory.models import RefusedLine, StockFile
from tests.factories import make_layout, make_person, make_stock_file, make_store, make_unmapped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def feeds(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path / "feeds"


@pytest.fixture(autouse=True)
def chief(client):
    person = User.objects.create_superuser("chief", password="right-and-long")
    client.force_login(person)
    return person


def page(view="changelist", *args):
    return reverse(f"admin:inventory_stockfile_{view}", args=args)


def upload(client, text="sku,on_hand\nMUG,3\n", **values):
    file = SimpleUploadedFile("stock.csv", text.encode())
    return client.post(page("upload"), {"file": file} | values)


def test_a_file_is_uploaded_with_a_layout_and_queued(client):
    layout = make_layout(source="pos_1", complete=True)

    reply = upload(client, layout=layout.pk, as_of="2026-11-01T08:30")

    file = StockFile.objects.get()
    assert reply.url == page("change", file.pk)
    assert (file.source, file.layout, file.complete) == ("pos_1", layout, True)
    assert (file.as_of.isoformat(), file.received_by) == ("2026-11-01T08:30:00+00:00", "chief")
    assert OrmQ.objects.count() == 1


def test_an_upload_may_be_larger_than_what_other_forms_may_be(client, settings):
    text = "sku,on_hand\n" + "MUG,3\n" * 600_000

    upload(client, text, store=make_store().code)

    size = StockFile.objects.get().size
    assert size == len(text) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_the_same_upload_again_leads_to_the_first_file(client):
    moment = {"as_of": "2026-11-01T08:30", "store": make_store().code}

    replies = [upload(client, **moment) for _ in range(2)]

    assert StockFile.objects.count() == OrmQ.objects.count() == 1
    assert replies[0].url == replies[1].url


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"store": "NIX"}, "No such store: NIX."),
        ({"as_of": "2999-01-01T00:00"}, "cannot come from the future."),
        ({"as_of": "soon"}, "Enter a valid date/time."),
        ({"layout": "0"}, "Select a valid choice."),
        ({"text": ""}, "The submitted file is empty."),
    ],
)
def test_an_upload_that_cannot_be_is_refused_in_words(client, values, sentence):
    reply = upload(client, **values)

    assert sentence in reply.content.decode()
    assert not StockFile.objects.exists()


def show(client, file):
    return client.get(page("change", file.pk)).content.decode()


def test_the_page_says_what_became_of_a_file(client):
    file = make_stock_file(
        status="done",
        lines=1_200,
        lines_done=1_200,
        lines_refused=2,
        result={
            "applied": 1_000,
            "unchanged": 198,
            "zeroed": 0,
            "odd_news": 1,
            "partial_stores": ["S7"],
        },
    )
    for line in (7, 9):
        RefusedLine.objects.create(file=file, line=line, code="unknown_sku", detail="<b>'X'</b>")
    make_unmapped(code="X", file=file)

    html = show(client, file)

    for words in (
        "1,200 of 1,200",
        "<b>1,000</b> in force now",
        "<b>1</b> odd news",
        "unknown_sku",
    ):
        assert words in html
    assert "were refused: S7" in html
    assert "set to zero" not in html
    assert "&lt;b&gt;" in html
    assert "<b>'X'" not in html
    assert "Say which item" in html
    assert "every 2s" not in html


def test_a_refused_file_says_why_and_what_helps(client):
    problem = {"problem_code": "wrong_header", "problem": "the first line names no column sku"}
    file = make_stock_file(status="refused", **problem)

    html = show(client, file)

    assert "The first line names no column sku." in html
    assert "Compare the file&#x27;s first line with the columns of the layout." in html
    assert "Read it again" not in html, "its content is gone"


def test_the_page_renews_itself_only_when_something_changed(client):
    file = make_stock_file(status="running", lines=100, lines_done=10)
    seen = client.get(page("live", file.pk)).context["seen"]

    same = client.get(page("live", file.pk), {"seen": seen})
    StockFile.objects.update(lines_done=60)
    changed = client.get(page("live", file.pk), {"seen": seen})

    assert same.status_code == 204
    assert "60 of 100 lines" in changed.content.decode()
    assert "every 2s" in changed.content.decode()


def test_the_list_renews_itself_while_a_file_runs(client):
    file = make_stock_file(status="running", lines=100, lines_done=10)
    running = client.get(page()).content.decode()
    StockFile.objects.filter(pk=file.pk).update(status="done", lines_done=100)
    done = client.get(page()).content.decode()

    assert "every 2s" in running
    assert "width: 10%" in running
    assert "every 2s" not in done


def test_refused_lines_are_downloaded(client):
    file = make_stock_file()
    RefusedLine.objects.create(file=file, line=3, code="unknown_sku", detail="=1+1")

    reply = client.get(page("refused", file.pk))

    assert b"3,unknown_sku,'=1+1" in b"".join(reply.streaming_content)


def decide(client, file, decision):
    return client.post(page("decide", file.pk), {"decision": decision}, follow=True)


def test_a_parked_file_is_approved_by_name_and_queued(client):
    file = make_stock_file(status="parked")

    reply = decide(client, file, "approve")

    file.refresh_from_db()
    assert (file.status, file.approved_by) == ("waiting", "chief")
    assert OrmQ.objects.count() == 1
    assert "Approved." in reply.content.decode()


def test_a_parked_file_is_refused_by_name(client):
    file = make_stock_file(status="parked")

    reply = decide(client, file, "refuse")

    file.refresh_from_db()
    assert file.status == "refused"
    assert "Refused by chief." in reply.content.decode()
    assert not OrmQ.objects.exists()


def test_a_decision_that_comes_too_late_changes_nothing_and_says_so(client):
    file = make_stock_file(status="done")

    reply = decide(client, file, "approve")

    file.refresh_from_db()
    assert file.status == "done"
    assert "Nothing was done" in reply.content.decode()


def test_a_decision_needs_the_permission_and_is_offered_only_then(client):
    file = make_stock_file(status="parked")
    person = make_person()
    person.user_permissions.add(Permission.objects.get(codename="view_stockfile"))
    client.force_login(person)

    html = show(client, file)

    assert "Take it over" not in html
    assert decide(client, file, "approve").status_code == 404
    assert client.get(page("upload")).status_code == 404
    assert decide(client, file, "nonsense").status_code == 404


def test_who_works_for_one_store_sees_no_file_even_with_every_permission(client):
    file = make_stock_file(status="parked", store=make_store())
    person = make_person()
    person.user_permissions.set(Permission.objects.all())
    StaffScope.objects.create(user=person, store=file.store)
    client.force_login(person)

    for view in ("change", "live", "refused"):
        assert client.get(page(view, file.pk)).status_code == 404
    assert client.get(page("upload")).status_code == 404
    assert decide(client, file, "approve").status_code == 404
    file.refresh_from_db()
    assert file.status == "parked"


@pytest.mark.parametrize("key", ["0", "999999", "9" * 30, "x"])
def test_a_file_that_is_not_there_is_not_found(client, key):
    assert client.get(f"/admin/inventory/stockfile/{key}/change/").status_code == 404


def test_decisions_are_not_made_by_looking(client):
    file = make_stock_file(status="parked")

    assert client.get(page("decide", file.pk)).status_code == 405


PREVIEW = {
    "lines": 40,
    "refused": 1,
    "applied": 30,
    "zeroed": 1_200,
    "stores_cut": 3,
    "stores": [
        {
            "store": "S1",
            "name": "Kraków",
            "before": 1_000,
            "after": 250,
            "percent": 75,
            "to_zero": 12,
        }
    ],
}


def test_a_parked_file_shows_what_it_would_cut(client):
    file = make_stock_file(
        status="parked", preview=PREVIEW, problem_code="cuts_too_deep", problem="it cuts stock"
    )

    html = show(client, file)

    for text in ("1,200</b> would be", "It cuts 3 stores", "1,000 → <b>250</b>", "75 %"):
        assert text in html
    assert "width: 25%" in html
    assert "Take it over" in html


def test_parked_files_are_counted_on_the_first_page_for_who_may_decide(client):
    store = make_store()

    def titles():
        return [figure.title for figure in client.get(reverse("admin:index")).context["work"]]

    assert "Stock files" not in titles()

    make_stock_file(status="parked")
    assert "Stock files" in titles()

    make_store()
    bound = make_person()
    StaffScope.objects.create(user=bound, store=store)
    client.force_login(bound)
    assert "Stock files" not in titles()
