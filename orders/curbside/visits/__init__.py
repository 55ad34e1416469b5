"""The customer's trip to the curb.

A visit never changes what state the goods are in, nor waits for it: a customer may arrive before
the order is ready, and an order may be handed over at the counter without any visit. Locks are
taken in one order: parts of orders, then visits, then spots, each by their keys.
"""

from __future__ import annotations

from orders.curbside.visits.coming import (
    arrive,
    join_who_waits,
    leave,
    open_visit,
    say_on_my_way,
)
from orders.curbside.visits.ending import (
    abandon_pickup,
    end_pickup_links,
    end_stale_visits,
    end_visit,
)
from orders.curbside.visits.keeping import (
    EXPECTED,
    PLACE_CHARACTERS,
    VEHICLE_CHARACTERS,
    active_visit,
    parts_of,
)
from orders.curbside.visits.serving import (
    ask_spot,
    begin_service,
    claim,
    customer_missing,
    move_spot,
)

__all__ = [
    "EXPECTED",
    "PLACE_CHARACTERS",
    "VEHICLE_CHARACTERS",
    "abandon_pickup",
    "active_visit",
    "arrive",
    "ask_spot",
    "begin_service",
    "claim",
    "customer_missing",
    "end_pickup_links",
    "end_stale_visits",
    "end_visit",
    "join_who_waits",
    "leave",
    "move_spot",
    "open_visit",
    "parts_of",
    "say_on_my_way",
]
