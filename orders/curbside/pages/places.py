"""A store as customers see it: where it is, when it is open, how to get there."""

from __future__ import annotations

from typing import Any

from hub.stores.calendar import Calendar
from hub.stores.models import Store
from hub.stores.services import calendar_of
from orders.curbside.pages.moments import Moments


def place_of(store: Store, moments: Moments) -> dict[str, Any]:
    """Name, address, phone, today's hours and links to a map."""
    place = f"{store.latitude:.5f}", f"{store.longitude:.5f}"
    return {
        "name": store.name,
        "street": store.street,
        "city": f"{store.postal_code} {store.city}".strip(),
        "phone": store.phone,
        "hours": _hours(calendar_of(store), moments),
        "map": "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=17/{0}/{1}".format(*place),
        "route": "https://www.openstreetmap.org/directions?to={}%2C{}".format(*place),
    }


def _hours(calendar: Calendar, moments: Moments) -> list[str]:
    today = moments.now.astimezone(moments.zone).date()
    spans = calendar.exceptions.get(today, calendar.hours.get(today.weekday(), ()))
    return [
        f"{moments.say_time(opens)} – {moments.say_time(closes)}" for opens, closes in sorted(spans)
    ]
