"""What a template would say, before anybody gets it: to a sample customer, or of a real order."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hub.customers.models import Channel
from notifications.inbound.replies import REPLIES
from notifications.segments import Segments, count_segments, downgrade
from notifications.templating.closing import closing_line
from notifications.templating.language import Compiled, WordingError, compiled, one_line
from notifications.templating.letters import letters_of
from notifications.templating.linting import Finding, lint
from notifications.templating.mailing import html_of
from notifications.templating.samples import SAMPLE_PIN, sample_link, samples
from notifications.templating.values import purpose_variables, values_of
from notifications.wording import Key
from orders.models import FulfillmentOrder

_PIECES = re.compile(r"\s+|[^\s\w]+|\w+")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The words as they would be read, ``marked`` in pieces of which the costly ones are flagged.

    ``trouble`` says in place of words why there are none. ``counted`` is None for an e-mail.
    """

    title: str = ""
    body: str = ""
    html: str = ""
    counted: Segments | None = None
    marked: tuple[tuple[str, bool], ...] = ()
    trouble: str = ""
    findings: tuple[Finding, ...] = ()


def preview(*, key: Key, title: str, body: str, part: FulfillmentOrder | None = None) -> Preview:
    """The words of a template, for a sample or for a real pickup.

    PIN and link are never real ones: what is shown here must not open anything.
    """
    locale, purpose, channel = key
    letters = letters_of(locale)
    found = tuple(lint(purpose=purpose, channel=channel, title=title, body=body, letters=letters))
    try:
        read = compiled(title), compiled(body)
        values = _values(key, read, part)
        said = read[0].fill(values).strip(), read[1].fill(values).strip()
    except WordingError as error:
        return Preview(trouble=str(error), findings=found)
    if channel != Channel.SMS:
        html = html_of(said[0], said[1], locale)
        return Preview(title=said[0], body=said[1], html=html, findings=found)
    text = downgrade(_closed(said[1], key, read[1]), letters)
    counted = count_segments(text)
    return Preview(body=text, counted=counted, marked=_marked(text, counted), findings=found)


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """(how, words) in turn: "same", "gone" or "new", word by word."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    found: list[tuple[str, str]] = []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for how, start, end, new_start, new_end in matcher.get_opcodes():
        if how == "equal":
            found.append(("same", "".join(old[start:end])))
            continue
        found += [("gone", "".join(old[start:end])), ("new", "".join(new[new_start:new_end]))]
    return [one for one in found if one[1]]


def _values(
    key: Key, read: tuple[Compiled, Compiled], part: FulfillmentOrder | None
) -> dict[str, str]:
    """A value for each name the purpose may use; of a real pickup, empty where it has none."""
    locale, purpose, _ = key
    known = purpose_variables(purpose)
    if part is None or purpose in REPLIES:
        return {name: value for name, value in samples().items() if name in known}
    wants = read[0].wants | read[1].wants
    found = dict.fromkeys(known, "")
    for name, value in values_of(part, wants=wants & known, locale=locale).items():
        found[name] = one_line(value)
    found["pin"] = found["pin"] and SAMPLE_PIN
    found["link"] = sample_link()
    return found


def _closed(body: str, key: Key, read: Compiled) -> str:
    """With the line that texts without a link end with, except for answers."""
    locale, purpose, _ = key
    if purpose in REPLIES or "link" in read.always:
        return body
    return f"{body} {closing_line(locale)}"


def _marked(text: str, counted: Segments) -> tuple[tuple[str, bool], ...]:
    return tuple(_runs(text, {place for place, _ in counted.costly}))


def _runs(text: str, costly: set[int]) -> Iterator[tuple[str, bool]]:
    """The text cut where costly characters begin and end; where all are, none is marked."""
    if len(costly) > len(text) // 3:
        yield text, False
        return
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or (place in costly) != (start in costly):
            yield text[start:place], start in costly
            start = place
