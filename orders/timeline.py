"""The story of one order, from its facts and from what went out because of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model

from hub.api.models import ApiKey
from hub.events.leases import State
from hub.events.models import Fact
from hub.webhooks.models import WebhookCall
from orders.models import Order

WORDS = {
    "visit.nearby": ("The customer is near", "near_me"),
    "visit.changed": ("The customer said more about the visit", "edit_location"),
    "visit.wrong_store": ("The customer came to another store", "wrong_location"),
    "visit.customer_missing": ("The customer was not found", "person_search"),
    "visit.spot_asked": ("Asked where the customer stands", "contact_support"),
    "visit.texted": ("A text to the customer", "sms"),
    "visit.wait_escalated": ("The customer waits too long", "timer"),
    "visit.arrival_unseen": ("No board showed the arrival", "visibility_off"),
    "fulfillment.partly_handed_off": ("Some of it handed over", "splitscreen"),
    "fulfillment.goods_refused": ("Goods stayed with the store", "undo"),
    "fulfillment.delegate_named": ("Somebody else may collect", "group"),
    "fulfillment.reminded": ("Reminded of the pickup", "notifications"),
    "fulfillment.window_changed": ("The customer chose another time", "schedule"),
    "fulfillment.complaint_made": ("A complaint", "report"),
    "fulfillment.complaint_answered": ("The complaint was answered", "reply"),
    "fulfillment.rated": ("The customer rated the pickup", "star"),
    "order.placed": ("Order placed", "shopping_cart"),
    "order.canceled": ("Order canceled", "cancel"),
    "order.completed": ("Order completed", "task_alt"),
    "fulfillment.proposed": ("Sent to the store's queue", "storefront"),
    "fulfillment.acknowledged": ("The store's POS has the pick list", "point_of_sale"),
    "fulfillment.accepted": ("Accepted by the store", "thumb_up"),
    "fulfillment.picking_started": ("Picking started", "shopping_basket"),
    "fulfillment.picked": ("Picked", "checklist"),
    "fulfillment.ready_for_pickup": ("Ready for pickup", "inventory"),
    "fulfillment.handed_off": ("Handed over to the customer", "handshake"),
    "fulfillment.rejected": ("Rejected by the store", "block"),
    "fulfillment.canceled": ("Canceled at the store", "cancel"),
    "fulfillment.delayed": ("Ready later than promised", "schedule"),
    "fulfillment.store_closing_early": ("The store closes early", "weather_snowy"),
    "fulfillment.expired": ("Not collected in time", "hourglass_disabled"),
    "fulfillment.collected_goods_recalled": ("Collected goods were called back", "report"),
    "fulfillment.amount_changed": ("Supplied amount differs from the order", "difference"),
    "fulfillment.substitutes_offered": ("Customer asked about substitutes", "help"),
    "fulfillment.substitutes_answered": ("Question about substitutes answered", "swap_horiz"),
    "fulfillment.goods_returned": ("Goods brought back", "assignment_return"),
    "fulfillment.price_adjusted": ("Price lowered by a lead", "sell"),
    "order.refund_due": ("Refund due, told to the site", "currency_exchange"),
    "fulfillment.rerouted": ("Another store prepares it now", "alt_route"),
    "fulfillment.accept_overdue": ("The store has not answered yet", "notification_important"),
    "fulfillment.expiring": ("Will not be kept much longer", "hourglass_bottom"),
    "fulfillment.wait_extended": ("Kept longer for the customer", "more_time"),
    "fulfillment.move_offered": ("Customer asked about another store", "contact_support"),
    "fulfillment.move_answered": ("Question about another store answered", "how_to_vote"),
    "pos.unacknowledged": ("The store's POS has not answered", "sync_problem"),
    "pos.receipt_taken": ("The store's POS printed a receipt", "receipt"),
    "pos.list_revised": ("Pick list for the POS revised", "edit_note"),
    "pos.out_of_step": ("Pick list sent to the POS again", "sync"),
    "visit.on_my_way": ("Customer is on the way", "directions_car"),
    "visit.arrived": ("Customer has arrived", "location_on"),
    "visit.being_served": ("Goods are being brought out", "directions_walk"),
    "visit.ended": ("Visit ended", "flag"),
    "message.accepted": ("A provider took the message over", "outgoing_mail"),
    "message.delivered": ("Message delivered", "mark_email_read"),
    "message.not_sent": ("Message not sent", "unsubscribe"),
    "conversation.received": ("The customer texted the store", "forum"),
    "fulfillment.customer_not_reached": ("Nobody reached the customer", "phone_disabled"),
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


def _told(fact: Fact, names: dict[str, str], notes: list[str]) -> Entry:
    title, icon = WORDS.get(fact.name, (fact.name, "circle"))
    tone = "danger" if fact.name in BAD else "success" if fact.name in GOOD else ""
    who = names.get(fact.actor, fact.actor)
    return Entry(fact.occurred_at, title, "; ".join(notes), who, tone, icon)


def _blocks(order: Order) -> Iterable[Entry]:
    """When the order was stopped and let go again, by whom and why."""
    rows = list(order.blocks.order_by("pk"))
    names = _names({who for row in rows for who in (row.opened_by, row.lifted_by)})
    for row in rows:
        why = row.get_reason_display()
        said = f"{why}: {row.note}" if row.note else why
        who = names.get(row.opened_by, row.opened_by)
        yield Entry(row.opened_at, "Stopped", said, who, "danger", "pan_tool")
        if row.lifted_at:
            said = f"{why}: {row.lifted_why}" if row.lifted_why else why
            who = names.get(row.lifted_by, row.lifted_by)
            yield Entry(row.lifted_at, "May move on", said, who, "", "play_arrow")


def _names(actors: set[str]) -> dict[str, str]:
    """What people call those who act: ``staff:7`` has a name, ``key:key_…`` one as well."""
    staff = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    keys = [actor.removeprefix("key:") for actor in actors if actor.startswith("key:")]
    names = {"system": "curbhub", "": ""}
    users = get_user_model().objects.filter(pk__in=[pk for pk in staff if pk.isdecimal()])
    for user in users if staff else []:
        names[f"staff:{user.pk}"] = user.get_full_name() or user.get_username()
    for key in ApiKey.objects.filter(public_id__in=keys) if keys else []:
        names[f"key:{key.public_id}"] = f"API key {key.name}"
    return names


def _calls(facts: list[Fact]) -> Iterable[WebhookCall]:
    ids = [fact.public_id for fact in facts]
    calls = WebhookCall.objects.filter(event__public_id__in=ids, finished_at__isnull=False)
    return calls.select_related("event", "endpoint").order_by("id")


def _arrived(call: WebhookCall) -> str:
    host = urlsplit(call.endpoint.url).netloc
    return f"webhook to {host}, answer {call.last_status or '–'}{_tries(call)}"


def _given_up(call: WebhookCall) -> Entry:
    answer = f"answer {call.last_status}" if call.last_status else "no answer"
    detail = f"{call.event.type} to {call.endpoint.url}, {answer}{_tries(call)}"
    at = call.finished_at or call.created_at
    return Entry(at, "Webhook given up", detail, "", "danger", "webhook")


def _tries(call: WebhookCall) -> str:
    return f", {call.attempts} tries" if call.attempts > 1 else ""
