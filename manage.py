#!/usr/bin/env python
"""Django's entry point: sees to the database server first, and says what is wrong in one line."""

import os
import sys
from typing import Any

MINIMUM = (3, 11)
NEEDS_NO_DATABASE = {"help", "makemessages", "compilemessages", "collectstatic", "spectacular"}
# start the embedded server themselves, once they know that they can serve at all
SELF_STARTING = {"serve", "demo"}
INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def main() -> int:
    """Run one command; 2 when the hub could not even begin, with one sentence on stderr."""
    if sys.version_info < MINIMUM:
        return refuse(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    try:
        from hub import startup  # noqa: PLC0415  a missing library ends in one sentence
    except ImportError as error:
        return refuse(f"{error}: run 'make install' first")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        needed = command not in NEEDS_NO_DATABASE | SELF_STARTING
        startup.run(sys.argv, database=needed)
    except startup.StartError as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        sys.stderr.write("curbhub: interrupted\n")
        return INTERRUPTED
    return 0


def refuse(reason: Any) -> int:
    sys.stderr.write(f"curbhub: {reason}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
