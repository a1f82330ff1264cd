from django.db import migrations

import partnerships.content


class Migration(migrations.Migration):

    dependencies = [
        ('retros', '0029_search_text'),
    ]

    operations = [
        migrations.AddField(
            model_name='action',
            name='decider',
            field=partnerships.content.ContentField(blank=True, default=''),
            preserve_default=False,
        ),
    ]
