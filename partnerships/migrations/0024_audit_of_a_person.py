from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0023_organisation"),
    ]

    operations = [
        migrations.AddIndex(model_name="audit", index=models.Index(fields=["by_id"], name="audit_by_person")),
        migrations.AddIndex(model_name="audit", index=models.Index(fields=["about_id"], name="audit_by_about")),
    ]
