"""The grid of all words: what is in force for each purpose, channel and language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.customers.models import Channel
from hub.customers.purposes import GROUPS
from notifications.inbound.replies import REPLIES
from notifications.models import TemplateVersion
from notifications.purposes import PURPOSES
from notifications.wording import LOCALES, Key

ANSWERS = "answers"
TABS = {
    Channel.SMS.value: gettext_lazy("Texts"),
    Channel.EMAIL.value: "E-mails",
    ANSWERS: gettext_lazy("Answers to texts"),
}
LANGUAGES = {
    "en": gettext_lazy("English"),
    "fr": gettext_lazy("French"),
    "pl": gettext_lazy("Polish"),
    "ru": gettext_lazy("Russian"),
    "es": gettext_lazy("Spanish"),
}
GROUP_TITLES = {
    "order_updates": gettext_lazy("How the order stands"),
    "pickup": gettext_lazy("Ready, until it is collected"),
    "reminders": gettext_lazy("Reminders to collect"),
    "questions": gettext_lazy("Questions"),
    "arrival": gettext_lazy("At the curb"),
    "afterwards": gettext_lazy("Afterwards"),
}
_TITLES = {
    "order_received": gettext_lazy("Order received"),
    "ready": gettext_lazy("Ready to be collected"),
    "handed_off": gettext_lazy("Handed over"),
    "canceled": gettext_lazy("Order canceled"),
    "canceled_by_store": gettext_lazy("Canceled by the store"),
    "delayed": gettext_lazy("Ready later than promised"),
    "closing_early": gettext_lazy("The store closes early"),
    "recalled": gettext_lazy("Goods called back"),
    "expiring": gettext_lazy("Will not be kept much longer"),
    "expired": gettext_lazy("Not collected in time"),
    "extended": gettext_lazy("Kept longer"),
    "reminded": gettext_lazy("Reminder to collect"),
    "window_changed": gettext_lazy("Another time chosen"),
    "delegate_named": gettext_lazy("Somebody else collects"),
    "partly_handed_off": gettext_lazy("A part handed over"),
    "goods_refused": gettext_lazy("Goods stayed with the store"),
    "move_offered": gettext_lazy("Question: another store?"),
    "substitutes_offered": gettext_lazy("Question: substitutes?"),
    "substitutes_settled": gettext_lazy("Substitutes settled"),
    "substitutes_late": gettext_lazy("Answer about substitutes came too late"),
    "coming_early": gettext_lazy("On the way, but not ready yet"),
    "here_early": gettext_lazy("Here, but not ready yet"),
    "here_noted": gettext_lazy("Arrival noted"),
    "which_spot": gettext_lazy("Question: which spot?"),
    "wrong_store": gettext_lazy("At the wrong store"),
    "customer_missing": gettext_lazy("Customer was not found"),
    "complaint_answered": gettext_lazy("Complaint answered"),
    "short": gettext_lazy("Something was not found"),
    "bring_id": gettext_lazy("Bring ID"),
    "moved": gettext_lazy("Moved to another store"),
    "store_changed": gettext_lazy("Store changed, as wished"),
    "closing_undone": gettext_lazy("Closing early undone"),
    "substitutes_look": gettext_lazy("Please look before answering"),
    "staff_bring_id": gettext_lazy("Staff: have your ID ready"),
    "staff_come_inside": gettext_lazy("Staff: come inside"),
    "staff_on_our_way": gettext_lazy("Staff: on our way"),
    "staff_running_late": gettext_lazy("Staff: running late"),
    "staff_which_spot": gettext_lazy("Staff: which spot?"),
}


@dataclass(frozen=True)
class Cell:
    """One language of one purpose: whose words are in force, and whether others are prepared."""

    locale: str
    language: str
    own: int | None
    draft: bool
    link: str

    @property
    def tone(self) -> str:
        """How it is coloured."""
        return "warning" if self.draft else "success" if self.own else ""

    @property
    def state(self) -> str:
        """The same in words."""
        words = _("own {number}").format(number=self.own) if self.own else _("shipped")
        return _("{words} + draft").format(words=words) if self.draft else words


@dataclass(frozen=True)
class Line:
    """One purpose with a cell for each language."""

    title: str
    note: str
    cells: list[Cell]


@dataclass(frozen=True)
class Past:
    """One version in the history of a key; times are UTC. ``withdrawn`` is when the shipped words
    took its place."""

    number: int
    state: str
    when: datetime
    who: str
    note: str
    withdrawn: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""


def title_of(purpose: str) -> str:
    """A purpose as people read it."""
    if purpose in _TITLES:
        return str(_TITLES[purpose])
    return purpose.removeprefix("reply_").replace("_", " ").capitalize()


def words_link(key: Key) -> str:
    """The page on which these words are read and written."""
    return reverse("admin:notifications_templateversion_words", args=key)


def sections(tab: str) -> list[tuple[str, list[Line]]]:
    """All purposes of a tab by group, with what is in force in each language; one query."""
    states = _states()
    if tab == ANSWERS:
        lines = [_line(name, Channel.SMS, reply.says, states) for name, reply in REPLIES.items()]
        return [(_("What is answered"), lines)]
    found = []
    for group in GROUPS:
        names = [purpose.name for purpose in PURPOSES.values() if purpose.group == group]
        lines = [_line(name, tab, "", states) for name in names]
        found.append((str(GROUP_TITLES[group]), lines))
    return found


def _states() -> dict[tuple[Key, str], int]:
    """The number of each version that is a draft or in force."""
    wanted = [TemplateVersion.State.DRAFT, TemplateVersion.State.PUBLISHED]
    rows: Iterable[TemplateVersion] = TemplateVersion.objects.filter(state__in=wanted)
    return {((row.locale, row.purpose, row.channel), row.state): row.number for row in rows}


def _line(purpose: str, channel: str, note: str, states: dict[tuple[Key, str], int]) -> Line:
    cells = []
    for locale in LOCALES:
        key = (locale, purpose, channel)
        cells.append(
            Cell(
                locale=locale,
                language=str(LANGUAGES[locale]),
                own=states.get((key, TemplateVersion.State.PUBLISHED)),
                draft=(key, TemplateVersion.State.DRAFT) in states,
                link=words_link(key),
            )
        )
    return Line(title_of(purpose), note, cells)


def history(key: Key, *, most: int) -> list[Past]:
    """The newest versions of a key, the latest first, with who published or else wrote each."""
    locale, purpose, channel = key
    rows = TemplateVersion.objects.filter(locale=locale, purpose=purpose, channel=channel)
    newest = list(rows.order_by("-number")[:most])
    names = _people(
        {who for row in newest for who in (row.published_by or row.created_by, row.withdrawn_by)}
    )
    return [
        Past(
            number=row.number,
            state=row.get_state_display(),
            when=row.published_at or row.created_at,
            who=names.get(row.published_by or row.created_by, ""),
            note=row.note,
            withdrawn=row.withdrawn_at,
            withdrawn_by=names.get(row.withdrawn_by, ""),
            withdrawn_why=row.withdrawn_why,
        )
        for row in newest
    ]


def _people(actors: Iterable[str]) -> dict[str, str]:
    """The names of those who act as ``staff:7``."""
    numbers = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    users = get_user_model().objects.filter(pk__in=[one for one in numbers if one.isdecimal()])
    return {f"staff:{user.pk}": user.get_full_name() or user.get_username() for user in users}
