"""A site's client that never gives up on a key: it retries until it has an answer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

GIVE_UP_SECONDS = 90.0
TIMEOUT_SECONDS = 20.0
# Answers that say "again, with the same key": still running, too many, no capacity, bad gateway.
_AGAIN = {409, 429, 502, 503, 504}


@dataclass(frozen=True)
class Answer:
    """A final answer; ``code`` is the problem's when ``status`` is not 2xx."""

    status: int
    body: dict[str, Any]
    tries: int

    @property
    def code(self) -> str:
        """The stable code of the problem, or ``http_<status>``."""
        return str(self.body.get("code") or f"http_{self.status}")


class Client:
    """Posts with an idempotency key, from any number of threads."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._local = threading.local()

    def post(self, path: str, body: Any, *, key: str) -> Answer:
        """The final answer to the request, whatever the hub's processes go through meanwhile.

        Raises TimeoutError when there is none within ``GIVE_UP_SECONDS``.
        """
        deadline, tries, seen = time.monotonic() + GIVE_UP_SECONDS, 0, ""
        while time.monotonic() < deadline:
            tries += 1
            try:
                reply = self._session().post(
                    self._base_url + path,
                    json=body,
                    headers=self._headers | {"Idempotency-Key": key},
                    timeout=TIMEOUT_SECONDS,
                )
                answer = Answer(reply.status_code, reply.json(), tries)
            except (requests.RequestException, ValueError) as error:
                seen = str(error)
            else:
                if not _again(answer):
                    return answer
                seen = answer.code
            time.sleep(min(2.0, 0.1 * 2**tries))
        raise TimeoutError(f"no answer to {key} within {GIVE_UP_SECONDS:.0f} s; last: {seen}")

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def _again(answer: Answer) -> bool:
    conflict = 409
    if answer.status == conflict:
        return answer.code == "idempotency_in_progress"
    return answer.status in _AGAIN
