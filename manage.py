#!/usr/bin/env python
"""Django's entry point; makes sure that the database server is there before a command needs it."""

import os
import sys

NEEDS_NO_DATABASE = {"help", "makemessages", "compilemessages", "collectstatic", "spectacular"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        print(f"curbhub: {error}. Run 'make install' first.", file=sys.stderr)
        return 2
    try:
        command = sys.argv[1] if len(sys.argv) > 1 else "help"
        if settings.EMBEDDED_POSTGRES and command not in NEEDS_NO_DATABASE:
            from hub import devpg

            devpg.ensure(settings.EMBEDDED_POSTGRES)
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        print(f"curbhub: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
