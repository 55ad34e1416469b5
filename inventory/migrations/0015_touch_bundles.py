"""What a bundle is made of decides how often it can be promised: a change of it is told."""

from django.db import migrations

CREATE = """
CREATE FUNCTION inventory_touch_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO inventory_stocktouch (item_id) VALUES (OLD.bundle_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO inventory_stocktouch (item_id) VALUES (NEW.bundle_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON inventory_bundlepart
    FOR EACH ROW EXECUTE FUNCTION inventory_touch_bundle();
"""

DROP = """
DROP TRIGGER touch ON inventory_bundlepart;
DROP FUNCTION inventory_touch_bundle();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0014_drop_schedule")]

    operations = [migrations.RunSQL(CREATE, DROP)]
