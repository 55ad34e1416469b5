"""Opening hours name their day in the reader's language."""

from datetime import time

from django.utils.translation import override

from hub.stores.models import OpeningHours


def test_hours_are_told_with_the_name_of_their_day():
    hours = OpeningHours(weekday=0, opens=time(8), closes=time(20, 30))
    assert str(hours) == "Monday 08:00-20:30"
    with override("pl"):
        assert str(hours).lower().startswith("poniedziałek")
