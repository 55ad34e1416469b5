"""What the reports of stores show of messages, beside the page of measures."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.models import DayMessages
from orders.reporting.measures import Kind, Measure

DELIVERED = Measure(
    key="messages",
    title=_("Messages delivered"),
    group=_("Connections"),
    meaning=_("Of the messages that providers took over, those that they say arrived."),
    source=_(
        "Counted on the day (UTC) on which they were written; today comes with the next night."
    ),
    of_connections=True,
    kind=Kind.SHARE,
    part="delivered",
    whole="accepted",
    whole_words=_("messages taken over"),
    table=DayMessages._meta.db_table,
    chain_rows=False,
)
