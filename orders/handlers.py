"""Found at start-up: brings in the reactions of every capability."""

from orders import announcing
from orders.curbside import handlers as curbside
from orders.picking import handlers as picking
from orders.recalls import handlers as recalls

__all__ = ["announcing", "curbside", "picking", "recalls"]
