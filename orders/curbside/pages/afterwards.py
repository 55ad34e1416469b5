"""What the customer can still say once the goods are his: how it was, and what was wrong."""

from __future__ import annotations

from typing import Any

from orders.curbside.pages.moments import Moments
from orders.models import Complaint, FulfillmentLine, FulfillmentOrder, FulfillmentStatus, Rating

STARS = [5, 4, 3, 2, 1]
MOST_WORDS = 300


def rating_of(fulfillment: FulfillmentOrder, words: dict[str, str]) -> dict[str, Any] | None:
    """The rating with the stars to choose from; None before the hand-off."""
    if fulfillment.status != FulfillmentStatus.COMPLETED:
        return None
    given = Rating.objects.filter(fulfillment=fulfillment).first()
    stars = given.stars if given else 0
    return {
        "said": words["rate_said"].format(count=stars) if given else "",
        "stars": [
            {
                "value": value,
                "label": words["rate_stars"].format(count=value),
                "chosen": value == stars,
            }
            for value in STARS
        ],
        "words": given.words if given else "",
        "characters": MOST_WORDS,
    }


def complaints_of(
    fulfillment: FulfillmentOrder, *, language: str, moments: Moments
) -> dict[str, Any] | None:
    """What was wrong so far with the store's answers, and what there is to choose from."""
    if fulfillment.status != FulfillmentStatus.COMPLETED:
        return None
    words = moments.words
    told = fulfillment.complaints.select_related("line__item").order_by("pk")
    return {
        "told": [_told(complaint, language, moments) for complaint in told],
        "lines": [
            *(
                {"value": str(number), "name": line.item.name_in(language)}
                for number, line in given_lines(fulfillment).items()
            ),
            {"value": "", "name": words["wrong_all"]},
        ],
        "kinds": [
            {"value": kind, "label": words[f"kind_{kind}"]} for kind in Complaint.Kind.values
        ],
        "characters": MOST_WORDS,
    }


def given_lines(fulfillment: FulfillmentOrder) -> dict[int, FulfillmentLine]:
    """The lines of which something was handed over, by the numbers the form names them by."""
    lines = fulfillment.lines.filter(handed_off__gt=0).select_related("item").order_by("pk")
    return dict(enumerate(lines, start=1))


def _told(complaint: Complaint, language: str, moments: Moments) -> dict[str, str]:
    words = moments.words
    about = complaint.line.item.name_in(language) if complaint.line else ""
    return {
        "what": ": ".join(filter(None, [words[f"kind_{complaint.kind}"], about])),
        "since": words["wrong_told"].format(time=moments.say(complaint.made_at)),
        "answer": complaint.answer,
    }
