"""What the browser tests of the customer's page share: a store, goods, a page's address.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from hub.links.services import make_link
from orders.models import Spot
from tests.factories import make_item, make_spots, make_store, stock

PICTURES = Path(settings.BASE_DIR) / "var" / "pictures"
SIZES = {
    "phone": {"width": 390, "height": 844},
    "tablet": {"width": 820, "height": 1180},
    "desk": {"width": 1280, "height": 800},
}
FIRST_LOAD_BYTES = 60_000


def make_warsaw():
    """A store with eight spots; one for wheelchairs, one for vans, one that is taken."""
    store = make_store(
        name="Warszawa Centrum",
        street="Marszałkowska 10",
        postal_code="00-590",
        phone="+48221234567",
    )
    make_spots(store, "1 2 3 4 5 6 7 8")
    Spot.objects.filter(store=store, label="1").update(accessible=True)
    Spot.objects.filter(store=store, label="8").update(oversize=True)
    return store


def make_goods(store):
    """What is bought, in stock: item → units."""
    goods = {
        make_item(name="Wholemeal bread 500 g", names={"pl": "Chleb razowy 500 g"}): 1,
        make_item(name="Butter, unsalted, from cows that eat grass all summer long"): 2,
        make_item(name="Apples"): 6,
    }
    stock(store, dict.fromkeys(goods, 500))
    return goods


def token_of(fulfillment):
    """A fresh link's token."""
    return make_link(purpose="pickup", subject=f"fulfillment:{fulfillment.pk}")


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"pickup-{name}.png"), full_page=True, caret="initial")


def choose(page, name, value):
    page.locator(f"input[name={name}][value='{value}']").check()


def headline(page):
    return page.locator("#headline")


def findings(page):
    """What axe-core finds serious or worse, each with the elements meant."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
