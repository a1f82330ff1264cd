from django.db import migrations, models
from django.utils import timezone


def look_again(apps, schema_editor):
    """The worker says anew which rhythms with a pause are paused now: one that is to come pauses nothing yet."""
    apps.get_model('retros', 'Series').objects.exclude(status='ended').filter(pauses__isnull=False).update(
        work_at=timezone.now()
    )


class Migration(migrations.Migration):
    dependencies = [
        ('retros', '0020_session_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='reopened_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(look_again, migrations.RunPython.noop, elidable=True),
    ]
