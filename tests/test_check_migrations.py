"""What the check of migrations refuses: what the processes of the version before cannot bear."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from hub.events.models import Fact
from scripts.check_migrations import read


@pytest.fixture
def judge(tmp_path):
    """The check's exit status for a migration with one operation on the table of facts."""

    def judge(operation):
        state = ProjectState()
        state.add_model(ModelState.from_model(Fact))
        change = migrations.Migration("probe", "events")
        change.operations = [operation]  # type: ignore[misc]
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            change.apply(state, editor, collect_sql=True)
        file = tmp_path / "events.0099_probe.sql"
        file.write_text("BEGIN;\n" + "\n".join(editor.collected_sql) + "\nCOMMIT;\n")
        return read([file])

    return judge


def add(field):
    return migrations.AddField("Fact", "weight", field)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field",
    [
        models.IntegerField(null=True),
        models.IntegerField(default=0, db_default=0),
        models.CharField(max_length=9, db_default=""),
    ],
)
def test_a_column_that_older_processes_may_leave_out_is_welcome(judge, field):
    assert judge(add(field)) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field",
    [
        models.IntegerField(default=0),
        models.BooleanField(default=False),
        models.CharField(max_length=9, default="none"),
        models.JSONField(default=dict),
    ],
)
def test_a_column_that_older_processes_would_have_to_fill_is_refused(judge, field, capfd):
    assert judge(add(field)) != 0
    assert "ban-drop-default" in capfd.readouterr().out


@pytest.mark.django_db
@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("Fact", "actor"),
        migrations.RenameField("Fact", "actor", "who"),
        migrations.AlterField("Fact", "actor", models.IntegerField()),
        migrations.AddIndex("Fact", models.Index(fields=["actor"], name="by_actor")),
        migrations.DeleteModel("Fact"),
    ],
)
def test_what_takes_away_or_locks_what_older_processes_use_is_refused(judge, operation):
    assert judge(operation) != 0


def test_nothing_to_read_is_fine():
    assert read([]) == 0
