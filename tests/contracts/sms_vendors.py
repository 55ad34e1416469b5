"""SMS vendors on loopback that behave as their manuals say: they check who calls, and with what."""

from __future__ import annotations

import base64
import itertools
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

FORM = "application/x-www-form-urlencoded"


class Vendor:
    """A list of ``texts`` it took, and of ``refusals`` (status, JSON) for the next calls."""

    def __init__(self):
        self.texts = []
        self.refusals = []
        self.numbers = itertools.count(1)

    def answer(self, method, target, headers, body):
        """(status, content type, bytes) for a call."""
        if self.refusals:
            status, said = self.refusals.pop(0)
            return status, "application/json", json.dumps(said).encode()
        return self.serve(method, urlsplit(target), headers, body)

    def serve(self, method, target, headers, body):
        raise NotImplementedError

    def arrived(self, to):
        return [text["body"] for text in self.texts if text["to"] == to]


class Twilio(Vendor):
    """The Messages resource: https://www.twilio.com/docs/messaging/api/message-resource"""

    SID, TOKEN = "AC" + "1" * 32, "0123456789abcdef" * 2
    ROOT = f"/2010-04-01/Accounts/{SID}/Messages"

    def serve(self, method, target, headers, body):
        pair = base64.b64encode(f"{self.SID}:{self.TOKEN}".encode()).decode()
        if headers.get("Authorization") != f"Basic {pair}":
            return self._refuse(401, 20003, "Authenticate")
        if method == "GET" and target.path == f"{self.ROOT}.json":
            return self._list(dict(parse_qsl(target.query)))
        if headers.get("Content-Type") != FORM:
            return self._refuse(400, 21602, "Message body is required")
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        if target.path == f"{self.ROOT}.json":
            return self._create(fields)
        return self._update(target.path, fields)

    def _create(self, fields):
        if not fields.get("To", "").startswith("+"):
            return self._refuse(400, 21211, "Invalid 'To' Phone Number")
        if not fields.get("Body"):
            return self._refuse(400, 21602, "Message body is required")
        if not 1 <= int(fields.get("ValidityPeriod", "36000")) <= 36000:
            return self._refuse(400, 21626, "ValidityPeriod is out of range")
        if ("From" in fields) == ("MessagingServiceSid" in fields):
            return self._refuse(400, 21603, "A 'From' phone number is required")
        sid = f"SM{next(self.numbers):032x}"
        text = {
            "sid": sid,
            "to": fields["To"],
            "body": fields["Body"],
            "status": "queued",
            "direction": "outbound-api",
            "date_created": format_datetime(datetime.now(UTC)),
            "fields": fields,
        }
        self.texts.append(text)
        return 201, "application/json", json.dumps(text).encode()

    def _list(self, asked):
        found = [text for text in self.texts if text["to"] == asked["To"]][::-1]
        return 200, "application/json", json.dumps({"messages": found}).encode()

    def _update(self, path, fields):
        sid = path.rpartition("/")[2].removesuffix(".json")
        text = next((text for text in self.texts if text["sid"] == sid), None)
        if text is None:
            return self._refuse(404, 20404, "not found")
        if fields.get("Status") != "canceled" or text["status"] not in ("scheduled", "accepted"):
            return self._refuse(400, 30409, "the message cannot be canceled")
        text["status"] = "canceled"
        return 200, "application/json", json.dumps(text).encode()

    @staticmethod
    def _refuse(status, code, message):
        said = {"code": code, "message": message, "status": status}
        return status, "application/json", json.dumps(said).encode()


class Gateway(Vendor):
    """A small gateway with words of its own, in JSON or as a form."""

    KEY = "k-secret"

    def __init__(self, *, form):
        super().__init__()
        self.form = form

    def serve(self, method, target, headers, body):
        if headers.get("X-Api-Key") != f"Token {self.KEY}":
            return 401, "application/json", b'{"error": "E_AUTH"}'
        if method != "POST" or headers.get("Content-Type") != (
            FORM if self.form else "application/json"
        ):
            return 415, "application/json", b'{"error": "E_TYPE"}'
        said = dict(parse_qsl(body.decode())) if self.form else json.loads(body)
        if not said["msisdn"].startswith("+"):
            return 422, "application/json", b'{"error": "E_NUMBER"}'
        number = f"g-{next(self.numbers)}"
        self.texts.append({"to": said["msisdn"], "body": said["message"], "fields": said})
        return 200, "application/json", json.dumps({"message_id": number}).encode()


class Kannel(Vendor):
    """``sendsms`` as the user guide of 1.4.5 has it; the real one runs in tests/flows."""

    USER, PASSWORD = "hub", "devonly"

    def serve(self, method, target, headers, body):
        asked = {name: values[-1] for name, values in parse_qs(target.query).items()}
        if (asked.get("username"), asked.get("password")) != (self.USER, self.PASSWORD):
            return 403, "text/html", b"Authorization failed for sendsms"
        if target.path != "/cgi-bin/sendsms" or not asked.get("to", "").startswith("+"):
            return 400, "text/html", b"Number(s) has/have denied by white- and/or black-lists."
        self.texts.append({"to": asked["to"], "body": asked["text"], "fields": asked})
        return 202, "text/html", b"0: Accepted for delivery"


@contextmanager
def running(vendor):
    """The address at which the vendor answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, content = vendor.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_any  # noqa: N815  names that the library calls

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
