# ruff: noqa: ARG002  an override takes all that Django passes
"""Lists of what belongs to one part of an order: each row leads to a page of that part."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol, TypeVar, cast

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hub.staff.scope import StoreWorkAdmin
from orders.models import FulfillmentOrder


class OfPart(Protocol):
    """A row that belongs to a part."""

    fulfillment_id: int
    fulfillment: FulfillmentOrder


M = TypeVar("M", bound=Model)


class OfPartAdmin(StoreWorkAdmin[M]):
    """Order and store stand first in the list; ``part_page`` names the page that tells all."""

    part_page: ClassVar[str]
    store_path = "fulfillment__store"
    list_select_related = ["fulfillment__order", "fulfillment__store"]
    ordering = ["-id"]

    @admin.display(description=_("Order"))
    def order_number(self, row: OfPart) -> str:
        """The number the customer knows."""
        return row.fulfillment.order.external_id

    @admin.display(description=_("Store"))
    def store(self, row: OfPart) -> str:
        """Which store's part it is."""
        return str(row.fulfillment.store)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of its part shows the row beside all that came before and after it."""
        row = self.get_object(request, object_id)
        if row is None:
            self._get_obj_does_not_exist_redirect()
        part = cast(OfPart, row).fulfillment_id
        return HttpResponseRedirect(reverse(self.part_page, args=[part]))
