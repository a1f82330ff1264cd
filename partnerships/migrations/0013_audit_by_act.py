from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0012_sign_in_changes"),
    ]

    operations = [
        migrations.AddIndex(model_name="audit", index=models.Index(fields=["act"], name="audit_by_act")),
    ]
