"""Numbers, OK and NO: the answer to the one question that is open for the phone."""

from __future__ import annotations

from notifications.inbound import arrivals, questions, replies
from notifications.inbound.answering import reply
from notifications.inbound.normal import fold
from notifications.inbound.said import Kind, Said
from notifications.inbound.senders import Sender
from notifications.inbound.threads import open_thread
from notifications.models import OpenQuestion
from notifications.purposes import SUBSTITUTES_LATE, SUBSTITUTES_LOOK
from notifications.services.writing import write_message
from orders.models import FulfillmentOrder
from orders.substitution.texts import take_answer

_SETTLED = {"late": SUBSTITUTES_LATE, "look": SUBSTITUTES_LOOK}


def take(sender: Sender, said: Said, words: str, call_id: int) -> bool:
    """Take the text as an answer to what this phone was asked; False when it is none.

    A number without a question is answered, too, unless he talks with people.
    """
    question = questions.open_question(sender.phone_hash)
    if question and question.kind == questions.Kind.ORDER:
        named = _named(question, words)
        if named is not None or said.kind == Kind.NUMBER:
            return _choose_order(sender, said, question, named, str(call_id))
    if said.kind == Kind.NUMBER:
        return _take_number(sender, said, question, str(call_id))
    if said.kind == Kind.ANSWER and said.answer is not None:
        return _take_answer(sender, said.answer)
    return False


def _take_number(sender: Sender, said: Said, question: OpenQuestion | None, call: str) -> bool:
    if question is None:
        if not sender.is_known or open_thread(sender.phone_hash):
            return False
        reply(sender, replies.NO_QUESTION, dedupe=call)
        return True
    if question.kind == questions.Kind.SPOT:
        part = _part_of(question.subject)
        if part is None:
            return False
        if arrivals.take_spot(sender, said.spot or str(said.numbers[0]), part, call):
            questions.close(question)
        return True
    return _take_answer(sender, dict.fromkeys(said.numbers, True))


def _take_answer(sender: Sender, answer: dict[int, bool] | bool) -> bool:
    """Take it for the offers that this phone was asked about; False when there are none."""
    taken = take_answer(phone_hash=sender.phone_hash, said=answer)
    if taken is None:
        return False
    subject = f"fulfillment:{taken.asked.fulfillment_id}"
    if taken.result in _SETTLED:
        write_message(purpose=_SETTLED[taken.result], subject=subject)
    if taken.result != "look":
        questions.close_of(subject, kind=questions.Kind.SUBSTITUTES)
    return True


def _choose_order(
    sender: Sender, said: Said, question: OpenQuestion, named: int | None, call: str
) -> bool:
    """Do for the order that is meant what was said before; only once."""
    place = named if named is not None else _place(said, question)
    if place is None:
        reply(sender, replies.WHICH_NUMBER, dedupe=call, last=str(len(question.options)))
        return True
    option = question.options[place]
    part = _part_of(f"fulfillment:{option['part']}")
    if part and questions.close(question):
        arrivals.act(sender, arrivals.said_in(option), part, call)
    return True


def _place(said: Said, question: OpenQuestion) -> int | None:
    """Which option a number names; None when it names none, or several."""
    found = [number for number in said.numbers if 0 < number <= len(question.options)]
    return found[0] - 1 if len(found) == len(said.numbers) == 1 else None


def _named(question: OpenQuestion, words: str) -> int | None:
    """Which option the text names by its order number."""
    line = fold(words).line
    for place, option in enumerate(question.options):
        part = _part_of(f"fulfillment:{option['part']}")
        if part and line and fold(part.order.external_id).line == line:
            return place
    return None


def _part_of(subject: str) -> FulfillmentOrder | None:
    kind, _, number = subject.partition(":")
    if kind != "fulfillment" or not number.isdecimal():
        return None
    rows = FulfillmentOrder.objects.select_related(
        "order__contact", "order__profile", "store__brand"
    )
    return rows.filter(pk=int(number)).first()
