"""How a customer wants to be told, over HTTP, for sites with a page of their own for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.auth import caller
from hub.api.forms import Form, read_body
from hub.api.views import HubView
from hub.customers.models import Channel, Profile
from hub.customers.preferences import (
    choices_of,
    choose_grid,
    choose_language,
    choose_timezone,
    pause,
    resume,
)
from hub.customers.purposes import GROUPS
from notifications.api.reading import find_customer
from orders.api.forms import Reference

SOURCE = "api"


class ChannelsField(serializers.ListField):
    """Channels by rank, or null."""

    def __init__(self, help_text: str) -> None:
        super().__init__(
            child=serializers.ChoiceField(choices=Channel.values),
            required=False,
            allow_null=True,
            max_length=len(Channel.values),
            help_text=help_text,
        )


class ChoicesForm(Form):
    """What is left out stays; null: as the order updates; an empty list: not at all."""

    order_updates = ChannelsField("news of the order; null: nothing is chosen")
    pickup = ChannelsField("that it is ready, opening hours")
    reminders = ChannelsField("reminders to collect, the last day")
    questions = ChannelsField("substitutes, another store")
    arrival = ChannelsField("while the customer is there")
    afterwards = ChannelsField("receipt, answers to complaints")


class CustomerPreferencesForm(Form):
    """What the customer chose; what is left out stays as it was."""

    choices = ChoicesForm(
        required=False,
        help_text="the channels by group, the one to try first at the front; others are ruled out",
    )
    locale = Reference(max_length=10, required=False, help_text="his language, such as pl")
    timezone = Reference(
        max_length=50,
        required=False,
        allow_blank=True,
        help_text="IANA name, for his nights; empty: those of the store",
    )
    paused_until = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="until then only what is critical is told; within a year; null: no pause",
    )


class ChoicesReply(serializers.Serializer[Any]):
    order_updates = ChannelsField("null: nothing is chosen")
    pickup = ChannelsField("null: as the order updates; empty: not at all")
    reminders = ChannelsField("the same")
    questions = ChannelsField("the same")
    arrival = ChannelsField("the same")
    afterwards = ChannelsField("the same")


class CustomerPreferencesReply(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`cus_…`")
    choices = ChoicesReply(help_text="the channels by group, the one tried first at the front")
    locale = serializers.CharField(help_text="chosen by the customer; empty when he has not")
    locale_source = serializers.CharField(help_text="where: page, sms, staff, api; or empty")
    timezone = serializers.CharField(help_text="chosen by the customer; empty: the store's")
    timezone_source = serializers.CharField(help_text="where: page, sms, staff, api; or empty")
    paused_until = serializers.DateTimeField(allow_null=True, help_text="UTC")


class CustomerPreferencesView(HubView):
    """How one customer wants to be told."""

    scopes = {"GET": "customers:read", "PUT": "customers:write"}

    @extend_schema(operation_id="read_preferences", responses=CustomerPreferencesReply)
    def get(self, request: Request, customer_id: str) -> Response:
        """Read what the customer chose, wherever he said it.

        The id is a customer's (`cus_…`) or that of one of his orders (`ord_…`); only who ordered on
        the key's own channel is found.
        """
        return Response(preferences_json(find_customer(caller(request), customer_id).profile))

    @extend_schema(
        operation_id="write_preferences",
        request=CustomerPreferencesForm,
        responses=CustomerPreferencesReply,
    )
    def put(self, request: Request, customer_id: str) -> Response:
        """Take over the customer's own choice; it outranks what orders say from then on.

        It is no consent: an address that refused a channel is not written to by it.
        """
        form = read_body(CustomerPreferencesForm, request)
        profile = find_customer(caller(request), customer_id).profile
        _take(profile, form)
        return Response(preferences_json(profile))


def preferences_json(profile: Profile) -> dict[str, Any]:
    """The choice as plain JSON values."""
    until: datetime | None = profile.paused_until
    return {
        "id": profile.public_id,
        "choices": choices_of(profile),
        "locale": profile.chosen_locale,
        "locale_source": profile.locale_source,
        "timezone": profile.chosen_timezone,
        "timezone_source": profile.timezone_source,
        "paused_until": until.isoformat().replace("+00:00", "Z") if until else None,
    }


@transaction.atomic
def _take(profile: Profile, form: dict[str, Any]) -> None:
    """All of it or, with a refusal, nothing."""
    if "choices" in form:
        said = form["choices"]
        choices = {group: said[group] for group in GROUPS if group in said}
        choose_grid(profile=profile, choices=choices, source=SOURCE)
    if "locale" in form:
        choose_language(profile=profile, locale=form["locale"], source=SOURCE)
    if "timezone" in form:
        choose_timezone(profile=profile, timezone=form["timezone"], source=SOURCE)
    if "paused_until" in form:
        until = form["paused_until"]
        pause(profile=profile, until=until) if until else resume(profile=profile)
