"""A key, a channel, a store; and views of our own to look at the plumbing alone."""

import json

import pytest
from django.test import Client
from django.urls import path
from rest_framework import serializers
from rest_framework.response import Response

from hub.api.forms import Form, read_body
from hub.api.idempotency import idempotent
from hub.api.keys import SCOPES, create_key
from hub.api.models import RateCounter
from hub.api.views import HubView
from hub.urls import handler400, handler403, handler404, handler500  # noqa: F401
from hub.urls import urlpatterns as hub_urlpatterns
from tests.factories import make_channel


class Api:
    """A client that sends a key."""

    def __init__(self, secret):
        self.secret = secret
        self.client = Client(raise_request_exception=False)

    def get(self, address, **headers):
        return self._send(self.client.get, address, headers)

    def post(self, address, body=None, content_type="application/json", **headers):
        data = body if isinstance(body, bytes | str) else json.dumps(body or {})
        return self._send(self.client.post, address, headers, data=data, content_type=content_type)

    def _send(self, send, address, headers, **kwargs):
        known = {"Authorization": f"Bearer {self.secret}"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(address, headers=known | sent, **kwargs)


@pytest.fixture
def channel(db):
    return make_channel()


@pytest.fixture
def key_and_secret(channel):
    return create_key(channel=channel, name="test", scopes=SCOPES)


@pytest.fixture
def key(key_and_secret):
    return key_and_secret[0]


@pytest.fixture
def api(key_and_secret):
    return Api(key_and_secret[1])


class LineForm(Form):
    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1)


class ProbeForm(Form):
    bucket = serializers.CharField(max_length=120)
    note = serializers.CharField(required=False, allow_blank=True)
    metadata = serializers.DictField(required=False)
    lines = LineForm(many=True, required=False)


class ProbeView(HubView):
    """Echoes what it read; ``raises`` is what it fails with."""

    scopes = {"POST": "orders:write", "GET": "orders:read"}
    raises: Exception | None = None

    def get(self, request):
        if ProbeView.raises:
            raise ProbeView.raises
        return Response({"channel": request.auth.channel.code})

    def post(self, request):
        return Response(read_body(ProbeForm, request), status=201)


class MakeView(HubView):
    """Makes one row per effect, so that effects can be counted."""

    scopes = {"POST": "orders:write"}
    meanwhile = staticmethod(lambda: None)

    @idempotent
    def post(self, request):
        bucket = read_body(ProbeForm, request)["bucket"]
        made = RateCounter.objects.create(bucket=bucket, window_start="2026-01-01T00:00:00Z")
        MakeView.meanwhile()
        headers = {"Location": f"/v1/made/{made.pk}", "ETag": '"v1"'}
        return Response({"id": made.pk, "bucket": bucket, "é": [1, 2.5]}, 201, headers=headers)


class ForgottenView(HubView):
    def get(self, request):
        return Response({})


urlpatterns = [
    path("v1/probe", ProbeView.as_view()),
    path("v1/make", MakeView.as_view()),
    path("v1/forgotten", ForgottenView.as_view()),
    *hub_urlpatterns,
]


@pytest.fixture
def probes(settings):
    settings.ROOT_URLCONF = __name__
    yield
    ProbeView.raises = None
    MakeView.meanwhile = staticmethod(lambda: None)
