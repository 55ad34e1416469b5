"""Whatever changes availability leaves a touch behind, in the same transaction."""

from django.db import migrations

CREATE = """
CREATE FUNCTION inventory_touch_changed_levels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_stocktouch (store_id, item_id)
    SELECT fresh.store_id, fresh.item_id
    FROM fresh JOIN stale ON stale.id = fresh.id
    WHERE fresh.on_hand - fresh.unavailable <> stale.on_hand - stale.unavailable
       OR fresh.allocated + fresh.held <> stale.allocated + stale.held;
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_touch_new_levels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_stocktouch (store_id, item_id)
    SELECT store_id, item_id FROM fresh WHERE on_hand <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_touch_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    version jsonb;
BEGIN
    FOREACH version IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
        IF jsonb_typeof(version) = 'object' THEN
            INSERT INTO inventory_stocktouch (store_id, item_id, category, channel_id)
            VALUES ((version ->> 'store_id')::bigint, (version ->> 'item_id')::bigint,
                coalesce(version ->> 'category', ''), (version ->> 'channel_id')::bigint);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_touch_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_stocktouch (store_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION inventory_touch_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inventory_stocktouch (item_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER touch_changed AFTER UPDATE ON inventory_stocklevel
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_touch_changed_levels();
CREATE TRIGGER touch_new AFTER INSERT ON inventory_stocklevel
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION inventory_touch_new_levels();
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON inventory_safetystock
    FOR EACH ROW EXECUTE FUNCTION inventory_touch_rule();
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON inventory_channelbuffer
    FOR EACH ROW EXECUTE FUNCTION inventory_touch_rule();
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON inventory_salesstop
    FOR EACH ROW EXECUTE FUNCTION inventory_touch_rule();
CREATE TRIGGER touch AFTER UPDATE OF missed_told, expected_minutes ON inventory_storefeed
    FOR EACH ROW WHEN (
        (OLD.missed_told, OLD.expected_minutes)
        IS DISTINCT FROM (NEW.missed_told, NEW.expected_minutes))
    EXECUTE FUNCTION inventory_touch_rule();
CREATE TRIGGER touch_stock AFTER UPDATE OF active, pickup_enabled ON stores_store
    FOR EACH ROW WHEN (
        (OLD.active, OLD.pickup_enabled) IS DISTINCT FROM (NEW.active, NEW.pickup_enabled))
    EXECUTE FUNCTION inventory_touch_store();
CREATE TRIGGER touch_stock AFTER UPDATE OF active, category ON inventory_item
    FOR EACH ROW WHEN (
        (OLD.active, OLD.category) IS DISTINCT FROM (NEW.active, NEW.category))
    EXECUTE FUNCTION inventory_touch_item();
"""

DROP = """
DROP TRIGGER touch_stock ON inventory_item;
DROP TRIGGER touch_stock ON stores_store;
DROP TRIGGER touch ON inventory_storefeed;
DROP TRIGGER touch ON inventory_salesstop;
DROP TRIGGER touch ON inventory_channelbuffer;
DROP TRIGGER touch ON inventory_safetystock;
DROP TRIGGER touch_new ON inventory_stocklevel;
DROP TRIGGER touch_changed ON inventory_stocklevel;
DROP FUNCTION inventory_touch_item();
DROP FUNCTION inventory_touch_store();
DROP FUNCTION inventory_touch_rule();
DROP FUNCTION inventory_touch_new_levels();
DROP FUNCTION inventory_touch_changed_levels();
"""


class Migration(migrations.Migration):
    dependencies = [("inventory", "0005_change_feed"), ("stores", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
