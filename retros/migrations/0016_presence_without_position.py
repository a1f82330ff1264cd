from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0015_expiry_told'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='presence',
            name='position',
        ),
    ]
