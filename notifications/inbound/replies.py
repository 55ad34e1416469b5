"""What the hub answers to a text, and which values each answer is given.

Every answer is given ``brand`` beside its own values, and none of them is ever empty. An answer
goes by text only, at once, and is of no use after ``lasts``. None may ask for a word that carriers
keep for themselves, except for STOP, START and HELP where they are named for what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

SHORTLY = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. ``says`` is what its wording must tell, in plain English."""

    name: str
    says: str
    variables: frozenset[str] = frozenset()
    lasts: timedelta = SHORTLY
    repeat_when_unsure: bool = False


def _reply(name: str, says: str, *variables: str, **more: object) -> Reply:
    return Reply(
        name=f"reply_{name}",
        says=says,
        variables=frozenset({"brand", *variables}),
        **more,  # type: ignore[arg-type]
    )


# --- consent ------------------------------------------------------------------------------------

STOP_CONFIRMED = _reply(
    "stop_confirmed",
    "No more texts from the brand; START brings them back. The only text after STOP.",
    lasts=timedelta(hours=1),
)
STOP_TOPIC_CONFIRMED = _reply(
    "stop_topic_confirmed",
    "No more texts about {topic} (all that they tell of); all others still come; STOP ends them "
    "all.",
    "topic",
)
STOP_QUESTIONS_CONFIRMED = _reply(
    "stop_questions_confirmed",
    "No more texts that ask about {topic}; such questions stand on the order's page until their "
    "time is over; all others still come; STOP ends them all.",
    "topic",
)
START_CONFIRMED = _reply("start_confirmed", "Texts about orders come again; STOP ends them.")
HELP = _reply(
    "help",
    "Who writes: order texts of the brand. HERE on arrival; STOP ends the texts.",
)
HELP_PHONE = _reply(
    "help_phone",
    "As help, and the number to call: {phone}.",
    "phone",
)
STOP_OR_TALK = _reply(
    "stop_or_talk",
    "It sounded like no more texts are wanted: reply STOP to end them, else the store reads it.",
)

# --- coming and being here ----------------------------------------------------------------------

WHICH_ORDER = _reply(
    "which_order",
    "Several orders wait for this number: {options}. Reply with the number of the one meant.",
    "options",
    repeat_when_unsure=True,
)
WHICH_NUMBER = _reply(
    "which_number",
    "That number was not among those asked about: reply with a number from 1 to {last}.",
    "last",
)
WHICH_SPOT = _reply(
    "which_spot",
    "We know that he is here for {order}, but {spot} is no free spot: reply with the number on "
    "the sign before the car.",
    *("order", "spot"),
)
SPOT_NOTED = _reply(
    "spot_noted",
    "Thank you: {order} comes to spot {spot}.",
    *("order", "spot"),
)
PLACE_NOTED = _reply(
    "place_noted",
    "Thank you, the store knows where he stands; {order} comes out.",
    "order",
)
ON_MY_WAY = _reply(
    "on_my_way",
    "{store} expects him at {time} for {order}; HERE on arrival. Another time: OMW and minutes.",
    *("order", "store", "time"),
)
ALREADY_HERE = _reply(
    "already_here",
    "The store has him as arrived already for {order}; staff come out.",
    "order",
)
MINUTES = _reply(
    "minutes",
    "Say between 1 and {most} minutes, such as OMW 15.",
    "most",
)
COLLECTED = _reply(
    "collected",
    "{order} was handed over already; the receipt is at {link}.",
    *("order", "link"),
)
NOTHING_WAITS = _reply(
    "nothing_waits",
    "No order waits for this number now; a text comes when one is ready.",
)
UNKNOWN_SENDER = _reply(
    "unknown_sender",
    "No order goes by this number: reply with the order number, so that the store can look.",
)
WHERE = _reply(
    "where",
    "{order} is at {store}, {address}; hours today {hours}; map and way: {link}",
    *("order", "store", "address", "hours", "link"),
)

# --- answers and talk ---------------------------------------------------------------------------

NO_QUESTION = _reply(
    "no_question",
    "We asked nothing that a number answers. On arrival reply HERE and the number of the spot.",
)
FORWARDED = _reply(
    "forwarded",
    "The people at {store} have the message and answer here; urgent things by phone.",
    "store",
)
UNCLEAR = _reply(
    "unclear",
    "That was not understood: HERE on arrival, OMW 10 when on the way, WHERE for the address, "
    "AGENT for a person.",
)
TOO_MANY = _reply(
    "too_many",
    "Many texts came at once; further ones of the next hour are not answered.",
)

REPLIES = {
    reply.name: reply
    for reply in (
        *(STOP_CONFIRMED, STOP_TOPIC_CONFIRMED, STOP_QUESTIONS_CONFIRMED, START_CONFIRMED),
        *(HELP, HELP_PHONE, STOP_OR_TALK),
        *(WHICH_ORDER, WHICH_NUMBER, WHICH_SPOT, SPOT_NOTED, PLACE_NOTED, ON_MY_WAY),
        *(ALREADY_HERE, MINUTES, COLLECTED, NOTHING_WAITS, UNKNOWN_SENDER, WHERE),
        *(NO_QUESTION, FORWARDED, UNCLEAR, TOO_MANY),
    )
}
