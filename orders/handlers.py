"""Found at start-up: brings in the reactions of every capability."""

from orders import announcing
from orders.curbside import alerts, escalating
from orders.curbside import handlers as curbside
from orders.picking import handlers as picking
from orders.placing import handlers as placing
from orders.promise import handlers as promise
from orders.recalls import handlers as recalls
from orders.substitution import handlers as substitution

__all__ = [
    "alerts",
    "announcing",
    "curbside",
    "escalating",
    "picking",
    "placing",
    "promise",
    "recalls",
    "substitution",
]
