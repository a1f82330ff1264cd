from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0018_look_words"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="country",
            field=models.CharField(blank=True, max_length=2),
        ),
    ]
