"""The story of one order, from its facts and from what went out because of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hub.api.models import ApiKey
from hub.events.leases import State
from hub.events.models import Fact
from hub.webhooks.models import WebhookCall
from orders.models import Order

WORDS: dict[str, tuple[str | Promise, str]] = {
    "visit.nearby": (gettext_lazy("The customer is near"), "near_me"),
    "visit.changed": (gettext_lazy("The customer said more about the visit"), "edit_location"),
    "visit.wrong_store": (gettext_lazy("The customer came to another store"), "wrong_location"),
    "visit.customer_missing": (gettext_lazy("The customer was not found"), "person_search"),
    "visit.spot_asked": (gettext_lazy("Asked where the customer stands"), "contact_support"),
    "visit.texted": (gettext_lazy("A text to the customer"), "sms"),
    "visit.wait_escalated": (gettext_lazy("The customer waits too long"), "timer"),
    "visit.arrival_unseen": (gettext_lazy("No board showed the arrival"), "visibility_off"),
    "fulfillment.partly_handed_off": (gettext_lazy("Some of it handed over"), "splitscreen"),
    "fulfillment.goods_refused": (gettext_lazy("Goods stayed with the store"), "undo"),
    "fulfillment.delegate_named": (gettext_lazy("Somebody else may collect"), "group"),
    "fulfillment.reminded": (gettext_lazy("Reminded of the pickup"), "notifications"),
    "fulfillment.window_changed": (gettext_lazy("The customer chose another time"), "schedule"),
    "fulfillment.complaint_made": (gettext_lazy("A complaint"), "report"),
    "fulfillment.complaint_answered": (gettext_lazy("The complaint was answered"), "reply"),
    "fulfillment.rated": (gettext_lazy("The customer rated the pickup"), "star"),
    "order.placed": (gettext_lazy("Order placed"), "shopping_cart"),
    "order.canceled": (gettext_lazy("Order canceled"), "cancel"),
    "order.completed": (gettext_lazy("Order completed"), "task_alt"),
    "fulfillment.proposed": (gettext_lazy("Sent to the store's queue"), "storefront"),
    "fulfillment.acknowledged": (
        gettext_lazy("The store's POS has the pick list"),
        "point_of_sale",
    ),
    "fulfillment.accepted": (gettext_lazy("Accepted by the store"), "thumb_up"),
    "fulfillment.picking_started": (gettext_lazy("Picking started"), "shopping_basket"),
    "fulfillment.picked": (gettext_lazy("Picked"), "checklist"),
    "fulfillment.ready_for_pickup": (gettext_lazy("Ready for pickup"), "inventory"),
    "fulfillment.handed_off": (gettext_lazy("Handed over to the customer"), "handshake"),
    "fulfillment.rejected": (gettext_lazy("Rejected by the store"), "block"),
    "fulfillment.canceled": (gettext_lazy("Canceled at the store"), "cancel"),
    "fulfillment.delayed": (gettext_lazy("Ready later than promised"), "schedule"),
    "fulfillment.store_closing_early": (gettext_lazy("The store closes early"), "weather_snowy"),
    "fulfillment.expired": (gettext_lazy("Not collected in time"), "hourglass_disabled"),
    "fulfillment.collected_goods_recalled": (
        gettext_lazy("Collected goods were called back"),
        "report",
    ),
    "fulfillment.amount_changed": (
        gettext_lazy("Supplied amount differs from the order"),
        "difference",
    ),
    "fulfillment.substitutes_offered": (gettext_lazy("Customer asked about substitutes"), "help"),
    "fulfillment.substitutes_answered": (
        gettext_lazy("Question about substitutes answered"),
        "swap_horiz",
    ),
    "fulfillment.goods_returned": (gettext_lazy("Goods brought back"), "assignment_return"),
    "fulfillment.price_adjusted": (gettext_lazy("Price lowered by a lead"), "sell"),
    "order.refund_due": (gettext_lazy("Refund due, told to the site"), "currency_exchange"),
    "fulfillment.rerouted": (gettext_lazy("Another store prepares it now"), "alt_route"),
    "fulfillment.accept_overdue": (
        gettext_lazy("The store has not answered yet"),
        "notification_important",
    ),
    "fulfillment.expiring": (gettext_lazy("Will not be kept much longer"), "hourglass_bottom"),
    "fulfillment.wait_extended": (gettext_lazy("Kept longer for the customer"), "more_time"),
    "fulfillment.move_offered": (
        gettext_lazy("Customer asked about another store"),
        "contact_support",
    ),
    "fulfillment.move_answered": (
        gettext_lazy("Question about another store answered"),
        "how_to_vote",
    ),
    "pos.unacknowledged": (gettext_lazy("The store's POS has not answered"), "sync_problem"),
    "pos.receipt_taken": (gettext_lazy("The store's POS printed a receipt"), "receipt"),
    "pos.list_revised": (gettext_lazy("Pick list for the POS revised"), "edit_note"),
    "pos.out_of_step": (gettext_lazy("Pick list sent to the POS again"), "sync"),
    "visit.on_my_way": (gettext_lazy("Customer is on the way"), "directions_car"),
    "visit.arrived": (gettext_lazy("Customer has arrived"), "location_on"),
    "visit.being_served": (gettext_lazy("Goods are being brought out"), "directions_walk"),
    "visit.ended": (gettext_lazy("Visit ended"), "flag"),
    "message.accepted": (gettext_lazy("A provider took the message over"), "outgoing_mail"),
    "message.delivered": (gettext_lazy("Message delivered"), "mark_email_read"),
    "message.not_sent": (gettext_lazy("Message not sent"), "unsubscribe"),
    "conversation.received": (gettext_lazy("The customer texted the store"), "forum"),
    "fulfillment.customer_not_reached": (
        gettext_lazy("Nobody reached the customer"),
        "phone_disabled",
    ),
}
BAD = {
    "order.canceled",
    "fulfillment.rejected",
    "fulfillment.canceled",
    "fulfillment.collected_goods_recalled",
    "message.not_sent",
    "fulfillment.customer_not_reached",
}
GOOD = {"order.completed", "fulfillment.handed_off", "fulfillment.ready_for_pickup"}


@dataclass(frozen=True)
class Entry:
    """One line: when, what in plain words, and who did it. ``tone`` is '', success or danger;
    ``link`` leads to the page that says more."""

    at: datetime
    title: str
    detail: str = ""
    actor: str = ""
    tone: str = ""
    icon: str = "circle"
    link: str = ""


Source = Callable[[int], Iterable[Entry]]
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Let an app above this one tell its part of the story; called with the order's key."""
    if source not in _sources:
        _sources.append(source)


def timeline_of(order: Order) -> list[Entry]:
    """All that happened to the order, oldest first, in a fixed number of queries.

    A webhook call that has arrived is a note on the fact it told of; one that was given up is a
    line of its own.
    """
    facts = list(Fact.objects.filter(subject=f"order:{order.pk}").order_by("id"))
    names = _names({fact.actor for fact in facts})
    told: dict[str, list[str]] = defaultdict(list)
    entries: list[Entry] = []
    for call in _calls(facts):
        if call.state == State.DONE:
            told[call.event.public_id].append(_arrived(call))
        else:
            entries.append(_given_up(call))
    entries += [_told(fact, names, told[fact.public_id]) for fact in facts]
    entries += _blocks(order)
    entries += [entry for source in _sources for entry in source(order.pk)]
    return sorted(entries, key=lambda entry: entry.at)


def words_of(name: str) -> tuple[str, str]:
    """What staff call a fact of that name, in the reader's language, and its icon; of a fact that
    has no words yet its name."""
    title, icon = WORDS.get(name, (name, "circle"))
    return str(title), icon


def _told(fact: Fact, names: dict[str, str], notes: list[str]) -> Entry:
    title, icon = words_of(fact.name)
    tone = "danger" if fact.name in BAD else "success" if fact.name in GOOD else ""
    who = names.get(fact.actor, fact.actor)
    return Entry(fact.occurred_at, title, "; ".join(notes), who, tone, icon)


def _blocks(order: Order) -> Iterable[Entry]:
    """When the order was stopped and let go again, by whom and why."""
    rows = list(order.blocks.order_by("pk"))
    names = _names({who for row in rows for who in (row.opened_by, row.lifted_by)})
    for row in rows:
        why = str(row.get_reason_display())
        said = f"{why}: {row.note}" if row.note else why
        who = names.get(row.opened_by, row.opened_by)
        yield Entry(row.opened_at, _("Stopped"), said, who, "danger", "pan_tool")
        if row.lifted_at:
            said = f"{why}: {row.lifted_why}" if row.lifted_why else why
            who = names.get(row.lifted_by, row.lifted_by)
            yield Entry(row.lifted_at, _("May move on"), said, who, "", "play_arrow")


def _names(actors: set[str]) -> dict[str, str]:
    """What people call those who act: ``staff:7`` has a name, ``key:key_…`` one as well."""
    staff = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    keys = [actor.removeprefix("key:") for actor in actors if actor.startswith("key:")]
    names = {"system": "curbhub", "": ""}
    users = get_user_model().objects.filter(pk__in=[pk for pk in staff if pk.isdecimal()])
    for user in users if staff else []:
        names[f"staff:{user.pk}"] = user.get_full_name() or user.get_username()
    for key in ApiKey.objects.filter(public_id__in=keys) if keys else []:
        names[f"key:{key.public_id}"] = _("API key {name}").format(name=key.name)
    return names


def _calls(facts: list[Fact]) -> Iterable[WebhookCall]:
    ids = [fact.public_id for fact in facts]
    calls = WebhookCall.objects.filter(event__public_id__in=ids, finished_at__isnull=False)
    return calls.select_related("event", "endpoint").order_by("id")


def _arrived(call: WebhookCall) -> str:
    host = urlsplit(call.endpoint.url).netloc
    said = _("webhook to {host}, answer {status}")
    return said.format(host=host, status=call.last_status or "–") + _tries(call)


def _given_up(call: WebhookCall) -> Entry:
    to = {"type": call.event.type, "url": call.endpoint.url, "status": call.last_status}
    said = (
        _("{type} to {url}, answer {status}")
        if call.last_status
        else _("{type} to {url}, no answer")
    )
    detail = said.format(**to) + _tries(call)
    at = call.finished_at or call.created_at
    return Entry(at, _("Webhook given up"), detail, "", "danger", "webhook")


def _tries(call: WebhookCall) -> str:
    if call.attempts <= 1:
        return ""
    tries = ngettext("{count} try", "{count} tries", call.attempts).format(count=call.attempts)
    return f", {tries}"
