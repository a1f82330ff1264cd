import django.db.models.deletion
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations, models


def carry_over(apps, schema_editor):
    """Nobody is signed out by the upgrade. Sessions of nobody, and those that cannot be read, are not taken along."""
    old, new = apps.get_model("sessions", "Session"), apps.get_model("partnerships", "SignIn")
    people = {str(pk) for pk in apps.get_model("partnerships", "Person").objects.values_list("pk", flat=True)}
    store = SessionStore()
    for row in old.objects.iterator():
        kept = store.decode(row.session_data)
        person = str(kept.get(SESSION_KEY)) if isinstance(kept, dict) else ""
        if person in people:
            new.objects.create(
                session_key=row.session_key, session_data=row.session_data, expire_date=row.expire_date,
                person_id=person,
            )  # fmt: skip
    old.objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('partnerships', '0010_news'),
        ('sessions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('person', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
            },
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
