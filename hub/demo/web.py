"""A browser for the demo: follows pages, fills in their forms, and says plainly what failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, TypeVar
from urllib.parse import urljoin

import requests

T = TypeVar("T")
TIMEOUT_SECONDS = 15
WAIT_SECONDS = 30.0


class JourneyError(Exception):
    """A step did not happen; the text says which and what was seen instead."""


class _Forms(HTMLParser):
    """Collects each form's address and the values of its inputs and buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag in ("input", "button", "select", "textarea") and self.forms:
            name = values.get("name")
            if name and values.get("type") not in ("radio", "checkbox"):
                self.forms[-1][1].setdefault(name, values.get("value", ""))


class Browser:
    """One person's browser: cookies are kept, redirects followed."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        """Open a page; raises JourneyError unless it answers 200."""
        url = urljoin(self.base_url, path)
        return _expect(self.session.get(url, timeout=TIMEOUT_SECONDS), f"GET {url}")

    def submit(self, page: str, *, containing: dict[str, str], **values: str) -> requests.Response:
        """Open ``page``, find the form that has these values in it, fill in ``values``, send it.

        ``containing`` maps names of inputs to values; a form without one of them is not meant. A
        value of ``action`` here matches the end of the form's address.
        """
        reply = self.get(page)
        parser = _Forms()
        parser.feed(reply.text)
        for address, inputs in parser.forms:
            if _matches(address, inputs, containing):
                url = urljoin(reply.url, address)
                return self._send(url, inputs | values, referer=reply.url)
        raise JourneyError(f"{page} offers no form with {containing}")

    def _send(self, url: str, values: dict[str, str], *, referer: str) -> requests.Response:
        headers = {"Referer": referer}
        reply = self.session.post(url, data=values, headers=headers, timeout=TIMEOUT_SECONDS)
        return _expect(reply, f"POST {url}")


def _matches(address: str, inputs: dict[str, str], containing: dict[str, str]) -> bool:
    wanted = dict(containing)
    ending = wanted.pop("address", "")
    return address.endswith(ending) and all(inputs.get(k) == v for k, v in wanted.items())


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
