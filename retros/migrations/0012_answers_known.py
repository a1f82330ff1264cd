from django.db import migrations, models


def remember(apps, schema_editor):
    """Who answered: only the lead could. Of assignments that have ended nobody knows any more."""
    Need = apps.get_model("retros", "Need")
    Lead = apps.get_model("partnerships", "Lead")
    who = Lead.objects.filter(pk=models.OuterRef("lead")).values("person")[:1]
    Need.objects.filter(answered_at__isnull=False, lead__isnull=False).update(answered_by=models.Subquery(who))


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0011_answered_by'),
    ]

    operations = [
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
