"""Addresses of the simulators below /sim/; mounted only where settings.SIMULATORS is on."""

from django.urls import URLPattern, path

from hub.simulators import doors, pages

app_name = "simulators"
urlpatterns: list[URLPattern] = [
    path("", pages.index, name="index"),
    path("pos/<str:connection>/", pages.till, name="till"),
    path("pos/<str:connection>/pick-lists", doors.pick_lists, name="pick_lists"),
    path("pos/<str:connection>/pick-lists/<str:reference>/cancel", doors.cancel_pick_list),
    path("pos/<str:connection>/pick-lists/<str:reference>/amend", doors.amend_pick_list),
    path("pos/<str:connection>/receipts", doors.receipts),
    path("pos/<str:connection>/stock", doors.stock),
    path("handset/", pages.phones, name="phones"),
    path("handset/messages", doors.take_text),
    path("handset/messages.json", doors.texts, name="texts"),
    path("handset/messages/<str:reference>", doors.find_text),
    path("handset/messages/<str:reference>/cancel", doors.take_back),
    path("handset/<str:number>/", pages.phone, name="phone"),
    path("handset/<str:number>/answer", pages.answer, name="answer"),
    path("handset/<str:number>/mood", pages.mood, name="mood"),
    path("site/", pages.site, name="site"),
    path("site/webhooks", doors.site_webhooks),
    path("site/webhooks.json", doors.site_calls, name="site_calls"),
]
