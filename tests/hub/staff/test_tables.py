"""Tables go out safe and come in whole, looked at first, or not at all."""

import io
import re
import zipfile

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from hub import clock
from hub.staff.fresh import SESSION_KEY
from hub.staff.tables import keeping
from hub.staff.tables.reading import (
    MOST_BYTES,
    MOST_ROWS,
    TableNotText,
    TableRefused,
    TableTooLarge,
    WrongColumns,
    read_table,
)
from hub.stores.models import HoursException, StaffScope, Store
from inventory.models import Item, ItemCode
from orders.models import Spot
from tests.factories import make_item, make_person, make_role, make_spots, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.FEEDS_DIR = tmp_path


@pytest.fixture
def store():
    return make_store(code="S1")


@pytest.fixture
def chief(client):
    person = User.objects.create_superuser("chief")
    client.force_login(person)
    prove_login(client)
    return person


def prove_login(client, minutes_ago=0):
    """As if the password had been given then."""
    session = client.session
    session[SESSION_KEY] = clock.now().timestamp() - 60 * minutes_ago
    session.save()


def page_in(model, table):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_in", args=[table])


def page_out(model, table, form="csv"):
    return reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_out", args=[table, form]
    )


def send(client, page, text, name="table.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(page, {"file": SimpleUploadedFile(name, content)})


def confirm(client, page, reply):
    html = reply.content.decode()
    sent = dict(re.findall(r'name="(confirm|mark)" value="([^"]*)"', html))
    return client.post(page, sent)


def take(client, page, text):
    reply = send(client, page, text)
    assert "data-faults" not in reply.content.decode(), reply.content.decode()
    return confirm(client, page, reply)


class TestReading:
    @pytest.mark.parametrize(
        ("content", "error"),
        [
            (b"", TableRefused),
            (b"a,b\n1,\x00\n", TableNotText),
            ("a,b\nż,ó\n".encode("cp1250"), TableNotText),
            (b'a,b\n"1', TableRefused),
            (b"a,b\n1,2,3\n", WrongColumns),
            (b"a\n" + b"x" * 3000, TableTooLarge),
            (b"a\n" + b"1\n" * (MOST_ROWS + 1), TableTooLarge),
            (b"a" * (MOST_BYTES + 1), TableTooLarge),
            (b"a," * 80, TableTooLarge),
            (b"PK\x03\x04nonsense", TableRefused),
        ],
    )
    def test_a_bad_file_is_refused_with_a_code(self, content, error):
        with pytest.raises(error):
            read_table(content)

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_usual_delimiters_and_marks_are_understood(self, delimiter):
        table = read_table(f"\ufeffStore{delimiter}Label\nS1{delimiter}7\n".encode())
        assert (table.header, table.rows) == (["store", "label"], [["S1", "7"]])

    def test_utf_16_is_understood(self):
        assert read_table("a;b\nż;2".encode("utf-16")).rows == [["ż", "2"]]

    def test_formulas_stay_text(self):
        assert read_table(b"a,b\n=1+1,'=2+2\n").rows == [["=1+1", "=2+2"]]

    def test_a_sheet_is_read_as_a_person_typed_it(self):
        book = Workbook()
        book.active.append(["sku", "n", "ok", "f"])
        book.active.append(["A", 3.0, True, "=1+1"])
        file = io.BytesIO()
        book.save(file)
        assert read_table(file.getvalue()).rows == [["A", "3", "yes", "=1+1"]]

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("xl/worksheets/sheet1.xml", b"0" * (30 * 2**20))
        with pytest.raises(TableTooLarge):
            read_table(file.getvalue())

    def test_a_zip_that_is_no_sheet_is_refused(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as packed:
            packed.writestr("readme.txt", b"hello")
        with pytest.raises(TableRefused):
            read_table(file.getvalue())


class TestSpots:
    page = staticmethod(lambda: page_in(Spot, "spots"))

    def test_two_bad_rows_are_named_and_nothing_is_saved(self, client, chief, store):
        reply = send(
            client,
            self.page(),
            "store,label,accessible\nS1,1,yes\nNOWHERE,2,no\nS1,3,perhaps\n",
        )
        html = reply.content.decode()
        faults = html[html.index("data-faults") :]
        assert "NOWHERE" in faults
        assert "perhaps" in faults
        assert "accessible" in faults
        assert 'name="confirm"' not in html
        assert not Spot.objects.exists()

    def test_a_sound_file_is_shown_and_then_taken_whole_with_its_history_reason(
        self, client, chief, store
    ):
        make_spots(store, "1")
        reply = send(client, self.page(), "store,label,zone\nS1,1,North\nS1,2,South\n")
        assert "North" in reply.content.decode()
        assert Spot.objects.count() == 1
        assert confirm(client, self.page(), reply).status_code == 303
        assert dict(Spot.objects.values_list("label", "zone")) == {"1": "North", "2": "South"}

    def test_what_changed_meanwhile_is_looked_at_again(self, client, chief, store):
        make_spots(store, "1")
        reply = send(client, self.page(), "store,label,zone\nS1,1,North\n")
        Spot.objects.update(zone="West")
        again = confirm(client, self.page(), reply)
        assert again.status_code == 200
        assert "West" in again.content.decode()
        assert Spot.objects.get().zone == "West"
        assert confirm(client, self.page(), again).status_code == 303
        assert Spot.objects.get().zone == "North"

    def test_a_second_press_finds_the_file_gone_and_changes_nothing(self, client, chief, store):
        reply = send(client, self.page(), "store,label\nS1,1\n")
        confirm(client, self.page(), reply)
        assert confirm(client, self.page(), reply).status_code == 400
        assert Spot.objects.count() == 1

    def test_nobody_takes_over_somebody_elses_file(self, client, chief, store):
        reply = send(client, self.page(), "store,label\nS1,1\n")
        client.force_login(User.objects.create_superuser("other"))
        assert confirm(client, self.page(), reply).status_code == 400
        assert not Spot.objects.exists()

    def test_the_same_row_twice_is_a_fault(self, client, chief, store):
        html = send(client, self.page(), "store,label\nS1,1\nS1,1\n").content.decode()
        assert "repeated" in html

    @pytest.mark.parametrize("header", ["label", "store,label,colour", "store,store,label", ""])
    def test_wrong_columns_are_refused(self, client, chief, store, header):
        reply = send(client, self.page(), header + "\nS1,1\n")
        assert reply.status_code == 400

    def test_a_lead_takes_in_spots_of_his_own_store_only(self, client, store):
        make_store(code="S2")
        client.force_login(make_role("Store lead", store))
        html = send(client, self.page(), "store,label\nS1,1\nS2,1\n").content.decode()
        assert "no store “S2”" in html
        assert take(client, self.page(), "store,label\nS1,1\n").status_code == 303

    def test_a_picker_has_no_such_page(self, client, store):
        client.force_login(make_role("Picker", store))
        assert client.get(self.page()).status_code == 404
        assert client.get(page_out(Spot, "spots")).status_code == 404

    def test_who_may_only_take_out_is_offered_that_and_no_more(self, client, store):
        client.force_login(make_role("Integrator"))
        html = client.get(page_in(Item, "products")).content.decode()
        assert "CSV" in html
        assert "Look at it" not in html
        assert send(client, page_in(Item, "products"), "sku\nA\n").status_code == 404

    def test_a_huge_upload_is_refused_unread(self, client, chief):
        assert client.post(self.page(), CONTENT_LENGTH=str(10**9)).status_code == 303
        assert "table_too_large" in client.get(self.page()).content.decode()

    def test_a_post_without_its_proof_is_refused(self, store):
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.create_superuser("strict"))
        assert send(strict, self.page(), "store,label\nS1,1\n").status_code == 403

    def test_a_fresh_login_is_asked_for_before_data_leaves(self, client, store):
        client.force_login(User.objects.create_superuser("stale"))
        prove_login(client, minutes_ago=11)
        reply = client.get(page_out(Spot, "spots"))
        assert reply.status_code == 302
        assert "next=" in reply.url

    def test_what_goes_out_comes_in_again_and_changes_nothing(self, client, chief, store):
        spot = make_spots(store, "1")[0]
        Spot.objects.filter(pk=spot.pk).update(closed_for="=1+1")
        out = client.get(page_out(Spot, "spots"))
        content = b"".join(out.streaming_content)
        assert b"'=1+1" in content
        html = send(client, self.page(), content).content.decode()
        assert "The file changes nothing." in html

    def test_a_sheet_goes_out_as_well(self, client, chief, store):
        make_spots(store, "1")
        out = client.get(page_out(Spot, "spots", "xlsx"))
        book = load_workbook(io.BytesIO(b"".join(out.streaming_content)))
        assert [cell.value for cell in book.active[2]][:2] == ["S1", "1"]


class TestProducts:
    page = staticmethod(lambda: page_in(Item, "products"))

    def test_barcodes_zones_allergens_and_prices_come_in(self, client, chief):
        make_item(sku="OLD", name="Old name", price_minor=100)
        file = (
            "sku;name;codes;zone;allergens;price_minor\n"
            "OLD;New name;plu:4011;chilled;none;250\n"
            "NEW;Bread;gtin:5901234123457*12 plu:77;ambient;gluten, milk;399\n"
        )
        assert take(client, self.page(), file).status_code == 303
        old, new = Item.objects.get(sku="OLD"), Item.objects.get(sku="NEW")
        assert (old.name, old.zone, old.allergens, old.price_minor) == (
            *("New name", "chilled"),
            *([], 250),
        )
        assert new.allergens == ["gluten", "milk"]
        assert set(new.codes.values_list("system", "code", "units")) == {
            ("gtin", "5901234123457", 12),
            ("plu", "77", 1),
        }

    def test_a_code_of_another_product_is_a_fault(self, client, chief):
        ItemCode.objects.create(system="plu", code="1", item=make_item(sku="A"))
        html = send(client, self.page(), "sku,name,codes\nB,Bread,plu:1\n").content.decode()
        assert "taken" in html

    @pytest.mark.parametrize(
        "row",
        [
            "X,Bread,lukewarm,1",
            "X,Bread,ambient,-1",
            "X,Bread,ambient,1.5",
            f"X,{'n' * 300},ambient,1",
            ",Bread,ambient,1",
            "X,Bread,ambient,99999999999999",
        ],
    )
    def test_a_bad_cell_is_a_fault_and_no_error(self, client, chief, row):
        reply = send(client, self.page(), f"sku,name,zone,price_minor\n{row}\n")
        assert reply.status_code == 200
        assert "data-faults" in reply.content.decode()

    def test_a_category_that_changes_leaves_a_touch_in_the_feed(self, client, chief):
        item = make_item(sku="A", category="old")
        assert take(client, self.page(), "sku,category\nA,new\n").status_code == 303
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM inventory_stocktouch WHERE item_id = %s", [item.pk]
            )
            assert cursor.fetchone()[0]


class TestStores:
    def test_a_new_store_begins_in_setup_and_an_old_one_keeps_what_is_not_named(
        self, client, chief, store
    ):
        page = page_in(Store, "stores")
        file = (
            "code,name,brand,city,country,latitude,longitude,timezone,lead_minutes\n"
            f"S1,Renamed,{store.brand.name},Warszawa,PL,52.23,21.01,Europe/Warsaw,45\n"
            f"S9,New one,{store.brand.name},Gdańsk,PL,54.35,18.65,Europe/Warsaw,\n"
        ).replace(",\n", ",60\n")
        assert take(client, page, file).status_code == 303
        store.refresh_from_db()
        new = Store.objects.get(code="S9")
        assert (store.name, store.lead_minutes, store.pickup_enabled) == ("Renamed", 45, True)
        assert (new.stage, new.pickup_enabled) == ("setup", False)

    def test_a_week_of_hours_replaces_the_days_it_names(self, client, chief, store):
        page = page_in(Store, "hours")
        assert take(client, page, "store,mon,sun\nS1,09:00-12:00 13:00-18:00,closed\n")
        spans = [f"{row.opens:%H:%M}" for row in store.hours.filter(weekday=0)]
        assert spans == ["09:00", "13:00"]
        assert not store.hours.filter(weekday=6).exists()
        assert store.hours.filter(weekday=2).count() == 1

    @pytest.mark.parametrize("cell", ["9-", "18:00-09:00", "09:00-12:00 11:00-13:00", "always"])
    def test_hours_that_cannot_be_are_faults(self, client, chief, store, cell):
        html = send(client, page_in(Store, "hours"), f"store,mon\nS1,{cell}\n").content.decode()
        assert "data-faults" in html

    def test_exceptional_days_come_in(self, client, chief, store):
        page = page_in(Store, "exceptions")
        file = "store,date,opens,closes,reason\nS1,2026-12-24,08:00,14:00,Eve\nS1,2026-12-25,,,X\n"
        assert take(client, page, file).status_code == 303
        assert HoursException.objects.filter(store=store).count() == 2
        assert HoursException.history.filter(history_change_reason="from a file").count() == 2

    def test_half_a_day_is_a_fault(self, client, chief, store):
        page = page_in(Store, "exceptions")
        html = send(client, page, "store,date,opens\nS1,2026-12-24,08:00\n").content.decode()
        assert "half_open" in html


class TestPeople:
    page = staticmethod(lambda: page_in(User, "people"))

    def test_people_come_in_with_roles_and_stores_and_without_a_password(
        self, client, chief, store
    ):
        Group.objects.get_or_create(name="Picker")
        file = "username,first_name,roles,stores\nola,Ola,Picker,S1\n"
        assert take(client, self.page(), file).status_code == 200
        ola = User.objects.get(username="ola")
        assert not ola.has_usable_password()
        assert [one.name for one in ola.groups.all()] == ["Picker"]
        assert [one.store for one in StaffScope.objects.filter(user=ola)] == [store]

    def test_nobody_gives_a_role_beyond_his_own(self, client, store):
        client.force_login(make_role("Operations"))
        prove_login(client)
        html = send(client, self.page(), "username,roles\neve,Administrator\n").content.decode()
        assert "data-faults" in html
        assert not User.objects.filter(username="eve").exists()

    def test_nobody_changes_who_may_do_more(self, client, store):
        User.objects.create_superuser("boss")
        client.force_login(make_role("Operations"))
        prove_login(client)
        html = send(client, self.page(), "username,is_active\nboss,no\n").content.decode()
        assert "not_allowed" in html

    def test_somebody_bound_to_a_store_has_no_such_page(self, client, store):
        person = make_person()
        person.user_permissions.set(Permission.objects.all())
        StaffScope.objects.create(user=person, store=store)
        client.force_login(person)
        assert client.get(self.page()).status_code == 404


def test_kept_files_are_swept_and_bound_to_their_time(monkeypatch, tmp_path):
    table = read_table(b"a\n1\n")
    token = keeping.keep(table, user_id=1, what="x")
    assert keeping.kept(token, user_id=1, what="x").rows == [["1"]]
    for other in ({"user_id": 2, "what": "x"}, {"user_id": 1, "what": "y"}):
        with pytest.raises(keeping.TableGone):
            keeping.kept(token, **other)
    monkeypatch.setattr(keeping, "HOUR", -1)
    with pytest.raises(keeping.TableGone):
        keeping.kept(token, user_id=1, what="x")
