"""Lists without rows say where their rows come from, or what to do."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from hub.staff.empty_words import NOTES
from hub.staff.navigation import MENU
from tests.factories import make_person

# never empty, or pages of their own in place of a list
KNOWN_ROWS = {"auth.User", "auth.Group", "django_q.Schedule", "events.Breaker", "admin.LogEntry"}
OWN_PAGES = {
    *("notifications.TemplateVersion", "notifications.TextingRules", "stores.SettingsLevel"),
    *("orders.DayFigures", "orders.SandboxRun", "notifications.Thread", "notifications.CallTask"),
}
GOOD_WHEN_EMPTY = {"django_q.Failure"}


def test_every_list_of_the_menu_says_something_when_it_is_empty():
    shown = {item.model for job in MENU for item in job.pages if item.model}
    known = shown - KNOWN_ROWS - OWN_PAGES - GOOD_WHEN_EMPTY
    pages = {name: admin.site._registry[apps.get_model(name)] for name in known}
    assert sorted(name for name, page in pages.items() if not page.empty_words()) == []


def test_each_note_is_of_a_page_that_has_none_of_its_own():
    pages = {name: admin.site._registry[apps.get_model(name)] for name in NOTES}
    assert sorted(name for name, page in pages.items() if page.empty_note) == []


@pytest.mark.django_db
def test_the_note_stands_in_the_list(client):
    client.force_login(make_person(is_superuser=True))
    page = client.get(reverse("admin:stores_store_changelist")).content.decode()
    assert "A new store begins in setup." in page
