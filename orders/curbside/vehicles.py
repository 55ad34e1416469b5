"""What a customer comes in: told in four fields or in words, and found by its plate."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hub.crypto import lookup_hash
from orders.text import clean

FIELD_CHARACTERS = {"make": 30, "model": 30, "colour": 20, "plate": 15}
WORDS_CHARACTERS = 80


@dataclass(frozen=True)
class Car:
    """A car as its driver describes it; every field may be empty."""

    make: str = ""
    model: str = ""
    colour: str = ""
    plate: str = ""

    @property
    def words(self) -> str:
        """``blue Škoda Octavia, WX 12345``, as staff read it on the board."""
        looks = " ".join(filter(None, (self.colour, self.make, self.model)))
        return ", ".join(filter(None, (looks, self.plate)))

    @property
    def plate_hash(self) -> str:
        """The keyed hash under which the plate is found however it is spaced; empty without."""
        letters = "".join(filter(str.isalnum, self.plate)).upper()
        return lookup_hash("plate", letters) if letters else ""

    @property
    def details(self) -> dict[str, str]:
        """The fields that were told, to be remembered for the next time."""
        return {name: value for name, value in asdict(self).items() if value}


def tidy(vehicle: Car | str) -> Car:
    """The car with its words made safe; words alone are taken for the model.

    Raises TextTooLong, naming the field.
    """
    if isinstance(vehicle, str):
        return Car(model=clean(vehicle, limit=WORDS_CHARACTERS, what="the vehicle"))
    fields = {
        name: clean(value, limit=FIELD_CHARACTERS[name], what=f"the vehicle's {name}")
        for name, value in asdict(vehicle).items()
    }
    return Car(**fields)
