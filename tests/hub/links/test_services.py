"""Links: whoever holds the token gets in, for as long as it lives, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from hub import clock
from hub.errors import NotFound
from hub.links.errors import TooManyWrongLinks
from hub.links.models import Link
from hub.links.services import (
    READABLE_AFTER_END,
    WRONG_TOKENS,
    end_links,
    link_url,
    make_link,
    may_act,
    open_link,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make():
    return make_link(purpose="pickup", subject="fulfillment:17")


def visit(token, purpose="pickup", address="203.0.113.7"):
    return open_link(token, purpose=purpose, address=address)


def end(at):
    return end_links(
        purpose="pickup",
        subject="fulfillment:17",
        read_only_at=at,
        expires_at=at + READABLE_AFTER_END,
    )


def test_a_token_opens_its_subject_and_may_act():
    link = visit(make())
    assert link.subject == "fulfillment:17"
    assert may_act(link)


def test_a_token_is_short_enough_for_a_text_and_only_its_hash_is_kept(settings):
    settings.PUBLIC_BASE_URL = "https://shop.example"
    token = make()
    assert link_url(token) == f"https://shop.example/p/{token}"
    assert len(token) == 22
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(link)::text FROM links_link AS link")
        assert token not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    "token", ["", "x", "A" * 22, "A" * 23, "é" * 22, "A" * 21 + "\x00", "../" * 9]
)
def test_an_unknown_token_is_not_found(token):
    with pytest.raises(NotFound) as refusal:
        visit(token)
    assert refusal.value.detail == NotFound.title


def test_a_token_of_another_purpose_is_not_found():
    with pytest.raises(NotFound):
        visit(make(), purpose="preferences")


def test_a_revoked_token_is_not_found():
    token = make()
    Link.objects.update(revoked_at=NOON)
    with pytest.raises(NotFound):
        visit(token)


def test_after_the_hand_off_a_link_is_read_only_for_seven_days_then_gone():
    first, second = make(), make()
    assert end(NOON) == 2
    with clock.turned_to(NOON + timedelta(days=6, hours=23)):
        assert not may_act(visit(first))
        assert not may_act(visit(second))
    with clock.turned_to(NOON + timedelta(days=7)), pytest.raises(NotFound):
        visit(first)


def test_ending_again_later_does_not_prolong_a_link():
    token = make()
    end(NOON)
    end(NOON + timedelta(days=30))
    with clock.turned_to(NOON + timedelta(days=8)), pytest.raises(NotFound):
        visit(token)


def test_a_link_that_nobody_ends_is_gone_after_ninety_days():
    token = make()
    with clock.turned_to(clock.now() + timedelta(days=89)):
        assert visit(token)
    with clock.turned_to(clock.now() + timedelta(days=90, minutes=1)), pytest.raises(NotFound):
        visit(token)


def test_links_to_other_subjects_live_on():
    token = make_link(purpose="pickup", subject="fulfillment:18")
    end(NOON - timedelta(days=30))
    assert may_act(visit(token))


def test_many_wrong_tokens_from_one_address_are_stopped_and_others_are_not():
    token = make()
    for _ in range(WRONG_TOKENS):
        with pytest.raises(NotFound):
            visit("A" * 22)
    with pytest.raises(TooManyWrongLinks):
        visit("A" * 22)
    with pytest.raises(NotFound):
        visit("A" * 22, address="203.0.113.8")
    assert visit(token)


def test_right_tokens_are_never_counted():
    token = make()
    for _ in range(WRONG_TOKENS + 5):
        visit(token)
    with pytest.raises(NotFound):
        visit("A" * 22)
