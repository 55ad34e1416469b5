"""What moves the boards of talks and calls, and of what needs a person: see orders.pulse."""

from __future__ import annotations

TALKS = """
SELECT talk.store_id, board.name, sum(board.units),
       sum(hash_record_extended((talk.id, talk.unread, talk.last_at), 0))
FROM notifications_thread talk
CROSS JOIN LATERAL (VALUES
    ('talks', talk.unread), ('exceptions', (talk.unread > 0)::int)
) AS board (name, units)
WHERE talk.closed_at IS NULL AND (board.name = 'talks' OR board.units > 0)
  AND (%(stores)s::bigint[] IS NULL OR talk.store_id = ANY(%(stores)s))
GROUP BY talk.store_id, board.name
"""

CALLS = """
SELECT call.store_id, board.name, count(*),
       sum(hash_record_extended((call.id, call.tries, 2), 0))
FROM notifications_calltask call
CROSS JOIN (VALUES ('calls'), ('exceptions')) AS board (name)
WHERE call.closed_at IS NULL
  AND (%(stores)s::bigint[] IS NULL OR call.store_id = ANY(%(stores)s))
GROUP BY call.store_id, board.name
"""
