"""From a draft to the words in force: one of each, and never changed once customers had them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from hub.errors import Invalid
from notifications.models import TemplateVersion
from notifications.templating.errors import DraftChanged, WordsRefused
from notifications.templating.publishing import (
    discard_draft,
    draft_of,
    publish,
    published_of,
    save_draft,
    withdraw,
)
from notifications.templating.versions import published_wordings
from notifications.wording import wording_for

KEY = ("fr", "ready", "sms")
BODY = "{{ brand }} : commande {{ order }}, PIN {{ pin }}. {{ link }}"

pytestmark = pytest.mark.django_db


def save(body: str = BODY, *, seen: str = "", key: tuple[str, str, str] = KEY) -> TemplateVersion:
    return save_draft(key=key, title="", body=body, by="lead", seen=seen)


def put_in_force(body: str = BODY, note: str = "shorter") -> TemplateVersion:
    return publish(key=KEY, seen=save(body).digest, note=note, by="lead")


def found(locale: str) -> str:
    published = published_wordings({"ready"})
    return wording_for(purpose="ready", channel="sms", locale=locale, published=published).name


def test_a_published_version_goes_before_the_shipped_one_in_its_language_only() -> None:
    put_in_force()

    assert found("fr-CA") == "fr/ready.sms@1"
    assert found("es").startswith("es/ready.sms@")
    assert found("de").startswith("en/ready.sms@")


def test_a_draft_is_not_in_force() -> None:
    save()

    assert found("fr") not in ("fr/ready.sms@1", "")
    assert published_of(KEY) is None


def test_publishing_retires_the_version_before_and_says_who_and_why() -> None:
    first = put_in_force()
    second = put_in_force(BODY + " Merci.", note="thank them")
    first.refresh_from_db()

    assert (first.state, second.state) == ("retired", "published")
    assert (second.number, second.published_by, second.note) == (2, "lead", "thank them")
    assert second.published_at is not None
    assert found("fr") == "fr/ready.sms@2"


def test_withdrawing_brings_the_shipped_words_back() -> None:
    row = put_in_force()

    assert withdraw(key=KEY, why="too long", by="staff:7")
    assert not withdraw(key=KEY, why="again", by="staff:8")
    assert found("fr") != "fr/ready.sms@1"
    row.refresh_from_db()
    assert (row.withdrawn_why, row.withdrawn_by) == ("too long", "staff:7")
    assert row.withdrawn_at is not None


def test_a_draft_may_be_wrong_but_is_not_published() -> None:
    draft = save("{{ brand }}: reply CANCEL or see bit.ly/x {{ nonsense }}")

    with pytest.raises(WordsRefused) as refused:
        publish(key=KEY, seen=draft.digest, note="", by="lead")

    codes = {code for code, _ in refused.value.extra["findings"]}
    assert codes == {"reserved_word", "foreign_link", "unknown_name"}
    assert published_of(KEY) is None


def test_saving_again_changes_the_one_draft() -> None:
    first = save()
    second = save(BODY + " !", seen=first.digest)

    assert first.pk == second.pk
    assert TemplateVersion.objects.count() == 1


def test_a_draft_that_another_has_changed_is_neither_overwritten_nor_published() -> None:
    seen = save().digest
    save("{{ brand }}: other", seen=seen)

    with pytest.raises(DraftChanged):
        save(BODY + " mine", seen=seen)
    with pytest.raises(DraftChanged):
        publish(key=KEY, seen=seen, note="", by="lead")
    with pytest.raises(DraftChanged):
        discard_draft(key=KEY, seen=seen)
    with pytest.raises(DraftChanged):
        save(BODY)


def test_a_discarded_draft_is_gone() -> None:
    discard_draft(key=KEY, seen=save().digest)

    assert draft_of(KEY) is None


@pytest.mark.parametrize(
    "key",
    [
        ("de", "ready", "sms"),
        ("fr", "raffle", "sms"),
        ("fr", "ready", "fax"),
        ("fr", "reply_help", "email"),
    ],
)
def test_there_are_no_words_for_what_is_never_said(key: tuple[str, str, str]) -> None:
    with pytest.raises(Invalid):
        save(key=key)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE notifications_templateversion SET body = 'x' WHERE id = %s",
        "UPDATE notifications_templateversion SET state = 'draft' WHERE id = %s",
        "UPDATE notifications_templateversion SET state = 'retired', note = 'x' WHERE id = %s",
        "DELETE FROM notifications_templateversion WHERE id = %s",
    ],
)
def test_what_was_published_cannot_be_changed_even_by_sql(change: str) -> None:
    row = put_in_force()

    with (
        pytest.raises(DatabaseError, match="immutable"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change, [row.pk])


def test_what_was_retired_stays_so() -> None:
    row = put_in_force()
    withdraw(key=KEY)

    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        TemplateVersion.objects.filter(pk=row.pk).update(state="published")


def test_a_version_that_cannot_be_read_is_not_in_force() -> None:
    TemplateVersion.objects.create(
        locale="fr", purpose="ready", channel="sms", number=1, body="{{", state="published"
    )

    assert found("fr") != "fr/ready.sms@1"


def at_once(count: int, act) -> list[object]:
    """What each of several threads returned or raised, all begun together."""

    def one(number: int) -> object:
        try:
            return act(number)
        except (DraftChanged, DatabaseError) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_who_begin_a_draft_one_does() -> None:
    results = at_once(6, lambda number: save(f"{BODY} {number}"))

    assert sum(isinstance(one, TemplateVersion) for one in results) == 1
    assert sum(isinstance(one, DraftChanged) for one in results) == 5


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_who_publish_and_withdraw_at_once_none_leaves_two_in_force() -> None:
    put_in_force()
    seen = save(BODY + " Merci.").digest

    def act(number: int) -> object:
        if number % 2:
            return withdraw(key=KEY)
        return publish(key=KEY, seen=seen, note=str(number), by="lead")

    results = at_once(6, act)

    assert sum(isinstance(one, TemplateVersion) for one in results) == 1
    assert not any(isinstance(one, DatabaseError) for one in results)
    assert TemplateVersion.objects.filter(state="published").count() <= 1
    assert not TemplateVersion.objects.filter(state="draft").exists()
