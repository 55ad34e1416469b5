"""The pages that a tablet can open again while it has no contact, for one person at a time."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

PERSON_HEADER = "X-Work-Person"
SCOPE = "/admin/"
# The pages whose last content a tablet keeps: the places where goods are, and the Wi-Fi is not.
KEPT_PAGES = [
    r"^/admin/orders/zonepick/part/\d+/$",
    r"^/admin/orders/pickbatch/\d+/change/$",
    r"^/admin/orders/bag/staging/$",
    r"^/admin/orders/putback/to-do/$",
]
# A line that was chosen is no page of its own.
CHOICES = ["line", "item"]
# Where one person's work ends on this tablet: what it keeps of the pages is dropped.
ENDS = r"/log(in|out)/|/tablets?/|/people/"


def work_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page that a tablet may keep for the time without contact, for this person alone."""
    reply = TemplateResponse(request, template, context)
    reply[PERSON_HEADER] = str(request.user.pk)
    return reply


@cache_control(no_cache=True)
def worker_view(_request: HttpRequest) -> HttpResponse:
    """The service worker: which pages it keeps, what it says without them, and its script.

    Open to all, since a browser asks for it whenever it likes; it says nothing of anybody.
    """
    told = {
        "pages": KEPT_PAGES,
        "choices": CHOICES,
        "ends": ENDS,
        "person": PERSON_HEADER,
        "assets": static(""),
        "home": reverse("admin:orders_fulfillmentorder_pick"),
        "title": _("No contact with the hub"),
        "words": _("This page was not opened on this tablet before. Go where the Wi-Fi is."),
        "again": _("Try again"),
    }
    script = static("picking/worker.js")
    body = f"self.curbhub = {json.dumps(told)};\nimportScripts({json.dumps(script)});\n"
    reply = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    reply["Service-Worker-Allowed"] = SCOPE
    return reply
