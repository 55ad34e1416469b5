"""Addresses of this part, relative to where ``hub.urls`` mounts it."""

from django.urls import URLPattern, path

from hub.inbox.views import EmailHookView, PosHookView, SmsHookView

urlpatterns: list[URLPattern] = [
    path("pos/<str:connection>", PosHookView.as_view()),
    path("sms/<slug:provider>", SmsHookView.as_view()),
    path("email/<slug:provider>", EmailHookView.as_view()),
]
