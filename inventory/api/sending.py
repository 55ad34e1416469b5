"""When the sender says that it sent a call: its clock, measured against the hub's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request

from hub.api.forms import Form
from hub.api.views import HubView


def sent_at_field() -> serializers.DateTimeField:
    """The member ``sent_at`` of a body."""
    return serializers.DateTimeField(
        required=False,
        help_text="What the sender's clock showed when it sent this: the moments in the body are "
        "put right by its difference to the hub's. Say it afresh with every try: it is no part "
        "of what the Idempotency-Key stands for.",
    )


class SentView(HubView):
    """A view whose callers may say when they send; ``sent_at`` is what they said, or None."""

    sent_at: datetime | None = None


V = TypeVar("V", bound=SentView)
Method = Callable[[V, Request], HttpResponseBase]


def takes_sent_at(method: Method[V]) -> Method[V]:
    """Take ``sent_at`` out of the body before anything compares it with an earlier try's."""

    @functools.wraps(method)
    def run(view: V, request: Request) -> HttpResponseBase:
        body = request.data
        if isinstance(body, dict) and "sent_at" in body:
            form = _SentAtForm(data={"sent_at": body.pop("sent_at")})
            form.is_valid(raise_exception=True)
            view.sent_at = form.validated_data["sent_at"]
        return method(view, request)

    return run


class _SentAtForm(Form):
    """That member alone."""

    sent_at = sent_at_field()
