import django.db.models.manager
from django.db import migrations


class Migration(migrations.Migration):
    """The manager has another name; no table changes."""

    dependencies = [
        ('retros', '0017_session_unplanned'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='entry',
            options={
                'base_manager_name': 'unrestricted',
                'default_manager_name': 'unrestricted',
                'verbose_name_plural': 'entries',
            },
        ),
        migrations.AlterModelManagers(
            name='entry',
            managers=[
                ('unrestricted', django.db.models.manager.Manager()),
            ],
        ),
    ]
