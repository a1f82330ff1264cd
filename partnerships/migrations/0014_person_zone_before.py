from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('partnerships', '0013_audit_by_act'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='zone_before',
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
