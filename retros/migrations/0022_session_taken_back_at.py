from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('retros', '0021_session_reopened_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='taken_back_at',
            field=models.DateTimeField(null=True),
        ),
    ]
