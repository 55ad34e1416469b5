"""What the browser tests of the customer's page share: a store, goods, a page's address."""

from __future__ import annotations

from django.conf import settings

from hub.links.services import make_link
from orders.models import Spot
from tests.factories import make_item, make_spots, make_store, stock
from tests.flows.browsing import NARROW, SCHEMES, SIZES, findings, paint, picture, too_wide

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


def choose(page, name, value):
    page.locator(f"input[name={name}][value='{value}']").check()


def headline(page):
    return page.locator("#headline")


def look_in_every_language(page, address, name):
    """No language makes a page wider than its screen, nor is it hard to use for anybody."""
    for language, _name in settings.LANGUAGES:
        page.goto(f"{address}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        for size, viewport in (SIZES | {"narrow": NARROW}).items():
            page.set_viewport_size(viewport)
            wide = too_wide(page)
            assert wide <= 0, f"{language} at {size} scrolls sideways by {wide}"
            if size == "phone" or language == "en":
                picture(page, f"{name}-{size}-{language}")
        for scheme, rules in SCHEMES.items():
            paint(page, scheme)
            assert findings(page, rules) == [], f"{language}, {scheme}"
