"""A stop for all channels also stands on the levels it stops, where every guard sees it."""

from django.db import migrations

# Locks first and looks in a later statement: that one sees what was committed during the wait.
# The advisory lock keeps a level from being made while a stop looks for levels.
CREATE = """
CREATE FUNCTION inventory_stop_levels() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version jsonb;
    place bigint;
    good bigint;
BEGIN
    FOREACH version IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
        CONTINUE WHEN jsonb_typeof(version) <> 'object' OR (version ->> 'channel_id') IS NOT NULL;
        place := (version ->> 'store_id')::bigint;
        good := (version ->> 'item_id')::bigint;
        PERFORM pg_advisory_xact_lock(hashtextextended('inventory.stops', 0));
        PERFORM id FROM inventory_stocklevel
        WHERE item_id = good AND (place IS NULL OR store_id = place)
        ORDER BY store_id FOR NO KEY UPDATE;
        UPDATE inventory_stocklevel level SET stopped = NOT level.stopped
        WHERE level.item_id = good AND (place IS NULL OR level.store_id = place)
          AND level.stopped <> EXISTS (
            SELECT FROM inventory_salesstop stop
            WHERE stop.item_id = good AND stop.channel_id IS NULL
              AND (stop.store_id IS NULL OR stop.store_id = level.store_id));
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_stop_new_levels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('inventory.stops', 0));
    IF EXISTS (SELECT FROM inventory_salesstop WHERE channel_id IS NULL) THEN
        UPDATE inventory_stocklevel level SET stopped = true
        FROM fresh JOIN inventory_salesstop stop ON stop.item_id = fresh.item_id
        WHERE level.id = fresh.id AND stop.channel_id IS NULL
          AND (stop.store_id IS NULL OR stop.store_id = fresh.store_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER stop_levels AFTER INSERT OR UPDATE OR DELETE ON inventory_salesstop
    FOR EACH ROW EXECUTE FUNCTION inventory_stop_levels();
CREATE TRIGGER stop_new AFTER INSERT ON inventory_stocklevel
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_stop_new_levels();
"""

DROP = """
DROP TRIGGER stop_new ON inventory_stocklevel;
DROP TRIGGER stop_levels ON inventory_salesstop;
DROP FUNCTION inventory_stop_new_levels();
DROP FUNCTION inventory_stop_levels();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0008_cases_feeds_and_bundles")]

    operations = [migrations.RunSQL(CREATE, DROP)]
