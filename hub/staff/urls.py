"""Pages of the workspace that belong to no table: who is there, and how he proves it."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from hub.staff import invitations, proving, switching

app_name = "staff"
_for_staff = admin.site.admin_view

urlpatterns = [
    path("people/", switching.people_view, name="people"),
    path("people/switch/", switching.switch_view, name="switch"),
    path("people/leave/", switching.leave_view, name="leave"),
    path("people/here/", switching.here_view, name="here"),
    path("invited/<str:token>/", invitations.invited_view, name="invited"),
    path("me/", _for_staff(proving.me_view), name="me"),
    path("me/codes/", _for_staff(proving.codes_view), name="codes"),
    path("me/again/", _for_staff(proving.again_view), name="again"),
    path("me/factor/", _for_staff(proving.factor_view), name="factor"),
]
