"""Whether a kept connection still lives is asked of the operating system, not of the server.

Django asks the server (``SELECT 1``) at the first statement of every request. A server that has
gone has closed its end of the socket, and that can be seen from here at no cost.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for ``is_usable``."""

    def is_usable(self) -> bool:
        """Whether statements can be sent.

        A connection on which nothing has arrived lives. Anything that has arrived may be the
        end, or only a notice: then the server is asked. So it is in a failed transaction, where
        it refuses everything.
        """
        if self.connection is None or self.connection.closed:
            return False
        failed = self.connection.info.transaction_status == TransactionStatus.INERROR
        return not (failed or _has_something_to_read(self.connection.fileno())) or (
            super().is_usable()
        )


def _has_something_to_read(socket: int) -> bool:
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    return bool(waiting.poll(0))
