"""The last of the first steps: an order."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy

from hub.staff.first_steps import Step
from orders.models import Order

STEPS = [
    Step(
        5,
        gettext_lazy("Place a first order"),
        gettext_lazy("With a test key: it reaches no phone and no POS, and can be driven through."),
        Order.objects.exists,
        lambda: reverse("admin:orders_sandboxrun_changelist"),
        "orders.drive_sandbox",
    )
]
