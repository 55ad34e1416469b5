"""What customers are told of, in the groups they choose channels for."""

from __future__ import annotations

ORDER_UPDATES = "order_updates"
PICKUP = "pickup"
REMINDERS = "reminders"
QUESTIONS = "questions"
ARRIVAL = "arrival"
AFTERWARDS = "afterwards"

# The rows of the customer's grid. A group without a choice of its own follows order_updates.
GROUPS = (ORDER_UPDATES, PICKUP, REMINDERS, QUESTIONS, ARRIVAL, AFTERWARDS)
