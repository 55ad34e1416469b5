"""Nobody changes or deletes a line of the consent log, not even by SQL."""

from django.db import migrations

_REFUSE = """
CREATE FUNCTION customers_keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the consent log is append-only' USING ERRCODE = 'raise_exception';
END
$$;
CREATE TRIGGER consent_immutable BEFORE UPDATE OR DELETE ON customers_consentevent
    FOR EACH ROW EXECUTE FUNCTION customers_keep_consent();
"""
_ALLOW = """
DROP TRIGGER consent_immutable ON customers_consentevent;
DROP FUNCTION customers_keep_consent();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_consent_head")]
    operations = [migrations.RunSQL(_REFUSE, _ALLOW)]
