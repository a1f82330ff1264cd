import django.db.models.deletion
from django.core.serializers.json import DjangoJSONEncoder
from django.db import migrations, models

KEPT = ("title", "label", "before", "after", "remark", "refused", "undo")


def lines_to_rows(apps, schema_editor):
    """What was done before is done: each line of the list becomes a row."""
    Bulk, BulkLine = apps.get_model("retros", "Bulk"), apps.get_model("retros", "BulkLine")
    known = set(apps.get_model("partnerships", "Partnership").objects.values_list("pk", flat=True))
    for bulk in Bulk.objects.exclude(lines_before=[]):
        BulkLine.objects.bulk_create(
            BulkLine(
                bulk=bulk,
                partnership_id=line["partnership"],
                version=line["version"] or None,
                left=line.get("left", ""),
                done_at=None if line["refused"] else bulk.at,
                undone_at=None if line.get("left") or line["refused"] else bulk.undone_at,
                **{name: line[name] for name in KEPT},
            )
            for line in bulk.lines_before
            if any(str(pk) == line["partnership"] for pk in known)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("partnerships", "0001_initial"),
        ("retros", "0023_jots"),
    ]

    operations = [
        migrations.RenameField("bulk", "lines", "lines_before"),  # the rows take the name
        migrations.AddField("bulk", "wish", models.JSONField(default=dict, encoder=DjangoJSONEncoder)),
        migrations.CreateModel(
            name="BulkLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("label", models.CharField(max_length=200)),
                ("before", models.TextField(blank=True)),
                ("after", models.JSONField(default=list)),
                ("remark", models.TextField(blank=True)),
                ("refused", models.TextField(blank=True)),
                ("rule", models.JSONField(null=True, encoder=DjangoJSONEncoder)),
                ("version", models.PositiveIntegerField(null=True)),
                ("undo", models.JSONField(default=dict)),
                ("done_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("left", models.TextField(blank=True)),
                (
                    "bulk",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="retros.bulk"
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
            ],
            options={"ordering": ("label", "title", "partnership")},
        ),
        migrations.AddConstraint(
            "bulkline", models.UniqueConstraint(fields=("bulk", "partnership"), name="bulk_line_once")
        ),
        migrations.RunPython(lines_to_rows, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("bulk", "lines_before"),
    ]
