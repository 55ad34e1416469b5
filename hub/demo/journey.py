"""The first order, step by step. Each step acts as its person would and then checks the outcome
from the outside; nothing is assumed to have happened."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.demo import facts
from hub.demo.web import Api, Browser, JourneyError, created, wait_for

STORE = "GB-LON1"
CHANNEL = "web-gb"
BASKET = {"MILK-02": 2, "BRDW-03": 1, "SALM-01": 1}
PRICES = {"MILK-02": 202, "BRDW-03": 250, "SALM-01": 690}
PHONE = "+447700900123"  # of a range that is kept for fiction
_LINK = re.compile(r"(https?://\S+/p/[\w-]{22})")
_PIN = re.compile(r"PIN (\d{6})")


@dataclass
class Journey:
    """One run. ``say`` receives each step's words; ``access`` is what load_chain printed."""

    base_url: str
    access: dict[str, Any]
    mail: Path
    say: Callable[[str, str], None]
    number: str = field(default_factory=lambda: f"WEB-{secrets.randbelow(900000) + 100000}")
    order: dict[str, Any] = field(default_factory=dict)
    text: str = ""

    def __post_init__(self) -> None:
        self.site = Api(self.base_url, self.access["api_keys"][CHANNEL])
        self.staff = Browser(self.base_url)
        self.customer = Browser(self.base_url)
        self.world = Browser(self.base_url)

    def steps(self) -> Iterator[Callable[[], None]]:
        """The steps in their order."""
        yield from (self.ask, self.place, self.till, self.prepare, self.notify, self.write_mail)
        yield from (self.arrive, self.hand_over, self.tell_site, self.settle_stock)

    def run(self) -> None:
        """All steps have truly happened, or JourneyError says which one did not."""
        for step in self.steps():
            step()

    # --- the site ------------------------------------------------------------------------

    def ask(self) -> None:
        """The site sees enough of everything in the store, and holds the basket."""
        self.before = self._on_hand()
        short = [sku for sku, wanted in BASKET.items() if self.before[sku] < wanted]
        if short:
            raise JourneyError(f"{STORE} has too little of {short}")
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in BASKET.items()]
        reply = self.site.post("/v1/holds", {"store": STORE, "lines": lines}, key=self.number)
        self.hold = created(reply)
        self.say(
            "The site asks what the London store has, and holds the basket for ten minutes",
            f"{self.base_url}/v1/docs",
        )

    def place(self) -> None:
        """One order, although the site sends it twice."""
        body = self._order_body(self.number, phone=PHONE, notify=["sms"]) | {
            "hold_id": self.hold["id"]
        }
        first = self.site.post("/v1/orders", body, key=f"order-{self.number}")
        self.order = created(first)
        again = self.site.post("/v1/orders", body, key=f"order-{self.number}")
        if again.content != first.content:
            raise JourneyError("the repeated order did not get the first reply")
        self.fulfillment = self.order["fulfillments"][0]
        if self.fulfillment["store"]["code"] != STORE:
            raise JourneyError(f"routed to {self.fulfillment['store']}")
        self.say(
            f"The site places order {self.number}, and once more because the line was bad: "
            "it is one order, in the store's queue",
            f"{self.base_url}{facts.order_page(self.order['id'])}",
        )

    # --- the store -----------------------------------------------------------------------

    def till(self) -> None:
        """The till has the pick list and has said so."""
        self._wait_for_fact("fulfillment.acknowledged")
        self.say(
            "The store's till receives the pick list and acknowledges it",
            f"{self.base_url}/sim/pos/{facts.pos_of(STORE)}/pick-lists",
        )

    def prepare(self) -> None:
        """Staff have accepted, picked and staged the order; it is ready."""
        login = self.access["logins"][0]
        form = self.staff.form("/admin/login/?next=/admin/", username="")
        self.staff.submit(form, username=login["user"], password=login["password"])
        self._step("accept")
        self._step("start")
        self._step("picked")
        self._step("ready", staging_location="C-2", bags="2")
        self._wait_for_fact("fulfillment.ready_for_pickup")
        self.say(
            "A colleague accepts, picks, bags and shelves it in the admin",
            f"{self.base_url}{self._work_page()}",
        )

    # --- the customer --------------------------------------------------------------------

    def notify(self) -> None:
        """The ready text is on the customer's phone, with a PIN and a short link."""
        self.text = wait_for("the ready text", self._ready_text)
        self._wait_for_fact("message.delivered")
        self.say(
            f"The customer prefers SMS, so the phone buzzes: «{self.text}»",
            f"{self.base_url}/sim/handset/",
        )

    def write_mail(self) -> None:
        """Another customer prefers e-mail and got one."""
        number = f"{self.number}-M"
        address = f"ann-{self.number.lower()}@example.com"
        body = self._order_body(number, email=address, notify=["email"])
        created(self.site.post("/v1/orders", body, key=f"order-{number}"))
        path = wait_for("the e-mail", lambda: self._mail_to(address))
        self.say("Another customer prefers e-mail and gets one", str(path))

    def arrive(self) -> None:
        """The customer has said where the car stands, and the store sees it."""
        page = self._match(_LINK)
        form = self.customer.form(page, address="/arrive")
        spot = next((label for label in form.choices.get("spot", []) if label), "")
        self.customer.submit(form, spot=spot, colour="blue", make="Skoda")
        self._wait_for_fact("visit.arrived")
        self.say(f"The customer opens the link and taps «I'm here», spot {spot or 'unknown'}", page)

    def hand_over(self) -> None:
        """The goods are in the boot, against the PIN."""
        self._step("serve")
        self._step("hand_off", pin=self._match(_PIN), bags="2")
        self._wait_for_fact("fulfillment.handed_off")
        self.say(
            "A colleague walks out, asks for the PIN and hands over two bags",
            f"{self.base_url}{self._work_page()}",
        )

    # --- the outcome ---------------------------------------------------------------------

    def tell_site(self) -> None:
        """The site got every event, signed, and the feed has the same ones."""
        wanted = wait_for("the order's last event in the feed", self._finished_events)
        wait_for("every webhook at the site", lambda: wanted <= self._verified_webhooks())
        self.say(
            f"The site has received {len(wanted)} signed webhooks, the same as in its feed",
            f"{self.base_url}/sim/site/",
        )

    def settle_stock(self) -> None:
        """Exactly what was handed over has left the stock."""
        after = self._on_hand()
        left = {sku: self.before[sku] - after[sku] for sku in BASKET}
        if left != BASKET:
            raise JourneyError(f"{left} left the stock instead of {BASKET}")
        self.say("The goods have left the store's stock", f"{self.base_url}/admin/")

    # --- looking -------------------------------------------------------------------------

    def _on_hand(self) -> dict[str, int]:
        query = {"store": STORE, "sku": list(BASKET), "explain": "1"}
        rows = self.site.get("/v1/availability", **query)["items"]
        return {row["sku"]: row["terms"]["on_hand"] for row in rows}

    def _order_body(self, number: str, *, notify: list[str], **address: str) -> dict[str, Any]:
        quantities = BASKET if "phone" in address else {"BANA-01": 1}
        prices = {sku: PRICES.get(sku, 115) for sku in quantities}
        lines = [
            {"sku": sku, "quantity": quantity, "unit_price_minor": prices[sku]}
            for sku, quantity in quantities.items()
        ]
        # a name of its own: who stood at the curb when a demo was cut short is somebody else
        customer = {"name": f"Ann Archer of {number}", "locale": "en", "notify": notify}
        return {
            "external_id": number,
            "pickup": {"store": STORE},
            "customer": customer | address,
            "currency": "GBP",
            "total_minor": sum(prices[sku] * quantity for sku, quantity in quantities.items()),
            "lines": lines,
        }

    def _work_page(self) -> str:
        return facts.work_page(self.fulfillment["id"])

    def _step(self, action: str, **values: str) -> None:
        self.staff.submit(self.staff.form(self._work_page(), action=action), **values)

    def _wait_for_fact(self, name: str) -> None:
        order_id = self.order["id"]
        wait_for(f"the fact {name}", lambda: name in facts.names_of(order_id))

    def _ready_text(self) -> str | None:
        reply = self.world.session.get(
            f"{self.base_url}/sim/handset/messages.json", params={"phone": PHONE}, timeout=10
        )
        bodies = [message["body"] for message in reply.json()["messages"]]
        sent = facts.messages_of(self.order["id"])
        return next((body for body in bodies if _LINK.search(body) and "ready" in sent), None)

    def _mail_to(self, address: str) -> Path | None:
        written = sorted(self.mail.glob("*.log"), reverse=True) if self.mail.exists() else []
        return next((path for path in written if address in path.read_text()), None)

    def _finished_events(self) -> set[str] | None:
        events = [e for e in self._feed() if e["data"]["order_id"] == self.order["id"]]
        done = any(event["type"] == "order.completed" for event in events)
        return {event["id"] for event in events} if done else None

    def _feed(self) -> Iterator[dict[str, Any]]:
        """The channel's events from the first to the newest, as a site catches up."""
        query: dict[str, Any] = {"limit": 200}
        while True:
            page = self.site.get("/v1/order-events", **query)
            yield from page["events"]
            if not page["events"]:
                return
            query["cursor"] = page["next_cursor"]

    def _verified_webhooks(self) -> set[str]:
        calls = self.world.get("/sim/site/webhooks.json").json()["webhooks"]
        return {call["webhook_id"] for call in calls if call["verified"]}

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.search(self.text)
        if not found:
            raise JourneyError(f"no {pattern.pattern} in the text «{self.text}»")
        return found[1]
