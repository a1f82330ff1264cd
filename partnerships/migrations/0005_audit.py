from django.db import migrations, models

SQLITE = """
CREATE TRIGGER audit_only_added_to BEFORE UPDATE ON partnerships_audit
BEGIN SELECT RAISE(ABORT, 'The record is only added to.'); END
"""
# On SQLite emptying a table is a DELETE of all its rows, so there deletion is refused by the model alone.
POSTGRESQL = """
CREATE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'The record is only added to.'; END $$;
CREATE TRIGGER audit_only_added_to BEFORE UPDATE OR DELETE ON partnerships_audit
FOR EACH ROW EXECUTE FUNCTION audit_only_added_to();
"""


def close(apps, schema_editor):
    schema_editor.execute(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL)


def reopen(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TRIGGER audit_only_added_to")
    else:
        schema_editor.execute("DROP TRIGGER audit_only_added_to ON partnerships_audit; DROP FUNCTION audit_only_added_to()")


class Migration(migrations.Migration):

    dependencies = [
        ('partnerships', '0004_deliveries'),
    ]

    operations = [
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('act', models.CharField(max_length=24)),
                ('by_id', models.UUIDField(null=True)),
                ('about', models.CharField(blank=True, max_length=24)),
                ('about_id', models.UUIDField(null=True)),
                ('partnership_id', models.UUIDField(db_index=True, null=True)),
            ],
        ),
        migrations.RunPython(close, reopen),
    ]
