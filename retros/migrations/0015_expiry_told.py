from django.conf import settings
from django.db import migrations, models


def both_were_told(apps, schema_editor):
    """Until now every warning went to both of the two."""
    Expiry = apps.get_model('retros', 'Expiry')
    Membership = apps.get_model('partnerships', 'Membership')
    for expiry in Expiry.objects.all():
        members = Membership.objects.filter(partnership=expiry.partnership_id)
        expiry.told.add(*members.values_list('person', flat=True))


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('retros', '0014_entry_came_with_seat'),
    ]

    operations = [
        migrations.AddField(
            model_name='expiry',
            name='told',
            field=models.ManyToManyField(related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(both_were_told, migrations.RunPython.noop, elidable=True),
    ]
