from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retros", "0024_bulk_lines"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="told",
            field=models.JSONField(default=list),
        ),
    ]
