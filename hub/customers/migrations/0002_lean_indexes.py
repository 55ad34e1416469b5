"""No index that another one covers, and none for LIKE: nobody asks so, and each costs a write."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_contact_email_hash_70e74fbf_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_contact_email_hash_70e74fbf_like ON customers_contact (email_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_contact_identity_hash_4cf5cd5b_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_contact_identity_hash_4cf5cd5b_like ON customers_contact (identity_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_contact_name_hash_2b3f0db3_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_contact_name_hash_2b3f0db3_like ON customers_contact (name_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_contact_phone_hash_3a778a74_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_contact_phone_hash_3a778a74_like ON customers_contact (phone_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_contact_phone_last4_hash_126e6dc2_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_contact_phone_last4_hash_126e6dc2_like ON customers_contact (phone_last4_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_identitykey_key_hash_ff2287ab_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_identitykey_key_hash_ff2287ab_like ON customers_identitykey (key_hash varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_identitylink_record_id_a936e81f",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_identitylink_record_id_a936e81f ON customers_identitylink (record_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_preference_profile_id_fe5d37b6",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_preference_profile_id_fe5d37b6 ON customers_preference (profile_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS customers_profile_public_id_a311c571_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS customers_profile_public_id_a311c571_like ON customers_profile (public_id varchar_pattern_ops)",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='identitylink',
                    name='record',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='links', to='customers.sourcerecord'),
                ),
                migrations.AlterField(
                    model_name='preference',
                    name='profile',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='preferences', to='customers.profile'),
                ),
            ]
        ),
    ]
