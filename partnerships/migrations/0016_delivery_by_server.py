from django.conf import settings
from django.db import migrations, models


def sent_by_a_server(apps, schema_editor):
    """What was sent until now went the way that mail goes now."""
    if settings.MAIL_IS_SENT:
        apps.get_model("partnerships", "Delivery").objects.filter(status="sent", channel="email").update(by_server=True)


class Migration(migrations.Migration):
    dependencies = [("partnerships", "0015_sitting_notice")]

    operations = [
        migrations.AddField("delivery", "by_server", models.BooleanField(default=False)),
        migrations.RunPython(sent_by_a_server, migrations.RunPython.noop),
    ]
