"""Nobody changes words that were published, not even by SQL: messages point to them."""

from django.db import migrations

_REFUSE = """
CREATE FUNCTION notifications_keep_published() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    as_it_was notifications_templateversion;
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'retired' THEN
        as_it_was := NEW;
        as_it_was.state := OLD.state;
        IF as_it_was = OLD THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'published words are immutable' USING ERRCODE = 'raise_exception';
END
$$;
CREATE TRIGGER template_immutable BEFORE UPDATE OR DELETE ON notifications_templateversion
    FOR EACH ROW EXECUTE FUNCTION notifications_keep_published();
"""
_ALLOW = """
DROP TRIGGER template_immutable ON notifications_templateversion;
DROP FUNCTION notifications_keep_published();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_reaching_schedules")]
    operations = [migrations.RunSQL(_REFUSE, _ALLOW)]
