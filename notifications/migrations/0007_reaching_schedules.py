"""Each minute those are followed up whom no message reached; what stays unsure is settled."""

from datetime import UTC, datetime

from django.db import migrations

SCHEDULES = {
    "follow up unreached customers": {
        "func": "notifications.tasks.reach_customers",
        "schedule_type": "I",
        "minutes": 1,
    },
    "settle unheard messages": {
        "func": "notifications.tasks.settle_unheard",
        "schedule_type": "I",
        "minutes": 5,
    },
}


def create(apps, schema_editor):
    """Make or restore the schedules; running it again changes nothing."""
    schedule = apps.get_model("django_q", "Schedule")
    for name, values in SCHEDULES.items():
        wanted = values | {"repeats": -1, "next_run": datetime.now(UTC)}
        schedule.objects.update_or_create(name=name, defaults=wanted)


def remove(apps, schema_editor):
    """Take the schedules away."""
    apps.get_model("django_q", "Schedule").objects.filter(name__in=SCHEDULES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_reaching_indexes"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
