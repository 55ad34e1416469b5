"""What a new installation needs, step by step: shown on the first page until all is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from hub.modules import modules
from hub.providers.services.accounts import SMS, providers_of
from hub.staff.pages import is_store_bound
from hub.stores.models import OpeningHours, PosConnection, Store


@dataclass(frozen=True)
class Step:
    """One step: what it is, whether it is done, where it is done, and the permission that needs."""

    place: int
    title: Any
    why: Any
    is_done: Callable[[], bool]
    link: Callable[[], str]
    needs: str


_over: set[str] = set()


def checklist(request: HttpRequest) -> dict[str, Any]:
    """What ``admin/checklist.html`` shows: the steps, how many are done, and the next one."""
    steps = steps_for(request)
    following = next((one["step"] for one in steps if not one["done"]), None)
    return {"steps": steps, "done": sum(one["done"] for one in steps), "following": following}


def steps_for(request: HttpRequest) -> list[dict[str, Any]]:
    """The steps with what is done, for who may bring stores on line; empty once all are done."""
    if _over or not request.user.has_perm("integration.add_wave") or is_store_bound(request):
        return []
    found = [one for module in modules("first_steps") for one in module.STEPS]
    told = [
        {
            "step": one,
            "done": one.is_done(),
            "link": one.link() if request.user.has_perm(one.needs) else "",
        }
        for one in sorted(found, key=lambda one: one.place)
    ]
    if all(one["done"] for one in told):
        _over.add("all")  # what was done once stays done: nobody has to ask again
        return []
    return told


def forget() -> None:
    """Ask again; another database may be behind the next request."""
    _over.clear()


def _without_hours() -> str:
    """The page of the first store that has no hours; of all stores when there is none."""
    store = Store.objects.filter(active=True, hours__isnull=True).order_by("pk").first()
    if store is None:
        return reverse("admin:stores_store_changelist")
    return f"{reverse('admin:stores_store_change', args=[store.pk])}#hours-group"


def _texts() -> bool:
    return any(not account.is_harmless for account in providers_of(SMS, is_test=False))


STEPS = [
    Step(
        1,
        gettext_lazy("Make a store"),
        gettext_lazy(
            "Where it is, and its time zone; its brand is made beside the field. It begins in "
            "setup: nobody is told of it."
        ),
        Store.objects.exists,
        lambda: reverse("admin:stores_store_add"),
        "stores.add_store",
    ),
    Step(
        2,
        gettext_lazy("Give it opening hours"),
        gettext_lazy("Promises, pickup windows and deadlines follow from them."),
        OpeningHours.objects.exists,
        _without_hours,
        "stores.view_store",
    ),
    Step(
        3,
        gettext_lazy("Connect its POS"),
        gettext_lazy("Then ping it, and compare its stock with the hub's."),
        lambda: PosConnection.objects.filter(active=True).exists(),
        lambda: reverse("admin:stores_posconnection_add"),
        "stores.add_posconnection",
    ),
    Step(
        4,
        gettext_lazy("Choose who carries texts"),
        gettext_lazy("Customers hear by text that their order is ready."),
        _texts,
        lambda: reverse("admin:providers_provider_add"),
        "providers.add_provider",
    ),
]
