"""What benchmarks of messages share: many ready pickups, and a provider that takes its time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

HOST = "127.0.0.1"
with socket.create_server((HOST, 0)) as _probe:
    PROVIDER_PORT = _probe.getsockname()[1]
os.environ["HUB_PUBLIC_URL"] = f"http://{HOST}:{PROVIDER_PORT}"  # where the handset is called

from tests.benchmarks.database import bench_database as bench_database  # isort: skip
from django.db import transaction

from hub.crypto import lookup_hash
from hub.customers.models import Contact, Profile
from hub.ids import new_id
from notifications.models import Message, TextingRules
from notifications.purposes import READY
from notifications.services.writing import write_message
from orders.models import FulfillmentOrder, Order, PickupCode
from tests.factories import make_ready

PROVIDER_MS = 100
BATCH = 1000  # rows a statement: PostgreSQL takes 65,535 values
FIRST_NUMBER = 2_000_000
START_SECONDS = 20


@contextmanager
def provider(*, delay_ms: int = PROVIDER_MS) -> Iterator[None]:
    """Inside the block a process of its own takes every text after ``delay_ms``."""
    command = [sys.executable, "-m", "tests.benchmarks.slow_provider"]
    process = subprocess.Popen([*command, str(PROVIDER_PORT), str(delay_ms)])
    try:
        _wait_until_up()
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def ready_pickups(count: int) -> list[FulfillmentOrder]:
    """As many ready pickups, each of another customer, with phone and e-mail."""
    model = make_ready()
    TextingRules.objects.create(regions=["US"], per_number_hour=10_000, per_number_day=10_000)
    with transaction.atomic():
        contacts = Contact.objects.bulk_create(
            (_contact(number) for number in range(count)), batch_size=BATCH
        )
        profiles = Profile.objects.bulk_create(
            (Profile(public_id=new_id("cus"), contact=contact) for contact in contacts),
            batch_size=BATCH,
        )
        people = list(zip(contacts, profiles, strict=True))
        orders = Order.objects.bulk_create(
            (
                _copy(
                    model.order, new_id("ord"), contact=who, profile=profile, external_id=f"B-{n}"
                )
                for n, (who, profile) in enumerate(people)
            ),
            batch_size=BATCH,
        )
        parts = FulfillmentOrder.objects.bulk_create(
            (_copy(model, new_id("ful"), order=order) for order in orders), batch_size=BATCH
        )
        PickupCode.objects.bulk_create(
            (PickupCode(fulfillment=part, pin="123456") for part in parts), batch_size=BATCH
        )
    return parts


def write_ready(parts: list[FulfillmentOrder]) -> None:
    """The ready message of each pickup: one as the handler writes it, the others copied."""
    first = write_message(purpose=READY, subject=READY.subject(parts[0]))
    assert first is not None
    Message.objects.bulk_create(
        (
            _copy(
                first,
                new_id("msg"),
                subject=READY.subject(part),
                order_id=part.order_id,
                profile_id=part.order.profile_id,
                contact_id=part.order.contact_id,
                dedupe_key=READY.dedupe_key(part),
            )
            for part in parts[1:]
        ),
        batch_size=BATCH,
    )


def _contact(number: int) -> Contact:
    phone, email = f"+1212{FIRST_NUMBER + number}", f"ann{number}@example.com"
    return Contact(
        name=f"Ann {number}",
        phone=phone,
        email=email,
        email_hash=lookup_hash("email", email),
        phone_hash=lookup_hash("phone", phone),
        identity_hash=lookup_hash("identity", phone),
    )


def _copy(row, public_id: str, **changed):
    fields = [field.attname for field in row._meta.concrete_fields if not field.primary_key]
    values = {name: getattr(row, name) for name in fields} | {"public_id": public_id}
    copy = type(row)(**values)
    for name, value in changed.items():
        setattr(copy, name, value)
    return copy


def _wait_until_up() -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            HTTPConnection(HOST, PROVIDER_PORT, timeout=2).connect()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the provider did not start")
