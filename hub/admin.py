# ruff: noqa: ARG002  an override takes all that Django passes
"""People, groups and scheduled jobs in the workspace's own dress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django_q.models import Failure, OrmQ, Schedule, Success

from hub.staff.pages import HubAdmin, ReadOnlyAdmin, TabularInline, block_of
from hub.stores.models import StaffScope

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

for model in (User, Group, Schedule, Success, Failure, OrmQ):
    admin.site.unregister(model)


class ScopeInline(TabularInline[StaffScope, User]):
    """The stores in which a person works."""

    model = StaffScope
    extra = 1
    autocomplete_fields = ["store"]
    verbose_name_plural = "Works in these stores (superusers: in all)"


@admin.register(User)
class PersonAdmin(DjangoUserAdmin, HubAdmin[User]):  # type: ignore[type-arg]
    """People end by «active»: what they did keeps their name."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [ScopeInline]
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    filter_horizontal = []
    autocomplete_fields = ["groups"]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Stores are chosen once the person exists."""
        return [ScopeInline] if obj else []


@admin.register(Group)
class PeopleGroupAdmin(DjangoGroupAdmin, HubAdmin[Group]):
    """Sets of permissions."""

    deletable = True


@admin.register(Schedule)
class ScheduleAdmin(HubAdmin[Schedule]):
    """What runs by the clock."""

    list_display = ["name", "func", "schedule_type", "minutes", "cron", "next_run", "repeats"]
    search_fields = ["name", "func"]
    readonly_fields = ["task"]


@admin.register(Failure)
class FailedJobAdmin(ReadOnlyAdmin[Failure]):
    """Jobs that failed, with what they said."""

    list_display = ["name", "func", "started", "stopped", "attempt_count"]
    search_fields = ["name", "func"]
    fields = ["name", "func", "args", "kwargs", "started", "stopped", "attempt_count", "said"]

    @admin.display(description="What it said")
    def said(self, row: Failure) -> str:
        """The traceback."""
        return block_of(str(row.result))
