"""New people set a password of their own behind a link: once, within two days."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import mail
from django.urls import reverse
from django_q.models import OrmQ

from hub.staff import invitations, roles
from hub.staff.invitations import accept, invited, link_for, mail_invitations
from hub.staff.person_language import PersonLanguage
from tests.factories import make_person, make_role
from tests.hub.staff.test_tables import page_in, prove_login, send
from tests.racing import at_once

pytestmark = pytest.mark.django_db

GOOD = "long-enough-and-odd-17"
LIST = "/admin/auth/user/"


def make_new(**values):
    person = make_person(**values)
    person.set_unusable_password()
    person.save()
    return person


def token_of(person):
    return link_for(person).rstrip("/").rpartition("/")[2]


def page_of(person):
    return reverse("staff:invited", args=[token_of(person)])


def chosen(password=GOOD, again=None):
    return {"new_password1": password, "new_password2": again or password}


@pytest.fixture
def boss(client):
    person = make_person(is_superuser=True)
    client.force_login(person)
    return person


class TestTheLink:
    def test_lets_a_person_choose_a_password_and_log_in(self, client):
        person = make_new()
        page = page_of(person)

        shown = client.get(page)
        reply = client.post(page, chosen())

        assert shown.status_code == 200
        assert shown["Referrer-Policy"] == "no-referrer"
        assert "no-store" in shown["Cache-Control"]
        assert (reply.status_code, reply["Location"]) == (303, reverse("admin:login"))
        assert client.login(username=person.username, password=GOOD)

    def test_works_once(self, client):
        person = make_new()
        page = page_of(person)
        client.post(page, chosen())

        for reply in (client.get(page), client.post(page, chosen("another-one-18"))):
            assert reply.status_code == 404
        person.refresh_from_db()
        assert person.check_password(GOOD)

    def test_changes_nothing_when_it_is_looked_at(self, client):
        person = make_new()
        for _ in range(3):
            client.get(page_of(person))
        person.refresh_from_db()
        assert not person.has_usable_password()
        assert client.get(page_of(person)).status_code == 200

    def test_ends_after_two_days(self, client, monkeypatch):
        page = page_of(make_new())
        monkeypatch.setattr(invitations, "HOURS", -1)
        assert client.get(page).status_code == 404
        assert client.post(page, chosen()).status_code == 404

    def test_ends_when_the_person_ends_or_gets_a_password_otherwise(self):
        gone, known = make_new(), make_new()
        tokens = [token_of(one) for one in (gone, known)]
        User.objects.filter(pk=gone.pk).update(is_active=False)
        known.set_password("by-an-admin-19")
        known.save()
        assert [invited(token) for token in tokens] == [None, None]

    @pytest.mark.parametrize("token", ["x", "a:b:c", "ą", "%00", "W10:1abc:xyz", "x" * 5000])
    def test_nonsense_is_a_link_that_has_ended(self, client, token):
        page = f"/admin/invited/{token}/"
        assert client.get(page).status_code == 404
        assert client.post(page, chosen()).status_code == 404

    def test_refuses_a_weak_password_and_two_that_differ(self, client):
        person = make_new()
        for sent in (chosen("12345678"), chosen(GOOD, "something-else-1"), {}):
            reply = client.post(page_of(person), sent)
            assert reply.status_code == 200
            assert 'role="alert"' in reply.content.decode()
        person.refresh_from_db()
        assert not person.has_usable_password()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_use_one_link_at_once_set_one_password():
    person = make_new()
    token = token_of(person)

    done = at_once(4, lambda number: accept(token=token, password=f"{GOOD}-{number}"))

    assert sum(done) == 1
    person.refresh_from_db()
    assert person.check_password(f"{GOOD}-{done.index(True)}")


class TestFromATable:
    @pytest.fixture(autouse=True)
    def folder(self, settings, tmp_path):
        settings.FEEDS_DIR = tmp_path

    def take(self, client, text):
        prove_login(client)
        page = page_in(User, "people")
        looked = send(client, page, text)
        mark = looked.context["outcome"].mark
        return client.post(page, {"confirm": looked.context["token"], "mark": mark})

    def test_shows_the_links_of_who_is_new_and_keeps_no_link(self, client, boss, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        roles.ship()
        old = make_person()
        text = f"username,first_name,email\n{old.username},Known,\nnew1,Ann,a@example.com\n"

        shown = self.take(client, text)

        person = User.objects.get(username="new1")
        ((one, link),) = shown.context["invitations"]
        assert one == person
        assert invited(link.rstrip("/").rpartition("/")[2]) == person
        assert "no mail server" in shown.content.decode()
        assert not OrmQ.objects.exists()
        entry = LogEntry.objects.get(object_id=str(person.pk))
        assert (entry.user, entry.change_message) == (boss, "invited to set a password")

    def test_without_anybody_new_leads_back_to_the_list(self, client, boss):
        old = make_person()
        reply = self.take(client, f"username,first_name\n{old.username},Known\n")
        assert reply["Location"] == LIST


class TestByMail:
    def test_who_has_an_address_and_no_password_gets_his_link(self):
        new = make_new(email="new@example.com")
        make_new()
        known = make_person(email="known@example.com")
        known.set_password(GOOD)
        known.save()
        PersonLanguage.objects.create(user=new, language="pl")

        sent = mail_invitations(list(User.objects.values_list("pk", flat=True)))

        assert sent == 1
        (message,) = mail.outbox
        assert message.to == ["new@example.com"]
        assert new.username in message.body
        token = message.body.partition("/admin/invited/")[2].partition("/")[0]
        assert invited(token) == new
        assert "Your user name" not in message.body

    def test_one_that_is_refused_does_not_keep_the_others_from_theirs(self, monkeypatch):
        first, second = make_new(email="a@example.com"), make_new(email="b@example.com")
        send = invitations.EmailMessage.send

        def sometimes(self, *args, **kwargs):
            if self.to == ["a@example.com"]:
                raise ConnectionRefusedError
            return send(self, *args, **kwargs)

        monkeypatch.setattr(invitations.EmailMessage, "send", sometimes)

        assert mail_invitations([first.pk, second.pk]) == 1
        assert [message.to for message in mail.outbox] == [["b@example.com"]]


class TestAgain:
    def invite(self, client, *people):
        keys = [one.pk for one in people]
        return client.post(LIST, {"action": "invite_selected", "_selected_action": keys})

    def test_who_lost_his_link_gets_another_but_nobody_with_a_password(self, client, boss):
        new, known = make_new(), make_person()
        known.set_password(GOOD)
        known.save()

        shown = self.invite(client, new, known)

        assert [one for one, _link in shown.context["invitations"]] == [new]
        assert self.invite(client, known).status_code == 302

    def test_nobody_invites_who_may_do_more_than_he(self, client):
        client.force_login(make_role(roles.OPERATIONS))
        above = make_role(roles.ADMINISTRATOR)
        above.set_unusable_password()
        above.save()

        assert self.invite(client, above).status_code == 302
