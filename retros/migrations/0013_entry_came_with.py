from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0012_answers_known'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='came_with',
            field=models.PositiveIntegerField(null=True),
        ),
    ]
