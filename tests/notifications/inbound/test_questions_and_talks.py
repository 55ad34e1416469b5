"""One open question per phone, one open talk per phone and store, and what silence ends."""

from datetime import timedelta

import pytest

from hub import clock
from hub.crypto import lookup_hash
from notifications import tasks
from notifications.inbound import questions, threads
from notifications.inbound.hearing import hear
from notifications.models import HeardText, OpenQuestion, Thread, ThreadEntry
from tests.factories import make_spots, make_store
from tests.notifications.inbound.texting import PHONE, keep, ready_at, text, told
from tests.racing import at_once

HASH = lookup_hash("phone", PHONE)


def ask(kind="order", subject="call:1", **values):
    return questions.ask(phone_hash=HASH, kind=kind, subject=subject, **values)


@pytest.mark.django_db
class TestQuestions:
    def test_an_open_question_keeps_its_numbers(self):
        assert ask("substitutes", "fulfillment:1", options=[1, 2])
        assert not ask("spot", "fulfillment:2")
        assert questions.open_question(HASH).kind == "substitutes"

    def test_one_asked_instead_takes_them(self):
        ask("substitutes", "fulfillment:1")
        assert ask("spot", "fulfillment:2", instead=True)
        assert questions.open_question(HASH).kind == "spot"
        assert OpenQuestion.objects.get(kind="substitutes").closed_by == "newer"

    def test_the_same_again_is_renewed(self):
        ask(options=[1])
        with clock.turned_to(clock.now() + timedelta(minutes=20)):
            assert ask(options=[1, 2])
        question = OpenQuestion.objects.get()
        assert question.options == [1, 2]
        assert question.expires_at > clock.now() + timedelta(minutes=45)

    def test_one_whose_time_is_over_answers_nothing_and_gives_way(self):
        ask()
        with clock.turned_to(clock.now() + timedelta(minutes=31)):
            assert questions.open_question(HASH) is None
            assert ask("spot", "fulfillment:2")
            assert OpenQuestion.objects.get(kind="order").closed_by == "expired"

    def test_it_is_settled_once(self):
        ask()
        question = questions.open_question(HASH)
        assert questions.close(question)
        assert not questions.close(question)

    def test_other_phones_have_their_own(self):
        ask()
        assert questions.ask(phone_hash="another", kind="order", subject="call:2")


@pytest.mark.django_db
class TestTalks:
    @pytest.fixture
    def thread(self):
        ready_at(make_store())
        text("Is there parking for a van?")
        return Thread.objects.get()

    def test_a_day_of_silence_closes_what_was_read(self, thread):
        threads.mark_read(thread, seen=thread.entries.last().pk)
        with clock.turned_to(clock.now() + timedelta(hours=25)):
            ask_later = tasks.close_talks()
        assert ask_later["talks"] == 1
        thread.refresh_from_db()
        assert thread.closed_by == "silence"

    def test_what_nobody_has_read_stays_open(self, thread):
        with clock.turned_to(clock.now() + timedelta(days=3)):
            assert tasks.close_talks()["talks"] == 0

    def test_words_that_came_while_others_were_read_stay_unread(self, thread):
        seen = thread.entries.last().pk
        text("and for a trailer as well?")
        threads.mark_read(thread, seen=seen)
        thread.refresh_from_db()
        assert thread.unread == 1

    def test_old_talks_are_deleted_with_their_words(self, thread):
        threads.close_thread(thread=thread, by="ann")
        long_ago = clock.now() - timedelta(days=threads.KEPT_DAYS + 1)
        Thread.objects.update(closed_at=long_ago)
        HeardText.objects.update(heard_at=long_ago)
        assert threads.purge_talks() == 3
        assert not ThreadEntry.objects.exists()
        assert not Thread.objects.exists()

    def test_a_talk_that_goes_on_is_kept(self, thread):
        assert threads.purge_talks() == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_questions_at_a_moment_open_one(self):
        asked = at_once(6, lambda number: ask("order", f"call:{number}"))
        assert sorted(map(bool, asked)) == [False] * 5 + [True]
        assert OpenQuestion.objects.filter(closed_at__isnull=True).count() == 1

    def test_texts_at_a_moment_make_one_talk(self):
        ready_at(make_store())
        at_once(4, lambda number: text(f"question number {number} about it"))
        assert Thread.objects.get().unread == 4
        assert ThreadEntry.objects.count() == 4

    def test_one_call_heard_by_several_has_one_effect(self):
        store = make_store()
        make_spots(store)
        ready_at(store)
        call = keep("HERE 2")
        at_once(4, lambda _: hear(call_id=call))
        assert HeardText.objects.count() == 1
        assert told() == ["here_noted"]
