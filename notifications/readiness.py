"""What messages check before customers come to a store: that texts leave for real phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.integration.checking import Check, Found
from hub.providers.services.accounts import SMS, providers_of
from hub.stores.models import Store


def _texts(stores: Sequence[Store]) -> Mapping[int, Found]:
    """The same for every store: providers belong to the chain."""
    names = [
        account.name for account in providers_of(SMS, is_test=False) if not account.is_harmless
    ]
    link = reverse("admin:providers_provider_changelist")
    said = ", ".join(names) or _("no provider carries texts to real phones")
    return {store.pk: Found(bool(names), said, link) for store in stores}


CHECKS = [Check("texts", gettext_lazy("A provider for texts"), _texts, place=50)]
