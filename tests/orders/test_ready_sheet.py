"""The sheet of what is ready, as a page and as a PDF: of one's own store only, in any language."""

import re

import pytest
from django.urls import reverse
from django.utils import translation

from hub.staff import roles
from orders import fonts
from orders.admin.ready_pdf import ready_pdf
from orders.admin.ready_sheet import ready_rows
from tests.factories import make_item, make_person, make_ready, make_role, make_store, stock

pytestmark = pytest.mark.django_db

PDF = reverse("admin:orders_fulfillmentorder_ready_sheet_pdf")
PAGE = reverse("admin:orders_fulfillmentorder_ready_sheet")


def ready_in(store, *names):
    item = make_item()
    stock(store, {item: 100})
    for name in names:
        make_ready(store=store, lines={item: 1}, customer={"name": name, "phone": "+48500600700"})


def pages_in(content):
    return len(re.findall(rb"/Type /Page\b", content))


def test_a_picker_takes_the_sheet_of_the_own_store_as_a_pdf_and_nobody_elses(client):
    store, other = make_store(), make_store()
    ready_in(store, "Ann")
    client.force_login(make_role(roles.PICKER, store))

    reply = client.get(PDF, {"store": store.code})

    assert reply["Content-Type"] == "application/pdf"
    assert "no-store" in reply["Cache-Control"]
    assert reply.content.startswith(b"%PDF-")
    assert f"{PDF}?store={store.code}" in client.get(PAGE, {"store": store.code}).content.decode()
    assert client.get(PDF, {"store": other.code}).status_code == 404


def test_who_works_in_several_stores_says_which(client):
    make_store()
    make_store()
    client.force_login(make_person(is_superuser=True))

    assert client.get(PDF).status_code == 404


def test_an_empty_store_has_a_sheet_that_says_so():
    assert pages_in(ready_pdf(make_store(), [], printed="now", is_full=False)) == 1


@pytest.mark.parametrize("language", ["en", "pl", "ru"])
@pytest.mark.parametrize("with_font", [True, False])
def test_it_can_be_made_of_any_name_in_any_language(monkeypatch, language, with_font):
    fonts.font.cache_clear()
    if not with_font:
        monkeypatch.setattr(fonts, "FONTS", [])
    store = make_store(name="Łódź <b>&")
    ready_in(store, "名前", "😀", "a" * 200, "\u202eevil", "Żółć <i>")
    with translation.override(language), fonts.legible():
        content = ready_pdf(store, ready_rows(store), printed="now", is_full=True)
    fonts.font.cache_clear()
    assert pages_in(content) == 1


def test_many_orders_go_on_over_several_pages():
    store = make_store()
    ready_in(store, "Ann")
    rows = ready_rows(store) * 90

    assert pages_in(ready_pdf(store, rows, printed="now", is_full=False)) > 2
