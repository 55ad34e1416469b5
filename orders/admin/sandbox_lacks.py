"""What a sandbox order cannot be made without, and the page on which that is mended."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from hub.staff.scope import stores_for
from hub.stores.models import SalesChannel, Stage, Store


@dataclass(frozen=True)
class Lack:
    """What is missing, what to do, and where, for those who may."""

    title: str
    what: str
    link: str = ""
    link_words: str = ""


def lack_of(request: HttpRequest, store: Store | None, *, has_goods: bool) -> Lack | None:
    """The first thing that stands in the way of a sandbox order; None when nothing does."""
    may = request.user.has_perm
    if not stores_for(request).exists():
        link = reverse("admin:stores_store_add") if may("stores.add_store") else ""
        what = _("A sandbox order is prepared in a store: make one first.")
        return Lack(_("There is no store yet."), what, link, _("Make a store"))
    if not SalesChannel.objects.exists():
        link = reverse("admin:stores_saleschannel_add") if may("stores.add_saleschannel") else ""
        what = _("Orders come from a site or an app: name the first one.")
        return Lack(_("There is no sales channel yet."), what, link, _("Add a sales channel"))
    return _of_store(request, store, has_goods=has_goods) if store else None


def _of_store(request: HttpRequest, store: Store, *, has_goods: bool) -> Lack | None:
    may = request.user.has_perm
    if store.stage == Stage.SETUP:
        link = reverse("admin:integration_stagechange_store", args=[store.pk])
        what = _("Orders can be tried once it is in shadow: then sites still hear nothing of it.")
        shown = link if may("integration.view_stagechange") else ""
        return Lack(_("This store is still being set up."), what, shown, _("Bring it to shadow"))
    if has_goods:
        return None
    link = reverse("admin:inventory_stockfile_upload") if may("inventory.add_stockfile") else ""
    what = _("Count some stock there first: without goods there is nothing to try.")
    title = _("This store has nothing to sell just now.")
    return Lack(title, what, link, _("Take in a stock file"))
