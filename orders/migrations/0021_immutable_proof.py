"""Nobody changes or deletes the proof of a hand-off, not even by SQL."""

from django.db import migrations

_REFUSE = """
CREATE FUNCTION orders_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the proof of a hand-off is immutable' USING ERRCODE = 'raise_exception';
END
$$;
CREATE TRIGGER hand_off_immutable BEFORE UPDATE OR DELETE ON orders_handoff
    FOR EACH ROW EXECUTE FUNCTION orders_refuse_change();
CREATE TRIGGER hand_off_line_immutable BEFORE UPDATE OR DELETE ON orders_handoffline
    FOR EACH ROW EXECUTE FUNCTION orders_refuse_change();
"""
_ALLOW = """
DROP TRIGGER hand_off_immutable ON orders_handoff;
DROP TRIGGER hand_off_line_immutable ON orders_handoffline;
DROP FUNCTION orders_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0020_hand_off_words")]
    operations = [migrations.RunSQL(_REFUSE, _ALLOW)]
