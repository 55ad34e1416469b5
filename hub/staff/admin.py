# ruff: noqa: ARG002  an override takes all that Django passes
"""Tablets of the stores, and the badges and PINs of their people; beside them the audit trail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from hub.staff import badges, tablets
from hub.staff.audit_page import AuditAdmin as AuditAdmin
from hub.staff.barcodes import code128, qr
from hub.staff.models import IDLE_MINUTES, LONGEST_IDLE_MINUTES, StaffKey, Tablet
from hub.staff.people import name_of
from hub.staff.pressed import BADGE_ISSUED, BADGE_TAKEN_BACK, ENDED, ENROLLED, log
from hub.staff.scope import ScopedAdmin, stores_for, works_in_stores
from hub.stores.models import StaffScope, Store

ENROL = "staff.enrol_tablet"
ISSUE = "staff.issue_badge"
LARGEST_KEY = 2**63 - 1
MOST_PEOPLE = 200
MOST_STORES = 60


class EnrolForm(forms.Form):
    """Which store's tablet this device becomes, and what it is called."""

    store = forms.ModelChoiceField(Store.objects.none(), to_field_name="code")
    name = forms.CharField(max_length=60)
    idle_minutes = forms.IntegerField(
        min_value=1, max_value=LONGEST_IDLE_MINUTES, initial=IDLE_MINUTES
    )

    def __init__(self, *args: Any, stores: models.QuerySet[Store], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = stores  # type: ignore[attr-defined]


@admin.register(Tablet)
class TabletAdmin(ScopedAdmin[Tablet]):
    """The store's shared devices: enrolled on the device itself, ended from anywhere."""

    list_display = ["name", "store", "state", "last_seen_at", "enrolled_by", "enrolled_at"]
    list_select_related = ["store", "enrolled_by"]
    search_fields = ["name", "public_id", "store__code"]
    ordering = ["-enrolled_at"]
    fields = [
        *("name", "idle_minutes", "store", "state", "public_id"),
        *("enrolled_by", "enrolled_at", "last_seen_at", "ended_at", "ended_by"),
    ]
    readonly_fields = [
        *("store", "state", "public_id"),
        *("enrolled_by", "enrolled_at", "last_seen_at", "ended_at", "ended_by"),
    ]
    actions = ["end_selected"]
    change_form_outer_before_template = "staff/tablet_top.html"

    def get_urls(self) -> list[URLPattern]:
        """Ending one has an address of its own."""
        end = path(
            "<int:pk>/end/", self.admin_site.admin_view(self.end_view), name="staff_tablet_end"
        )
        return [end, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """For those who enroll tablets and work in a store."""
        return request.user.has_perm(ENROL) and works_in_stores(request)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever enrolls them ends them."""
        return request.user.has_perm(ENROL)

    @admin.display(description=gettext_lazy("State"), ordering="ended_at")
    def state(self, row: Tablet) -> str:
        """In use, or ended and by whom."""
        if row.ended_at is None:
            return _("in use")
        return _("ended by %(who)s") % {"who": row.ended_by}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make the device in hand a tablet: the log-in ends, and it asks who is there."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        stores = stores_for(request).order_by("code")
        form = EnrolForm(request.POST or None, stores=stores)
        if request.method == "POST" and form.is_valid():
            return self._enroll(request, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Make this device a tablet of a store"),
            "form": form,
            "stores": stores[:MOST_STORES],
            "most_minutes": LONGEST_IDLE_MINUTES,
        }
        return TemplateResponse(request, "staff/enrol.html", context)

    def _enroll(self, request: HttpRequest, asked: dict[str, Any]) -> HttpResponse:
        by = cast(User, request.user)
        tablet, token = tablets.enroll(store=asked["store"], name=asked["name"], by=by)
        Tablet.objects.filter(pk=tablet.pk).update(idle_minutes=asked["idle_minutes"])
        log(request, tablet, ADDITION, ENROLLED)
        logout(request)
        reply = HttpResponseRedirect(reverse("staff:people"), status=HTTPStatus.SEE_OTHER)
        tablets.give_cookie(reply, token)
        return reply

    @method_decorator(require_POST)
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nobody works on it any more, from now on (303)."""
        tablet = self.get_queryset(request).filter(pk=min(pk, LARGEST_KEY)).first()
        if tablet is None or not self.has_end_permission(request):
            raise Http404
        self._end(request, tablet)
        messages.success(request, _("Ended. Whoever works on it is out with the next tap."))
        back = reverse("admin:staff_tablet_changelist")
        return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)

    @admin.action(description=gettext_lazy("End the chosen tablets"), permissions=["end"])
    def end_selected(self, request: HttpRequest, queryset: models.QuerySet[Tablet]) -> None:
        """Nobody works on them any more; those that had ended are told apart."""
        chosen = list(queryset)
        ended = sum(self._end(request, tablet) for tablet in chosen)
        said = ngettext("%(count)d tablet ended.", "%(count)d tablets ended.", ended)
        messages.success(request, said % {"count": ended})
        if ended < len(chosen):
            rest = {"count": len(chosen) - ended}
            messages.warning(request, _("%(count)d had ended before.") % rest)

    def _end(self, request: HttpRequest, tablet: Tablet) -> bool:
        ended = tablets.end(tablet=tablet, by=cast(User, request.user))
        if ended:
            log(request, tablet, CHANGE, ENDED)
        return ended


@admin.register(StaffKey)
class StaffKeyAdmin(ScopedAdmin[StaffKey]):
    """The people of a store: who has a badge and a PIN; a lead issues badges and takes them."""

    fields = ["user", "badge_issued_at", "badge_issued_by", "pin_set_at"]
    readonly_fields = ["user", "badge_issued_at", "badge_issued_by", "pin_set_at"]
    search_fields = ["user__username", "user__first_name", "user__last_name"]

    def get_urls(self) -> list[URLPattern]:
        """A badge is issued and taken back under the person's key."""
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/issue/", wrap(self.issue_view), name="staff_staffkey_issue"),
            path("<int:pk>/take-back/", wrap(self.take_back_view), name="staff_staffkey_take_back"),
        ]
        return [*own, *super().get_urls()]

    def of_stores(
        self, rows: models.QuerySet[StaffKey], stores: models.QuerySet[Store]
    ) -> models.QuerySet[StaffKey]:
        """Of the people who are named for one of the stores."""
        return rows.filter(user__in=StaffScope.objects.filter(store__in=stores).values("user"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Badges are issued, PINs chosen."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: StaffKey | None = None) -> bool:
        """Badges are issued, PINs chosen."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The people of one of the stores, and what they switch with."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        stores = list(stores_for(request).order_by("code")[:MOST_STORES])
        code = request.GET.get("store", "").replace("\0", "")
        store = (
            get_object_or_404(stores_for(request), code=code) if code else next(iter(stores), None)
        )
        context = {
            **self.admin_site.each_context(request),
            "title": _("People of the store"),
            "store": store,
            "store_choices": stores,
            "people": _people_at(store),
            "may_issue": request.user.has_perm(ISSUE),
        }
        return TemplateResponse(request, "staff/store_people.html", context)

    @method_decorator(require_POST)
    def issue_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new badge, shown once to be printed; the former one is worth nothing."""
        person = self._person(request, pk)
        code = badges.issue_badge(person=person, by=str(request.user))
        log(request, person, CHANGE, BADGE_ISSUED)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Badge"),
            "name": name_of(person),
            "code": code,
            "bars": code128(code),
            "square": qr(code),
        }
        reply = TemplateResponse(request, "staff/badge.html", context)
        reply["Cache-Control"] = "no-store"
        return reply

    @method_decorator(require_POST)
    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The badge opens nothing any more (303)."""
        person = self._person(request, pk)
        if badges.take_badge_back(person=person):
            log(request, person, CHANGE, BADGE_TAKEN_BACK)
        messages.success(request, _("The badge opens nothing any more."))
        back = reverse("admin:staff_staffkey_changelist")
        return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)

    def _person(self, request: HttpRequest, pk: int) -> User:
        """Somebody named for one of the reader's stores; 404 for all others."""
        if not request.user.has_perm(ISSUE):
            raise Http404
        named = StaffScope.objects.filter(store__in=stores_for(request)).values("user")
        people = User.objects.filter(pk__in=named, is_active=True, is_staff=True)
        return get_object_or_404(people, pk=min(pk, LARGEST_KEY))


def _people_at(store: Store | None) -> list[User]:
    if store is None:
        return []
    people = User.objects.filter(is_active=True, is_staff=True, store_scopes__store=store)
    return list(people.select_related("staff_key").order_by("username")[:MOST_PEOPLE])
