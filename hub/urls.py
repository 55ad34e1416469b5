"""Where each app's pages and API are mounted, by dotted string."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from hub import health
from hub.api import fallbacks
from hub.api.schema import docs_view, schema_view
from hub.staff.languages import choose_language
from hub.staff.navigation import no_palette

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/openapi.json", schema_view, name="openapi"),
    path("v1/docs", docs_view, name="docs"),
    path("v1/", include("hub.api.urls")),
    path("v1/", include("inventory.api.urls")),
    path("v1/", include("orders.api.urls")),
    path("v1/", include("notifications.api.urls")),
    path("v1/", include("hub.webhooks.urls")),
    path("hooks/", include("hub.inbox.urls")),
    path("p/", include("orders.curbside.pages.urls")),
    path("n/", include("notifications.pages.urls")),
    path("s/", include("orders.curbside.pages.sign_urls")),
    path("boards/", include("orders.board_urls")),
    path("live", health.live, name="live"),
    path("ready", health.ready, name="ready"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/language/", admin.site.admin_view(choose_language), name="choose_language"),
    path("admin/search/", no_palette),
    path("admin/", include("hub.staff.urls")),
    path("admin/", admin.site.urls),
]
if settings.SIMULATORS:
    urlpatterns.append(path("sim/", include("hub.simulators.urls")))
urlpatterns.append(re_path(r"^(?:v1|hooks)(?:/|$)", fallbacks.NoSuchAddressView.as_view()))

handler400 = fallbacks.bad_request
handler403 = fallbacks.forbidden
handler404 = fallbacks.not_found
handler500 = fallbacks.failed
