"""Past days of messages are made up each night."""

from datetime import UTC, datetime, timedelta

from django.db import migrations

NAME = "days of messages"


def create(apps, schema_editor):
    """Make or restore the schedule; running it again changes nothing."""
    night = datetime.now(UTC).replace(hour=2, minute=40, second=0, microsecond=0)
    wanted = {
        "func": "notifications.tasks.make_up_messages",
        "schedule_type": "D",
        "repeats": -1,
        "next_run": night + timedelta(days=1),
    }
    apps.get_model("django_q", "Schedule").objects.update_or_create(name=NAME, defaults=wanted)


def remove(apps, schema_editor):
    """Take the schedule away."""
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0018_days_of_messages"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
