"""JSON log lines with the trace id, and nothing in them that identifies a customer."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from hub.trace import actor, trace_id

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRETS = re.compile(
    r"(cbk_(?:live|test)_)[A-Za-z0-9_-]+|(whsec_)[A-Za-z0-9+/=]+|(/p/)[A-Za-z0-9_-]{16,}"
    r"|(postgres(?:ql)?://[^:/\s]+:)[^@\s]+(?=@)|(Bearer )\S+"
)
# as plain text and as it stands in an address, where + is %2B and @ is %40
_EMAIL = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?:\+|%2[Bb])\d(?:[ ().-]|%20|\d){6,30}\d")


def redact(text: str) -> str:
    """The text without API keys, secrets, link tokens, passwords, phones and e-mail addresses."""
    text = _SECRETS.sub(lambda found: next(group for group in found.groups() if group) + "…", text)
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", text))


class Redact(logging.Filter):
    """Takes secrets and personal data out of the finished message and of extra values."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; it always passes."""
        record.msg, record.args = redact(record.getMessage()), None
        for name, value in list(record.__dict__.items()):
            if name not in _STANDARD:
                record.__dict__[name] = _plain(value)
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, trace, actor, extras, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; empty members are left out."""
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "trace": trace_id(),
            "actor": actor(),
        }
        line |= {k: v for k, v in record.__dict__.items() if k not in _STANDARD}
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps({k: v for k, v in line.items() if v != ""}, default=str)


def _plain(value: Any) -> Any:
    """A value that JSON can hold as it is; anything else as redacted text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(value if isinstance(value, str) else str(value))
