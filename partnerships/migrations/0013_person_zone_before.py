from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('partnerships', '0012_sign_in_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='zone_before',
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
