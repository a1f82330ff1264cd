from django.db import migrations, models


def begun_at_once(apps, schema_editor):
    """A planned retro starts on a minute; one that was begun at once, at the moment that somebody pressed."""
    Session = apps.get_model('retros', 'Session')
    for session in Session.objects.filter(series=None).exclude(started_at=None):
        if session.start_utc.second or session.start_utc.microsecond:
            Session.objects.filter(pk=session.pk).update(unplanned=True)


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0016_presence_without_position'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='unplanned',
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(begun_at_once, migrations.RunPython.noop, elidable=True),
    ]
