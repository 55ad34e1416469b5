"""Who takes published words back may say so beside them; the words stay as they were."""

from django.db import migrations

_REFUSE = """
CREATE OR REPLACE FUNCTION notifications_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    as_it_was notifications_templateversion;
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'retired' THEN
        as_it_was := NEW;
        as_it_was.state := OLD.state;
        {taken_back}
        IF as_it_was = OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'published words are immutable' USING ERRCODE = 'raise_exception';
END
$$;
"""
_TAKEN_BACK = """
        as_it_was.withdrawn_by := OLD.withdrawn_by;
        as_it_was.withdrawn_at := OLD.withdrawn_at;
        as_it_was.withdrawn_why := OLD.withdrawn_why;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0020_words_taken_back")]
    operations = [
        migrations.RunSQL(_REFUSE.format(taken_back=_TAKEN_BACK), _REFUSE.format(taken_back=""))
    ]
