"""Addresses of this part, relative to where ``hub.urls`` mounts it."""

from django.urls import path

from inventory.api.availability import AvailabilityView
from inventory.api.changes import ChangesView, ExportView
from inventory.api.counts import CountsView
from inventory.api.files import RefusedLinesView, StockFilesView, StockFileView
from inventory.api.holds import HoldsView, HoldView
from inventory.api.incoming import IncomingView
from inventory.api.near import NearView, NetworkView
from inventory.api.recalls import RecallsView
from inventory.api.shortfalls import ShortfallsView, ShortfallView
from inventory.api.stock_events import StockEventsView
from inventory.api.why import WhyView

urlpatterns = [
    path("availability", AvailabilityView.as_view(), name="availability"),
    path("availability/changes", ChangesView.as_view(), name="availability-changes"),
    path("availability/export", ExportView.as_view(), name="availability-export"),
    path("availability/near", NearView.as_view(), name="availability-near"),
    path("availability/network", NetworkView.as_view(), name="availability-network"),
    path("availability/why", WhyView.as_view(), name="availability-why"),
    path("holds", HoldsView.as_view(), name="holds"),
    path("holds/<str:reference>", HoldView.as_view(), name="hold"),
    path("recalls", RecallsView.as_view(), name="recalls"),
    path("stock/counts", CountsView.as_view(), name="stock-counts"),
    path("stock/files", StockFilesView.as_view(), name="stock-files"),
    path("stock/files/<str:reference>", StockFileView.as_view(), name="stock-file"),
    path(
        "stock/files/<str:reference>/refused.csv",
        RefusedLinesView.as_view(),
        name="stock-file-refused",
    ),
    path("stock/shortfalls", ShortfallsView.as_view(), name="stock-shortfalls"),
    path("stock/shortfalls/proposal", ShortfallView.as_view(), name="stock-shortfall"),
    path("stock/incoming/<path:reference>", IncomingView.as_view(), name="stock-incoming"),
    path("stock/events", StockEventsView.as_view(), name="stock-events"),
]
