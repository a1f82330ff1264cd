from django.db import migrations, models


class Migration(migrations.Migration):
    """A count is kept once a key, since its first hit. What was counted before is forgotten with its table."""

    dependencies = [
        ("partnerships", "0024_audit_of_a_person"),
    ]

    operations = [
        migrations.DeleteModel(name="RateCounter"),
        migrations.CreateModel(
            name="RateCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80, unique=True)),
                ("began_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField()),
            ],
        ),
    ]
