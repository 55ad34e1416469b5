"""Loading chains: the shipped one, and real ones from files."""

import gzip
import io
import json
from datetime import time

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count

from hub.api.models import ApiKey
from hub.errors import Invalid
from hub.stores.models import PosConnection, SalesChannel, Store
from inventory.models import Item, Zone
from orders.chain.demo import demo_chain
from orders.chain.load import load
from orders.chain.retail import is_goods, read_lines, retail_chain
from orders.chain.rows import gtin_13
from orders.models import StagingLocation

STORES = (
    "store_code,street,city,state,postal_code,latitude,longitude\n"
    "7,1 Main St,Rogers,AR,72756,36.34,-94.07\n"
)
LINES = (
    "invoice,stock_code,description,quantity,invoiced_at,unit_price_gbp,customer_id\n"
    "1,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850\n"
    "1,85123A,LANTERN,6,2010-12-02 08:26:00,2.95,17850\n"
    "2,85123A,damaged,6,2010-12-01 08:26:00,0,\n"
    "2,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,\n"
)


@pytest.fixture
def files(tmp_path):
    stores, lines = tmp_path / "stores.csv", tmp_path / "lines.csv.gz"
    stores.write_text(STORES)
    with gzip.open(lines, "wt") as file:
        file.write(LINES)
    return stores, lines


def test_the_demo_chain_spans_four_countries_and_about_200_products():
    chain = demo_chain()

    assert len(chain.stores) == 12
    assert {store.country for store in chain.stores} == {"GB", "FR", "PL", "ES"}
    assert 190 <= len(chain.items) <= 220
    assert {item.zone for item in chain.items} == {"ambient", "chilled", "frozen"}


def test_every_demo_product_has_a_valid_gtin_and_a_name_in_every_language():
    for item in demo_chain().items:
        assert len(item.gtin) == 13
        assert gtin_13(item.gtin[:12]) == item.gtin
        assert set(item.names) == {"en", "fr", "pl", "es", "ru"}
        assert all(item.names.values())


def test_demo_products_differ_in_what_is_known_of_allergens_and_diets():
    items = {item.sku: item for item in demo_chain().items}

    assert items["MILK-01"].allergens == ["milk"]
    assert items["MILK-01"].diets == ["vegetarian", "gluten_free"]
    assert "vegan" in items["OATM-01"].diets
    assert items["GRAN-01"].diets is None
    assert items["JAMS-01"].allergens is None
    assert items["DISH-01"].diets == items["DISH-01"].allergens == []


def test_demo_products_tell_how_much_is_in_them():
    items = {item.sku: item for item in demo_chain().items}

    contents = [items[sku].content for sku in ("MILK-02", "LAGE-03", "EGGS-01", "OATM-03")]
    assert contents == [1000, 2000, 6, 1500]


def test_skus_and_gtins_of_the_demo_are_unique():
    items = demo_chain().items

    assert len({item.sku for item in items}) == len({item.gtin for item in items}) == len(items)


def test_a_check_digit_follows_the_published_example():
    assert gtin_13("629104150021") == "6291041500213"


def test_a_store_that_closes_on_sundays_has_no_sunday_hours():
    stores = {store.code: store for store in demo_chain().stores}

    assert 6 not in stores["PL-WAW1"].hours
    assert stores["GB-LON1"].hours[6] == (time(11), time(17))


@pytest.mark.django_db
def test_loading_twice_changes_nothing():
    load(demo_chain())
    before = list(Store.objects.order_by("pk").values())
    connections = set(PosConnection.objects.values_list("public_id", "base_url"))

    load(demo_chain())

    assert list(Store.objects.order_by("pk").values()) == before
    assert set(PosConnection.objects.values_list("public_id", "base_url")) == connections
    counts = Store.objects.annotate(spots_count=Count("spots", distinct=True))
    assert set(counts.values_list("spots_count", flat=True)) == {8}


@pytest.mark.django_db
def test_every_store_has_places_for_bags_of_every_zone():
    load(demo_chain())
    load(demo_chain())
    places = StagingLocation.objects.values_list("store", flat=True)
    assert places.count() == len(set(places)) * 9
    assert len(set(places)) == 12
    assert set(StagingLocation.objects.values_list("zone", flat=True)) == set(Zone.values)


@pytest.mark.django_db
def test_a_changed_address_of_the_hub_moves_the_simulated_tills(settings):
    load(demo_chain())
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:8123"

    load(demo_chain())

    urls = PosConnection.objects.values_list("base_url", flat=True)
    assert all(url.startswith("http://127.0.0.1:8123/sim/pos/pos_") for url in urls)


@pytest.mark.django_db
def test_a_real_till_is_left_alone(settings):
    load(demo_chain())
    PosConnection.objects.filter(store__code="GB-LON1").update(base_url="https://till.example.com")

    load(demo_chain())

    assert PosConnection.objects.get(store__code="GB-LON1").base_url == "https://till.example.com"


@pytest.mark.django_db
def test_access_makes_one_fresh_key_per_channel_and_revokes_the_last_one(settings):
    settings.DEBUG = True
    for _ in range(2):
        printed = io.StringIO()
        call_command("load_chain", access=True, stdout=printed)

    access = json.loads(printed.getvalue())
    assert set(access["api_keys"]) == {"web-gb", "web-fr", "web-pl", "web-es"}
    assert ApiKey.objects.filter(revoked_at=None).count() == SalesChannel.objects.count() == 4
    assert ApiKey.objects.exclude(revoked_at=None).count() == 4


@pytest.mark.django_db
def test_no_public_log_ins_are_made_in_production(settings):
    settings.DEBUG = False

    with pytest.raises(CommandError, match="HUB_DEBUG"):
        call_command("load_chain", access=True)


def test_real_files_become_stores_and_goods(files):
    stores, lines = files

    chain = retail_chain(stores=stores, lines=lines)

    assert [store.timezone for store in chain.stores] == ["America/Chicago"]
    (item,) = chain.items
    assert (item.sku, item.name, item.price_minor) == ("85123A", "LANTERN", 255)


@pytest.mark.django_db
def test_the_command_loads_real_files(files):
    stores, lines = files

    call_command("load_chain", stores=stores, products=lines, stdout=io.StringIO())

    assert Store.objects.get().code == "US-7"
    assert Item.objects.get().sku == "85123A"


def test_only_the_asked_day_is_read(files):
    assert [line.invoiced_at[:10] for line in read_lines(files[1], day="2010-12-02")] == [
        "2010-12-02"
    ]


@pytest.mark.parametrize("code", ["POST", "DOT", "M", "m", "BANK CHARGES", "gift_0001_20", "C2"])
def test_money_is_not_goods(code):
    assert not is_goods(code)


@pytest.mark.parametrize("code", ["85123A", "10002", "DCGSSGIRL", "15056bl"])
def test_what_lies_on_a_shelf_is_goods(code):
    assert is_goods(code)


@pytest.mark.parametrize("damage", ["missing", "truncated", "headers", "words", "bytes"])
def test_a_damaged_file_is_refused_in_one_sentence(files, damage):
    _, lines = files
    whole = lines.read_bytes()
    texts = {
        "headers": LINES.replace("stock_code", "code").encode(),
        "words": LINES.replace(",6,", ",six,").encode(),
        "bytes": b"invoice,stock_code\n\xff\xfe\xfa",
    }
    if damage == "missing":
        lines.unlink()
    elif damage == "truncated":
        lines.write_bytes(whole[:-20])
    else:
        lines.write_bytes(gzip.compress(texts[damage], mtime=0))

    with pytest.raises(Invalid, match=r"lines\.csv\.gz"):
        list(read_lines(lines))


@pytest.mark.django_db
def test_half_of_the_files_is_not_enough(files):
    with pytest.raises(CommandError, match="go together"):
        call_command("load_chain", stores=files[0])
