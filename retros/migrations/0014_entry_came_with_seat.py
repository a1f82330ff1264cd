from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0013_entry_came_with'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='entry',
            name='came_with',
        ),
        migrations.AddField(
            model_name='entry',
            name='came_with_a',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='came_with_b',
            field=models.PositiveIntegerField(null=True),
        ),
    ]
