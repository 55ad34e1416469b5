# ruff: noqa: ARG002  an override takes all that Django passes
"""People, groups and scheduled jobs in the workspace's own dress."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import Failure, OrmQ, Schedule, Success
from django_q.tasks import async_task

from hub.staff import factors, invitations
from hub.staff.history import RememberedAdmin
from hub.staff.models import AppFactor, RolePolicy
from hub.staff.pages import HubAdmin, ReadOnlyAdmin, TabularInline, block_of
from hub.staff.pressed import INVITED, log_all
from hub.staff.ranks import outranks, roles_within
from hub.staff.tables.pages import TableAdmin
from hub.staff.tables.people import PersonResource
from hub.staff.tables.resource import NEW, Outcome
from hub.stores.models import StaffScope

if TYPE_CHECKING:
    from django.contrib.admin import StackedInline as StackedInline
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
else:
    from unfold.admin import StackedInline as UnfoldStackedInline
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

    class StackedInline(UnfoldStackedInline):
        """Takes the type parameters that the checker reads."""

        __class_getitem__ = classmethod(lambda cls, _: cls)


LONGEST_KEY = 18
LARGEST_KEY = 2**63 - 1

# devices are no page of their own: a factor is taken off on the person's page
for model in (User, Group, Schedule, Success, Failure, OrmQ, StaticDevice, TOTPDevice):
    admin.site.unregister(model)


class ScopeInline(TabularInline[StaffScope, User]):
    """The stores in which a person works."""

    model = StaffScope
    extra = 1
    autocomplete_fields = ["store"]
    verbose_name_plural = gettext_lazy("Works in these stores (superusers: in all)")


@admin.register(User)
class PersonAdmin(DjangoUserAdmin, TableAdmin[User], RememberedAdmin[User]):  # type: ignore[type-arg]
    """People end by «active»: what they did keeps their name.

    Nobody gives more than he has: who is no superuser makes none, hands out only roles whose
    rights are his own, and leaves people alone who may do more than he.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = [ScopeInline]
    told_with = ((StaffScope, "user_id"),)
    tables = {"people": (gettext_lazy("People"), PersonResource)}
    fresh_for_import = True
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    filter_horizontal = []
    autocomplete_fields = ["groups"]
    change_form_outer_before_template = "staff/person_top.html"
    actions = ["invite_selected"]

    def response_taken(self, request: HttpRequest, outcome: Outcome) -> HttpResponse:
        """The links of who is new; without anybody new the list."""
        names = [one.key for one in outcome.differences if one.kind == NEW]
        people = User.objects.filter(username__in=names, is_active=True).order_by("username")
        if not people:
            return super().response_taken(request, outcome)
        return self._invited(request, list(people))

    @admin.action(
        description=gettext_lazy("Invite again (who has no password yet)"), permissions=["change"]
    )
    def invite_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> Any:
        """Fresh links for the chosen people; those who may do more, or can log in, are left out."""
        people = [
            one
            for one in queryset.filter(is_active=True).order_by("username")
            if not one.has_usable_password() and self.has_change_permission(request, one)
        ]
        if not people:
            messages.warning(request, _("Everybody among them has a password."))
            return None
        return self._invited(request, people)

    def _invited(self, request: HttpRequest, people: list[User]) -> HttpResponse:
        """The page with their links, which no cache keeps; by mail, too, where there is mail."""
        log_all(request, people, CHANGE, INVITED)
        if mailed := invitations.can_mail():
            keys = [one.pk for one in people if one.email]
            async_task("hub.staff.tasks.mail_invitations", keys, save=False)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Invitations"),
            "invitations": [(one, invitations.link_for(one)) for one in people],
            "mailed": mailed,
            "done_url": reverse("admin:auth_user_changelist"),
        }
        return TemplateResponse(request, "staff/invitations.html", context)

    def get_urls(self) -> list[URLPattern]:
        """Taking a lost phone off the person has an address of its own."""
        reset = path(
            "<int:pk>/reset-factor/",
            self.admin_site.admin_view(self.reset_factor_view),
            name="auth_user_reset_factor",
        )
        return [reset, *super().get_urls()]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Stores are chosen once the person exists."""
        return [ScopeInline] if obj else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Single rights are a superuser's to give: others give roles."""
        if request.user.is_superuser:
            return super().get_readonly_fields(request, obj)
        return ["is_superuser", "user_permissions", "last_login", "date_joined"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """As Django's, for people who may do no more than who asks."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not outranks(obj, request))

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Roles whose every right is one's own."""
        if db_field.name == "groups" and not request.user.is_superuser:
            kwargs["queryset"] = roles_within(request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The person, and whether a second factor is set up."""
        known = object_id.isdecimal() and len(object_id) <= LONGEST_KEY
        factor = AppFactor.objects.filter(user_id=object_id, confirmed=True) if known else None
        more = {"has_factor": bool(factor and factor.exists())}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    @method_decorator(require_POST)
    def reset_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The person's app and backup codes open nothing any more (303)."""
        person = self.get_queryset(request).filter(pk=min(pk, LARGEST_KEY)).first()
        if person is None or not self.has_change_permission(request, person):
            raise Http404
        if factors.reset(user=person):
            self.log_change(request, person, "second factor taken off")
        messages.success(request, _("The second factor is off. A role that asks for one will ask."))
        back = reverse("admin:auth_user_change", args=[person.pk])
        return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)


class PolicyInline(StackedInline[RolePolicy, Group]):
    """What the role asks of its people at log-in."""

    model = RolePolicy
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the role."""
        return request.user.has_perm("auth.view_group")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever changes the role."""
        return request.user.has_perm("auth.change_group")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever changes the role."""
        return request.user.has_perm("auth.change_group")


@admin.register(Group)
class PeopleGroupAdmin(DjangoGroupAdmin, RememberedAdmin[Group]):
    """Roles: sets of permissions, and what they ask at log-in."""

    deletable = True
    told_with = ((RolePolicy, "group_id"),)
    inlines = [PolicyInline]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Chosen once the role exists."""
        return [PolicyInline] if obj else []


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

    @admin.display(description=gettext_lazy("What it said"))
    def said(self, row: Failure) -> str:
        """The traceback."""
        return block_of(str(row.result))
