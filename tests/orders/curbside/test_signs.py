"""Signs: one for each place, found by its code, replaced for good, printed as SVG and PDF."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from hub.errors import Invalid
from hub.stores.models import StaffScope
from orders import fonts
from orders.curbside.posters import SCAN, poster_svg, posters_pdf
from orders.curbside.registry import MOST_SPOTS, TooManySpots, add_spots
from orders.curbside.signs import UnknownSign, address_of, find_sign, replace_sign, sign_of
from orders.models import Sign, Spot
from tests.factories import make_person, make_spots, make_store
from tests.racing import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return make_store(name="Łódź Północ <b>&")


@pytest.fixture
def spot(store):
    return make_spots(store, "4")[0]


@pytest.fixture
def staff(client, store):
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    client.force_login(person)
    return person


def page(name, *args):
    return reverse(f"admin:orders_{name}", args=args)


def test_a_place_has_one_sign_whose_code_nobody_guesses(store, spot):
    sign = sign_of(store=store, spot=spot)
    assert sign_of(store=store, spot=spot) == sign
    assert sign_of(store=store).code != sign.code
    assert re.fullmatch(r"[\w-]{22}", sign.code)
    assert find_sign(sign.code) == sign


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_who_ask_at_once_get_the_same_sign(store):
    signs = at_once(10, lambda _: sign_of(store=store).pk)
    assert len(set(signs)) == 1


def test_a_replaced_sign_leads_nowhere_and_is_replaced_once(store, spot):
    old = sign_of(store=store, spot=spot)
    new = replace_sign(sign=old)
    assert new.code != old.code
    assert replace_sign(sign=old) == new
    assert find_sign(new.code).spot == spot
    with pytest.raises(UnknownSign):
        find_sign(old.code)


@pytest.mark.parametrize(
    "code", ["", "x", "a" * 22, "a" * 23, "ą" * 22, "../../etc/passwd", "a\0b"]
)
def test_an_unknown_code_leads_nowhere(store, code):
    with pytest.raises(UnknownSign):
        find_sign(code)


def test_a_sign_of_a_spot_or_store_that_is_no_more_leads_nowhere(store, spot):
    area, sign = sign_of(store=store), sign_of(store=store, spot=spot)
    Spot.objects.update(active=False)
    with pytest.raises(UnknownSign):
        find_sign(sign.code)
    store.active = False
    store.save()
    with pytest.raises(UnknownSign):
        find_sign(area.code)


def test_an_svg_sign_is_whole_and_says_all_it_should(store, spot):
    spot.accessible = True
    sign = Sign(store=store, spot=spot, code="c" * 22)
    drawn = poster_svg(sign)
    root = ElementTree.fromstring(drawn)
    words = ["".join(text.itertext()) for text in root.iter() if text.tag.endswith("text")]
    assert {*SCAN.values(), "4", store.name} <= set(words)
    assert address_of(sign).partition("//")[2] in words
    assert "href" not in drawn
    assert "polyline" in drawn  # the wheelchair


@pytest.mark.parametrize("with_font", [True, False])
@pytest.mark.parametrize("label", ["7", "NORTH-2026", "Ł1", "名1", "😀"])
def test_a_pdf_has_a_page_for_each_sign_whatever_its_label(store, monkeypatch, label, with_font):
    fonts.font.cache_clear()
    if not with_font:
        monkeypatch.setattr(fonts, "FONTS", [])
    spot = Spot(store=store, label=label, zone="P" * 40, accessible=True)
    content = posters_pdf([Sign(store=store, spot=spot, code="d" * 22), Sign(store=store)])
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", content)) == 2
    fonts.font.cache_clear()


def test_many_spots_are_made_at_once_and_none_twice(store, spot):
    assert add_spots(store=store, first=1, last=12, zone="by the door") == 11
    assert add_spots(store=store, first=1, last=12) == 0
    spot.refresh_from_db()
    assert spot.zone == ""


@pytest.mark.parametrize(
    ("first", "last", "prefix"),
    [(5, 4, ""), (-1, 3, ""), (1, MOST_SPOTS + 1, ""), (99_999, 99_999, "NORTHERN")],
)
def test_too_many_spots_or_too_long_labels_are_refused(store, first, last, prefix):
    with pytest.raises(Invalid):
        add_spots(store=store, first=first, last=last, prefix=prefix)
    assert not Spot.objects.filter(store=store).exists()
    assert issubclass(TooManySpots, Invalid)


def test_staff_make_print_and_replace_their_stores_signs(client, staff, store, spot):
    board = page("sign_board")
    assert b"No sign yet" in client.get(board).content
    client.post(page("sign_make"), {"store": store.code})
    shown = client.get(board).content.decode()
    assert shown.count("Replace it") == 2

    sign = Sign.objects.get(spot=spot)
    svg, pdf = client.get(page("sign_svg", sign.pk)), client.get(page("sign_pdf", sign.pk))
    assert svg["Content-Type"] == "image/svg+xml"
    assert "default-src 'none'" in svg["Content-Security-Policy"]
    assert pdf.content.startswith(b"%PDF-")
    assert client.get(page("sign_all", store.pk)).content.count(b"/Type /Page\n") == 2

    reply = client.post(page("sign_replace", sign.pk))
    assert reply.status_code == 303
    assert Sign.objects.get(spot=spot, active=True).code != sign.code


def test_another_stores_signs_do_not_exist(client, staff):
    foreign = make_store()
    sign = sign_of(store=foreign)
    assert client.get(page("sign_board"), {"store": foreign.code}).status_code == 404
    assert client.post(page("sign_make"), {"store": foreign.code}).status_code == 404
    for name in ("svg", "pdf"):
        assert client.get(page(f"sign_{name}", sign.pk)).status_code == 404
    assert client.get(page("sign_all", foreign.pk)).status_code == 404
    assert client.post(page("sign_replace", sign.pk)).status_code == 404
    assert client.get(page("sign_pdf", 10**17)).status_code == 404


def test_many_spots_need_the_permission_and_a_store_of_ones_own(client, staff, store):
    many, foreign = page("spot_many"), make_store()
    fields = {"first": 1, "last": 3}
    assert client.get(many).status_code == 404
    staff.user_permissions.add(*Permission.objects.filter(codename__in=["add_spot", "view_spot"]))
    assert client.get(many).status_code == 200
    assert client.post(many, fields | {"store": foreign.code}).status_code == 404
    client.post(many, fields | {"store": store.code, "letters": "B"})
    reply = client.post(many, {"store": store.code, "first": "x", "last": "-1"}, follow=True)
    assert "whole number" in str(list(reply.context["messages"])[-1])
    labels = Spot.objects.filter(store=store).values_list("label", flat=True)
    assert sorted(labels) == ["B1", "B2", "B3"]


def test_a_spot_is_put_out_of_service_with_a_reason_and_back(client, staff, spot):
    wanted = ["view_spot", "change_spot"]
    staff.user_permissions.add(*Permission.objects.filter(codename__in=wanted))
    fields = {"label": spot.label, "zone": "\u202edoor", "closed_for": "snow", "active": "on"}
    client.post(page("spot_change", spot.pk), fields)
    spot.refresh_from_db()
    assert (spot.closed_for, spot.zone) == ("snow", "door")
    assert b"snow" in client.get(page("spot_changelist")).content

    chosen = {"action": "reopen_selected", "_selected_action": [spot.pk]}
    client.post(page("spot_changelist"), chosen)
    spot.refresh_from_db()
    assert spot.closed_for == ""
