"""Doors to the Golden Record."""

from hub.customers.services.landing import land_record, profile_of
from hub.customers.services.projection import rebuild

__all__ = ["land_record", "profile_of", "rebuild"]
