"""A browser for the demo: follows pages, fills in their forms, and says plainly what failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

T = TypeVar("T")
TIMEOUT_SECONDS = 15
WAIT_SECONDS = 30.0


class JourneyError(Exception):
    """A step did not happen; the text says which and what was seen instead."""


@dataclass
class Form:
    """A form as it stands on a page: ``inputs`` as they would be sent untouched, ``choices`` the
    values that a person may tick, per name."""

    address: str
    inputs: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def matches(self, containing: dict[str, str]) -> bool:
        """Whether it goes to an address that ends so, and has inputs of these values."""
        wanted = dict(containing)
        ending = wanted.pop("address", "")
        path = urlsplit(self.address).path
        return path.endswith(ending) and all(self.inputs.get(k) == v for k, v in wanted.items())


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        elif tag in ("input", "button", "select", "textarea") and self.forms:
            self._add(values)

    def _add(self, values: dict[str, str]) -> None:
        name, value = values.get("name"), values.get("value", "")
        if not name or "disabled" in values:
            return
        if values.get("type") in ("radio", "checkbox"):
            self.forms[-1].choices.setdefault(name, []).append(value)
        else:
            self.forms[-1].inputs.setdefault(name, value)


class Browser:
    """One person's browser: cookies are kept, redirects followed."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        """Open a page; raises JourneyError unless it answers 200."""
        url = urljoin(self.base_url, path)
        return _expect(self.session.get(url, timeout=TIMEOUT_SECONDS), f"GET {url}")

    def form(self, page: str, **containing: str) -> Form:
        """Open ``page`` and find the form with these inputs; ``address`` means where it goes.

        Raises JourneyError when the page offers none.
        """
        reply = self.get(page)
        parser = _Forms()
        parser.feed(reply.text)
        for form in parser.forms:
            if form.matches(containing):
                form.address = urljoin(reply.url, form.address)
                self.session.headers["Referer"] = reply.url
                return form
        raise JourneyError(f"{page} offers no form with {containing}")

    def submit(self, form: Form, **values: str) -> requests.Response:
        """Fill in ``values`` and send the form; raises JourneyError unless a page comes back."""
        values = form.inputs | values
        reply = self.session.post(form.address, data=values, timeout=TIMEOUT_SECONDS)
        return _expect(reply, f"POST {form.address}")


class Api:
    """A site's or till's way in: JSON with an API key."""

    def __init__(self, base_url: str, key: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a resource; raises JourneyError unless it answers 200."""
        url = urljoin(self.base_url, path)
        return _expect(
            self.session.get(url, params=query, timeout=TIMEOUT_SECONDS), f"GET {path}"
        ).json()

    def post(self, path: str, body: Any, *, key: str) -> requests.Response:
        """Send ``body`` under an idempotency key; the reply whatever its status."""
        return self.session.post(
            urljoin(self.base_url, path),
            json=body,
            headers={"Idempotency-Key": key},
            timeout=TIMEOUT_SECONDS,
        )


def created(reply: requests.Response) -> Any:
    """The JSON of a 201; raises JourneyError with the problem's words otherwise."""
    if reply.status_code != requests.codes.created:
        raise JourneyError(f"{reply.url} answered {reply.status_code}: {reply.text[:300]}")
    return reply.json()


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = WAIT_SECONDS) -> T:
    """Look again and again until ``look`` returns something true; raises JourneyError after
    ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise JourneyError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.1)
    return found


def _expect(reply: requests.Response, what: str) -> requests.Response:
    if reply.status_code != requests.codes.ok:
        raise JourneyError(f"{what} answered {reply.status_code}: {reply.text[:300]}")
    return reply
