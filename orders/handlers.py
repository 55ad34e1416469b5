"""Found at start-up: brings in the reactions of every capability."""

from orders import announcing
from orders.curbside import handlers as curbside
from orders.picking import handlers as picking

__all__ = ["announcing", "curbside", "picking"]
