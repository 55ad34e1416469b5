"""HERE by text: who has come, where he stands, and whom nobody can know by his phone alone."""

import pytest

from orders.curbside.hearing import WORDS, read_here, take_here
from orders.curbside.visits import active_visit, say_on_my_way
from orders.models import Visit
from tests.factories import (
    CUSTOMER,
    make_fulfillment,
    make_item,
    make_ready,
    make_spots,
    make_store,
    stock,
)

PHONE = CUSTOMER["phone"]


def ready_at(store, **customer):
    item = make_item()
    stock(store, {item: 5})
    return make_ready(store=store, lines={item: 1}, customer=CUSTOMER | customer)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("HERE", ("", "")),
        (" here! ", ("", "")),
        ("Here 12", ("12", "")),
        ("HERE a 7.", ("A7", "")),
        ("ici, place 3", ("", "place 3")),
        ("Jestem #5", ("5", "")),
        ("ЗДЕСЬ у входа", ("", "у входа")),
        ("Aquí", ("", "")),
        ("here\u202e\x00by the door", ("", "by the door")),
        ("here " + "x" * 500, ("", "x" * 35)),
        ("ARRET", None),
        ("STOP", None),
        ("are you here", None),
        ("", None),
        ("12", None),
        ("\U0001f44b", None),
    ],
)
def test_a_text_is_an_arrival_by_its_first_word_only(text, said):
    assert read_here(text) == said


def test_no_word_of_arrival_is_one_that_carriers_keep():
    kept = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "start", "yes", "arret"}
    assert not WORDS & kept


@pytest.mark.django_db
class TestTakingIt:
    def test_the_sender_is_here_at_his_spot_with_all_that_is_ready_for_him(self):
        store = make_store()
        make_spots(store)
        first, second = ready_at(store), ready_at(store)
        heard = take_here(phone=PHONE, text="HERE 2")
        assert heard.here
        visit = active_visit(first)
        assert visit == active_visit(second)
        assert (visit.status, visit.spot.label, visit.source) == ("arrived", "2", "text")
        take_here(phone=PHONE, text="here by the trees")
        visit = active_visit(first)
        assert (visit.spot, visit.place) == (None, "by the trees")
        assert Visit.objects.count() == 1

    @pytest.mark.parametrize("text", ["HERE 99", "HERE 1"])
    def test_a_spot_that_cannot_be_his_is_kept_in_words(self, text):
        store = make_store()
        spots = make_spots(store)
        Visit.objects.create(store=store, status="arrived", spot=spots[0])
        part = ready_at(store)
        assert take_here(phone=PHONE, text=text).here
        assert active_visit(part).place == text.removeprefix("HERE ")

    def test_mother_and_daughter_are_asked_which_and_nobody_is_here(self):
        store = make_store()
        parts = [ready_at(store, name=name) for name in ("Ann Lee", "Mia Lee")]
        heard = take_here(phone=PHONE, text="HERE")
        assert (heard.here, set(heard.parts)) == (False, set(parts))
        assert not Visit.objects.exists()

    def test_of_two_stores_the_one_that_expects_him_is_meant(self):
        here, there = ready_at(make_store()), ready_at(make_store())
        assert not take_here(phone=PHONE, text="HERE").here
        say_on_my_way(fulfillment=there, minutes=10)
        assert take_here(phone=PHONE, text="HERE").parts == (there,)
        assert active_visit(here) is None

    def test_who_comes_early_is_here_too(self):
        part = make_fulfillment()
        assert take_here(phone=PHONE, text="jestem").here
        assert active_visit(part).status == "arrived"

    @pytest.mark.parametrize("phone", ["", "+48500999888", "x" * 300, "+", "HERE", "\x00"])
    def test_a_number_that_nobody_has_is_nobodys(self, phone):
        make_ready()
        assert take_here(phone=phone, text="HERE") is None
        assert not Visit.objects.exists()
