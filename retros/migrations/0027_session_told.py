from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("retros", "0026_entry_in_person"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="told",
            field=models.JSONField(default=list),
        ),
    ]
