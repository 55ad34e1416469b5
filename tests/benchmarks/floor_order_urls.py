"""The hub's addresses, and beside them the raw transaction behind the barest view."""

from __future__ import annotations

import json
import random

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from hub.urls import handler400, handler403, handler404, handler500  # noqa: F401
from hub.urls import urlpatterns as hub_urlpatterns
from tests.benchmarks.floor import SKUS, STORES

_TAKE = """UPDATE floor_stock SET reserved = reserved + 1
WHERE store = %s AND sku = %s AND on_hand - reserved >= 1"""
_ORDER = "INSERT INTO floor_order (store, reference) VALUES (%s, 'web') RETURNING id"
_LINES = "INSERT INTO floor_line (order_id, sku, quantity) VALUES (%s, %s, 1), (%s, %s, 1)"
_FACT = "INSERT INTO floor_outbox (order_id, kind, body) VALUES (%s, 'order.placed', %s)"


@csrf_exempt
@transaction.atomic
def bare_order(request: HttpRequest) -> JsonResponse:
    """The statements of ``floor``, for a body that is parsed and otherwise believed."""
    asked = json.loads(request.body)
    store, (one, two) = random.randint(1, STORES), sorted(random.sample(range(1, SKUS + 1), 2))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [store, one])
        cursor.execute(_TAKE, [store, two])
        cursor.execute(_ORDER, [store])
        (order,) = cursor.fetchone()
        cursor.execute(_LINES, [order, one, order, two])
        cursor.execute(_FACT, [order, json.dumps({"order": order, "store": store})])
    return JsonResponse({"id": order, "external_id": asked["external_id"]}, status=201)


urlpatterns = [path("floor/orders", bare_order), *hub_urlpatterns]
