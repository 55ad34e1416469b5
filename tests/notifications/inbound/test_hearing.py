"""What a text does: who is here, who comes, whose answer counts, and what is answered; once."""

import json
from datetime import timedelta

import pytest

from hub import clock
from hub.crypto import lookup_hash
from hub.customers.consent import is_refused
from hub.customers.models import ConsentEvent
from hub.customers.preferences import choose_language
from hub.customers.purposes import GROUPS
from hub.events.catalog import PickupReminded, ReadyForPickup
from hub.events.models import Fact
from hub.inbox.models import InboundCall
from notifications import handlers
from notifications.inbound import hearing
from notifications.inbound.hearing import MOST_ALIKE, MOST_AN_HOUR, hear
from notifications.inbound.questions import ask
from notifications.models import HeardText, Message, OpenQuestion, Thread, ThreadEntry
from notifications.pages.words import WORDS
from notifications.purposes import PURPOSES
from notifications.wording import LOCALES
from orders.curbside.visits import active_visit, say_on_my_way
from orders.models import Visit
from tests.factories import (
    ask_for,
    make_brand,
    make_fulfillment,
    make_missing,
    make_ready,
    make_spots,
    make_store,
)
from tests.notifications.doing import collect
from tests.notifications.inbound.texting import PHONE, STRANGER, last_words, ready_at, text, told

pytestmark = pytest.mark.django_db


def phone_hash(phone=PHONE):
    return lookup_hash("phone", phone)


@pytest.fixture
def store():
    store = make_store()
    make_spots(store)
    return store


class TestStop:
    def test_it_refuses_texts_and_is_confirmed_once_in_spite_of_itself(self, store):
        ready_at(store)
        text("STOP")
        assert is_refused(phone_hash(), "sms")
        message = Message.objects.get(purpose="reply_stop_confirmed")
        assert (message.outcome, message.channel) == ("created", "sms")
        text("stop")
        assert told() == ["reply_stop_confirmed"]

    def test_the_proof_names_the_call_and_the_language(self, store):
        ready_at(store)
        call = text("wypisz mnie")
        line = ConsentEvent.objects.filter(status="revoked").get()
        assert (line.method, line.actor, line.reference) == ("sms", "customer", str(call))
        assert (line.locale, line.purpose) == ("pl", "all")

    def test_a_provider_that_answered_itself_is_not_echoed(self, store):
        ready_at(store)
        text("STOP", opt_out="STOP")
        assert is_refused(phone_hash(), "sms")
        assert told() == []

    def test_a_number_that_nobody_knows_can_refuse_texts_too(self):
        make_brand()
        text("STOP", phone=STRANGER)
        assert is_refused(phone_hash(STRANGER), "sms")
        assert told() == ["reply_stop_confirmed"]

    def test_open_questions_are_over(self, store):
        for name in ("Ann Lee", "Mia Lee"):
            ready_at(store, name=name)
        text("HERE")
        text("STOP")
        assert OpenQuestion.objects.get().closed_by == "stop"

    def test_start_and_yes_bring_texts_back(self, store):
        ready_at(store)
        for words in ("START", "yes"):
            text("STOP")
            text(words)
            assert not is_refused(phone_hash(), "sms")
        assert told().count("reply_start_confirmed") == 2

    def test_a_topic_is_refused_alone(self, store):
        ready_at(store)
        text("STOP reminders")
        assert {group for group in GROUPS if is_refused(phone_hash(), "sms", group)} == {
            "reminders"
        }
        assert "no more texts about reminders to collect, last day" in last_words()

    def test_who_wants_no_reminders_is_still_told_that_it_is_ready(self, store):
        part = ready_at(store, email="")
        text("STOP REMINDERS")
        told_of = {"order_id": part.order_id, "fulfillment_id": part.pk}
        handlers.tell_ready([ReadyForPickup(**told_of)], [Fact()])
        handlers.remind(PickupReminded(**told_of, number=1))
        outcomes = dict(Message.objects.values_list("purpose", "outcome"))
        assert (outcomes["ready"], outcomes["reminded"]) == ("created", "suppressed")

    def test_who_wants_no_receipts_is_still_told_of_a_recall(self):
        assert PURPOSES["handed_off"].group == "afterwards"
        assert PURPOSES["recalled"].group != "afterwards"

    @pytest.mark.parametrize("locale", LOCALES)
    def test_who_wants_no_questions_hears_where_they_stand(self, store, locale):
        part = ready_at(store)
        choose_language(profile=part.order.profile, locale=locale, source="page")
        text("STOP questions")
        assert told() == ["reply_stop_questions_confirmed"]
        assert WORDS[locale]["about_questions"] in last_words()
        assert "STOP" in last_words() or "СТОП" in last_words()

    def test_what_only_looks_like_it_is_asked_about_and_shown_to_the_store(self, store):
        ready_at(store)
        text("stopp")
        assert not is_refused(phone_hash(), "sms")
        assert told() == ["reply_stop_or_talk"]
        assert Thread.objects.get().flag == "may want no texts"

    def test_after_stop_nothing_is_answered_but_what_was_said_counts(self, store):
        part = ready_at(store)
        text("STOP")
        text("HERE 2")
        assert active_visit(part).spot.label == "2"
        outcomes = Message.objects.order_by("pk").values_list("outcome", flat=True)
        assert set(outcomes[1:]) <= {"suppressed", "created"}
        assert not Message.objects.filter(channel="sms", outcome="created")[1:].exists()


class TestHelp:
    def test_it_names_the_brand_and_the_phone_of_the_store(self, store):
        store.phone = "+48221234567"
        store.save(update_fields=["phone"])
        ready_at(store)
        text("HELP")
        assert told() == ["reply_help_phone"]
        assert "+48221234567" in last_words()
        assert store.brand.name in last_words()
        assert "STOP" in last_words()

    def test_it_is_in_the_language_asked_in(self):
        make_brand()
        text("помощь", phone=STRANGER)
        assert Message.objects.get().locale == "ru"


class TestHere:
    def test_the_sender_is_here_at_his_spot_with_all_that_is_ready_for_him(self, store):
        first, second = ready_at(store), ready_at(store)
        text("HERE 2")
        visit = active_visit(first)
        assert visit == active_visit(second)
        assert (visit.status, visit.spot.label, visit.source) == ("arrived", "2", "text")
        assert told() == ["here_noted"]

    def test_said_again_it_moves_him_without_a_second_bell(self, store):
        part = ready_at(store)
        text("HERE 2")
        text("HERE 3")
        text("here by the trees")
        visit = active_visit(part)
        assert (visit.spot, visit.place) == (None, "by the trees")
        assert Visit.objects.count() == 1
        assert Fact.objects.filter(name="visit.arrived").count() <= 1
        assert told() == ["here_noted", "reply_spot_noted", "reply_place_noted"]

    def test_a_spot_that_cannot_be_his_is_kept_in_words_and_asked_for(self, store):
        part = ready_at(store)
        text("HERE 99")
        assert active_visit(part).place == "99"
        assert told() == ["reply_which_spot"]
        text("3")
        visit = active_visit(part)
        assert (visit.spot.label, visit.place) == ("3", "")
        assert told()[1:] == ["reply_spot_noted"]
        assert OpenQuestion.objects.get().closed_by == "answer"

    def test_who_says_no_spot_may_answer_with_a_number_for_half_an_hour(self, store):
        part = ready_at(store)
        text("HERE")
        text("2")
        assert active_visit(part).spot.label == "2"

    def test_later_a_number_is_no_spot_any_more(self, store):
        part = ready_at(store)
        text("HERE")
        with clock.turned_to(clock.now() + timedelta(minutes=31)):
            text("2")
        assert active_visit(part).spot is None
        assert told()[-1] == "reply_no_question"

    def test_without_any_order_a_known_customer_hears_that_nothing_waits(self, store):
        part = ready_at(store)
        part.status = "canceled"
        part.save(update_fields=["status"])
        text("HERE")
        assert told() == ["reply_nothing_waits"]
        assert not Visit.objects.exists()

    def test_after_the_pickup_he_gets_his_receipt(self, store):
        part = ready_at(store)
        collect(part.pk)
        text("HERE")
        assert told() == ["reply_collected"]
        assert "/p/" in last_words()

    def test_who_comes_early_is_here_too(self):
        part = make_fulfillment()
        text("jestem")
        assert active_visit(part).status == "arrived"

    def test_a_stranger_is_asked_for_the_order_number_and_nobody_is_here(self, store):
        ready_at(store)
        text("HERE", phone=STRANGER)
        assert told() == ["reply_unknown_sender"]
        assert not Visit.objects.exists()


class TestSharedPhone:
    @pytest.fixture
    def parts(self, store):
        return [ready_at(store, name=name) for name in ("Ann Lee", "Mia Lee")]

    def test_mother_and_daughter_are_asked_which_and_the_number_says_it(self, parts):
        text("HERE 3")
        assert told() == ["reply_which_order"]
        assert not Visit.objects.exists()
        for number, part in enumerate(parts, start=1):
            assert f"{number}) {part.order.external_id}" in last_words()
        text("2")
        assert active_visit(parts[0]) is None
        assert active_visit(parts[1]).spot.label == "3"

    def test_neither_name_nor_goods_of_anybody_are_told(self, parts):
        text("HERE")
        assert not {"Ann", "Mia", "Lee"} & set(last_words().split())

    def test_the_order_number_says_it_too(self, parts):
        text("OMW 15")
        text(parts[0].order.external_id.lower())
        visit = active_visit(parts[0])
        assert visit.status == "on_my_way"
        assert active_visit(parts[1]) is None

    @pytest.mark.parametrize("number", ["3", "0", "1 2"])
    def test_another_number_is_asked_for_again(self, parts, number):
        text("HERE")
        text(number)
        assert told()[-1] == "reply_which_number"
        assert OpenQuestion.objects.get().closed_at is None

    def test_the_same_answer_again_answers_nothing(self, parts):
        text("HERE")
        text("1")
        text("1")
        assert Visit.objects.count() == 1

    def test_of_two_stores_the_one_that_expects_him_is_meant(self):
        here, there = ready_at(make_store()), ready_at(make_store())
        say_on_my_way(fulfillment=there, minutes=10)
        text("HERE")
        assert active_visit(here) is None
        assert active_visit(there).status == "arrived"

    def test_of_two_stores_that_do_not_expect_him_he_is_asked_which(self):
        ready_at(make_store(name="North"))
        ready_at(make_store(name="South"))
        text("HERE")
        assert "North" in last_words()
        assert "South" in last_words()


class TestOnTheWay:
    def test_omw_says_when(self, store):
        part = ready_at(store)
        text("OMW 15")
        visit = active_visit(part)
        assert visit.status == "on_my_way"
        assert abs(visit.eta - clock.now() - timedelta(minutes=15)) < timedelta(seconds=30)
        assert told() == ["reply_on_my_way"]

    def test_late_counts_from_what_he_said_before(self, store):
        part = ready_at(store)
        text("OMW 10")
        text("LATE 20")
        left = active_visit(part).eta - clock.now()
        assert timedelta(minutes=29) < left < timedelta(minutes=32)

    @pytest.mark.parametrize("words", ["OMW 999", "OMW 0"])
    def test_odd_minutes_are_asked_for_again(self, store, words):
        part = ready_at(store)
        text(words)
        assert active_visit(part) is None
        assert told() == ["reply_minutes"]

    def test_who_is_here_already_stays_here(self, store):
        part = ready_at(store)
        text("HERE 1")
        text("OMW 10")
        assert active_visit(part).status == "arrived"
        assert told()[-1] == "reply_already_here"

    def test_where_tells_address_hours_and_way(self, store):
        store.street, store.city = "Long 1", "Warsaw"
        store.save(update_fields=["street", "city"])
        ready_at(store)
        text("gdzie jesteście?")
        assert told() == ["reply_where"]
        assert "Long 1" in last_words()
        assert "/p/" in last_words()


class TestAnswers:
    @pytest.fixture
    def asked(self):
        return ask_for(*make_missing())

    def test_ok_takes_what_is_harmless(self, asked):
        text("OK")
        offer = asked.offers.get()
        assert (offer.outcome, offer.answered_by) == ("accepted", "text")

    @pytest.mark.parametrize("words", ["yes", "no thanks", "NO 1"])
    def test_yes_is_an_answer_while_texts_are_wanted(self, asked, words):
        text(words)
        assert asked.offers.get().outcome == ("accepted" if words == "yes" else "declined")

    def test_a_number_without_a_question_is_none(self, asked):
        text("1")
        assert asked.offers.get().outcome == ""
        assert told() == ["reply_no_question"]

    def test_one_number_is_never_both_a_spot_and_a_substitute(self, asked):
        make_spots(asked.fulfillment.store)
        text("HERE")
        text("1")
        assert asked.offers.get().outcome == ""
        assert active_visit(asked.fulfillment).spot.label == "1"

    def test_a_number_answers_the_substitutes_that_were_asked_about_last(self, asked):
        subject = f"fulfillment:{asked.fulfillment_id}"
        ask(phone_hash=phone_hash(), kind="substitutes", subject=subject, options=[1])
        text("1")
        assert asked.offers.get().outcome == "accepted"
        assert OpenQuestion.objects.get().closed_by == "answer"

    def test_thanks_and_ok_without_a_question_are_enough(self, store):
        ready_at(store)
        for words in ("thanks!", "OK", "👍"):
            text(words)
        assert told() == []
        assert not Thread.objects.exists()


class TestTalk:
    def test_it_goes_to_the_store_of_the_order_and_the_sender_hears_so_once(self, store):
        part = ready_at(store)
        text("Can my wife pick it up?")
        text("She has the PIN")
        thread = Thread.objects.get()
        assert (thread.store, thread.unread, thread.fulfillment_id) == (store, 2, part.pk)
        assert [entry.words for entry in thread.entries.all()] == [
            "Can my wife pick it up?",
            "She has the PIN",
        ]
        assert told() == ["reply_forwarded"]
        fact = Fact.objects.filter(name="conversation.received").first()
        assert fact.data["order_id"] == part.order_id

    def test_a_stranger_reaches_no_store_until_he_names_an_order(self, store):
        part = ready_at(store)
        text("hello where are you all", phone=STRANGER)
        text("hello?", phone=STRANGER)
        assert told() == ["reply_unknown_sender"]
        assert not Thread.objects.exists()
        text(f"I want {part.order.external_id}", phone=STRANGER)
        thread = Thread.objects.get()
        assert (thread.flag, thread.profile) == ("from another number", None)
        assert not Visit.objects.exists()

    def test_one_word_that_is_nothing_is_asked_about_and_then_read(self, store):
        ready_at(store)
        text("asdf")
        assert told() == ["reply_unclear"]
        text("qwer")
        assert Thread.objects.get().entries.get().words == "qwer"

    def test_who_wants_a_person_is_marked(self, store):
        ready_at(store)
        text("AGENT")
        assert Thread.objects.get().flag == "asks for a person"
        assert told() == ["reply_forwarded"]

    def test_in_a_talk_everything_that_is_no_command_belongs_to_it(self, store):
        part = ready_at(store)
        text("Is there parking for a van?")
        for words in ("thanks", "7", "asdf"):
            text(words)
        assert ThreadEntry.objects.count() == 4
        text("HERE 2")
        assert active_visit(part).spot.label == "2"
        assert ThreadEntry.objects.count() == 4

    def test_words_are_made_safe_to_show(self, store):
        ready_at(store)
        text("look\u202e at\x00 this\r\nplease " + "x" * 5_000)
        words = ThreadEntry.objects.get().words
        assert words.startswith("look at this\nplease xxx")
        assert len(words) == 1_600


class TestLanguage:
    def test_the_language_texted_becomes_the_one_he_is_written_to(self, store):
        part = ready_at(store)
        text("JESTEM 2")
        profile = part.order.profile
        profile.refresh_from_db()
        assert (profile.chosen_locale, profile.locale_source) == ("pl", "sms")
        assert Message.objects.get().locale == "pl"

    def test_a_word_of_several_languages_changes_nothing(self, store):
        part = ready_at(store)
        text("STOP")
        text("OK")
        part.order.profile.refresh_from_db()
        assert part.order.profile.chosen_locale == ""

    def test_the_same_language_of_another_country_stays(self, store):
        part = ready_at(store)
        choose_language(profile=part.order.profile, locale="fr-CA")
        text("ICI 2")
        part.order.profile.refresh_from_db()
        assert part.order.profile.chosen_locale == "fr-CA"

    def test_of_several_people_nobodys_language_is_changed(self, store):
        parts = [ready_at(store, name=name) for name in ("Ann Lee", "Mia Lee")]
        text("JESTEM")
        for part in parts:
            part.order.profile.refresh_from_db()
            assert part.order.profile.chosen_locale == ""
        assert Message.objects.get().locale == "pl"


class TestOnce:
    @pytest.mark.parametrize("words", ["HERE 2", "OMW 10", "STOP", "hello there", "asdf", "WHERE"])
    def test_a_call_heard_again_does_nothing(self, store, words):
        ready_at(store)
        call = text(words)
        before = (told(), Fact.objects.count(), ThreadEntry.objects.count())
        with clock.turned_to(HeardText.objects.get().heard_at):
            hear(call_id=call)
        assert (told(), Fact.objects.count(), ThreadEntry.objects.count()) == before

    def test_what_fails_leaves_nothing_behind(self, store, monkeypatch):
        part = ready_at(store)

        def crash(*_, **__):
            raise RuntimeError

        monkeypatch.setitem(hearing._ACTS, "here", crash)
        with pytest.raises(RuntimeError):
            text("HERE 2")
        assert not HeardText.objects.exists()
        monkeypatch.undo()
        hear(call_id=InboundCall.objects.order_by("-pk").first().pk)
        assert active_visit(part).spot.label == "2"


class TestFloods:
    def test_the_same_words_again_and_again_are_left_alone(self, store):
        ready_at(store)
        for _ in range(MOST_ALIKE + 5):
            text("is anybody there at all")
        assert ThreadEntry.objects.count() == MOST_ALIKE
        assert HeardText.objects.filter(damped=True).count() == 5

    def test_more_than_many_in_an_hour_are_told_so_once(self, store):
        ready_at(store)
        for number in range(MOST_AN_HOUR + 5):
            text(f"question number {number} about it")
        assert told() == ["reply_forwarded", "reply_too_many"]
        assert ThreadEntry.objects.count() == MOST_AN_HOUR
        text("STOP")
        assert is_refused(phone_hash(), "sms")

    def test_a_machine_is_not_answered(self, store):
        ready_at(store)
        text("Automatic reply: I am out of office until Monday")
        assert told() == []
        assert HeardText.objects.get().damped

    def test_our_own_words_coming_back_are_not_answered(self, store):
        ready_at(store)
        text("Can my wife pick it up?")
        Message.objects.update(accepted_at=clock.now())
        text(f"Fwd: {last_words()}")
        assert ThreadEntry.objects.count() == 1
        assert told() == ["reply_forwarded"]


@pytest.mark.parametrize("phone", ["", "x" * 300, "+", "HERE", "\x00", "12345", "AMAZON"])
def test_a_number_that_cannot_be_answered_is_nobodys(phone):
    make_ready()
    text("HERE", phone=phone)
    assert not Visit.objects.exists()
    assert told() == []


@pytest.mark.parametrize(
    "data",
    [{"from": 5}, {"text": None}, {"text": {}}, {"opt_out": []}, {"from": None}],
)
def test_odd_calls_are_noted_and_dropped(data):
    text("HERE", **data) if "from" not in data and "text" not in data else _odd(data)
    assert not HeardText.objects.exists() or not Visit.objects.exists()


def _odd(data):
    body = {"type": "message.received", "data": {"from": PHONE, "text": "HERE"} | data}
    call = InboundCall.objects.create(source="sms:memory", event_id="odd", body=json.dumps(body))
    hear(call_id=call.pk)


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"data": []}', "[" * 100_000])
def test_calls_that_are_no_texts_are_nobodys(body):
    call = InboundCall.objects.create(source="sms:memory", event_id="odd", body=body)
    hear(call_id=call.pk)
    hear(call_id=0)
    assert not HeardText.objects.exists()
