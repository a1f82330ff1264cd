import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0013_audit_by_act"),
        ("retros", "0019_entry_without_came_with"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["partnership", "start_utc"], name="session_of_pair"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["status", "start_utc"], name="session_by_status"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["held_on"], name="session_by_day_held"),
        ),
        migrations.RemoveIndex(model_name="session", name="session_by_partnership"),
        migrations.AlterField(
            model_name="session",
            name="partnership",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="partnerships.partnership",
            ),
        ),
    ]
