"""Doors to the Golden Record."""

from hub.customers.services.landing import (
    Landed,
    Word,
    land_record,
    land_words,
    profile_of,
    read_word,
)
from hub.customers.services.projection import rebuild

__all__ = ["Landed", "Word", "land_record", "land_words", "profile_of", "read_word", "rebuild"]
