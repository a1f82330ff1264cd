from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0014_person_zone_before"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="country",
            field=models.CharField(blank=True, max_length=2),
        ),
    ]
