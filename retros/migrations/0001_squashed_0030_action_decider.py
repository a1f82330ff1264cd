"""What an empty database gets instead of the steps from 0001 to 0030; one that has some of them goes on with those.

What they do to rows is left out: there are none.
"""

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import partnerships.content
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("retros", "0001_initial"),
        ("retros", "0002_agreements"),
        ("retros", "0003_endings"),
        ("retros", "0004_rhythm"),
        ("retros", "0005_tick"),
        ("retros", "0006_clause_links"),
        ("retros", "0007_releases"),
        ("retros", "0008_bulk"),
        ("retros", "0009_remove_session_needs_attention"),
        ("retros", "0010_offered_exercise"),
        ("retros", "0011_answered_by"),
        ("retros", "0012_answers_known"),
        ("retros", "0013_entry_came_with"),
        ("retros", "0014_entry_came_with_seat"),
        ("retros", "0015_expiry_told"),
        ("retros", "0016_presence_without_position"),
        ("retros", "0017_session_unplanned"),
        ("retros", "0018_entry_unrestricted"),
        ("retros", "0019_entry_without_came_with"),
        ("retros", "0020_session_indexes"),
        ("retros", "0021_session_reopened_at"),
        ("retros", "0022_session_taken_back_at"),
        ("retros", "0023_jots"),
        ("retros", "0024_bulk_lines"),
        ("retros", "0025_measures"),
        ("retros", "0026_entry_in_person"),
        ("retros", "0027_session_told"),
        ("retros", "0028_templates_and_kind_words"),
        ("retros", "0029_search_text"),
        ("retros", "0030_action_decider"),
    ]

    initial = True

    dependencies = [
        ("partnerships", "0023_organisation"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnTemplate",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.SlugField(unique=True)),
                ("text", models.TextField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("key",),
            },
        ),
        migrations.CreateModel(
            name="Tick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Bulk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("plan", "Plan a rhythm"),
                            ("move", "Move by a week"),
                            ("rhythm", "Change the rhythm"),
                            ("pause", "Pause"),
                            ("remind", "Remind them"),
                        ],
                        max_length=6,
                    ),
                ),
                ("wish", models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("client_id", models.UUIDField(default=uuid.uuid4)),
                ("is_card", models.BooleanField(default=True)),
                ("text", partnerships.content.ContentField(blank=True)),
                ("value", models.PositiveSmallIntegerField(null=True)),
                ("tags", models.JSONField(default=list)),
                ("only_me", models.BooleanField(default=False)),
                ("in_person", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("sealed_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
                ("opened_version", models.PositiveIntegerField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "talk",
                    models.CharField(
                        blank=True,
                        choices=[("on_table", "On Table"), ("talked", "Talked"), ("parked", "Parked")],
                        max_length=8,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "entries",
                "base_manager_name": "unrestricted",
                "default_manager_name": "unrestricted",
                "constraints": [
                    models.UniqueConstraint(fields=("author", "client_id"), name="entry_once_a_client_id"),
                    models.CheckConstraint(
                        condition=models.Q(("only_me", False), ("opened_at", None), _connector="OR"),
                        name="entry_only_me_never_opens",
                    ),
                ],
            },
            managers=[
                ("unrestricted", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Action",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", partnerships.content.ContentField()),
                ("cue", partnerships.content.ContentField(blank=True)),
                ("is_experiment", models.BooleanField(default=False)),
                ("because", partnerships.content.ContentField(blank=True)),
                ("seen_by", partnerships.content.ContentField(blank=True)),
                ("decider", partnerships.content.ContentField(blank=True)),
                ("due", models.DateField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "closed_as",
                    models.CharField(blank=True, choices=[("done", "Done"), ("dropped", "Didn’t fit")], max_length=7),
                ),
                ("closed_on", models.DateField(null=True)),
                (
                    "helped",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("helped", "It helped"),
                            ("no_difference", "No difference"),
                            ("worse", "Worse"),
                            ("not_tried", "Not tried"),
                        ],
                        max_length=13,
                    ),
                ),
                ("carried", models.PositiveSmallIntegerField(default=0)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                (
                    "from_entry",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.entry"
                    ),
                ),
            ],
            options={
                "ordering": ("due", "created_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", partnerships.content.ContentField(blank=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField(auto_now=True)),
                (
                    "partnership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Jot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", partnerships.content.ContentField()),
                (
                    "column",
                    models.CharField(
                        blank=True,
                        choices=[("good", "What goes well"), ("bad", "What holds us back"), ("talk", "To talk about")],
                        max_length=4,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="KindWord",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", partnerships.content.ContentField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("dropped_at", models.DateTimeField(null=True)),
                (
                    "giver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Measure",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.CharField(max_length=120)),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Need",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", partnerships.content.ContentField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField(auto_now=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("answer", partnerships.content.ContentField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="partnerships.lead",
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("came_up", "Came Up"),
                            ("learned", "Learned"),
                            ("surprised", "Surprised"),
                            ("summary", "Summary"),
                        ],
                        max_length=9,
                    ),
                ),
                ("text", partnerships.content.ContentField(blank=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("written_at", models.DateTimeField(auto_now=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.entry"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "came_up")), fields=("entry",), name="note_one_a_card"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Prompt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("key", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cards", "Cards"),
                            ("text", "Text"),
                            ("scale", "Scale"),
                            ("place", "Place"),
                            ("tags", "Tags"),
                        ],
                        max_length=5,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField(blank=True)),
                ("hint", models.TextField(blank=True)),
                ("column", models.CharField(blank=True, max_length=4)),
                ("choices", models.JSONField(default=list)),
                ("beside", models.CharField(blank=True, max_length=40)),
                ("measure", models.UUIDField(null=True)),
                ("set_aside", models.BooleanField(default=False)),
                (
                    "named_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("position",),
            },
        ),
        migrations.AddField(
            model_name="entry",
            name="prompt",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.prompt"),
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("paused", "Paused"), ("ended", "Ended")],
                        default="active",
                        max_length=6,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("title", models.CharField(blank=True, max_length=120)),
                ("meeting_url", models.URLField(blank=True, max_length=500)),
                ("work_at", models.DateTimeField(db_index=True, null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
                "constraints": [models.UniqueConstraint(fields=("partnership",), name="series_one_a_partnership")],
            },
        ),
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n", models.PositiveSmallIntegerField()),
                ("start_date", models.DateField()),
                ("unit", models.CharField(choices=[("week", "Week"), ("month", "Month")], max_length=5)),
                ("interval", models.PositiveSmallIntegerField()),
                ("nth_weekday", models.SmallIntegerField(null=True)),
                ("month_day", models.PositiveSmallIntegerField(null=True)),
                ("local_time", models.TimeField()),
                ("timezone", models.CharField(max_length=64)),
                ("duration_min", models.PositiveSmallIntegerField(default=60)),
                ("ends_on", models.DateField(null=True)),
                ("ends_after", models.PositiveSmallIntegerField(null=True)),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="retros.series"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("series", "n"), name="rule_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_date", models.DateField()),
                ("to_date", models.DateField(null=True)),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pauses", to="retros.series"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeriesChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("words", models.CharField(max_length=200)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="changes", to="retros.series"
                    ),
                ),
            ],
            options={
                "ordering": ("version",),
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("retro", "Retro"),
                            ("dream_team", "Dream Team"),
                            ("contract", "Contract"),
                            ("difference", "Difference"),
                            ("health", "Health"),
                        ],
                        default="retro",
                        max_length=10,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(null=True)),
                ("slot_date", models.DateField(null=True)),
                ("start_local", models.DateTimeField()),
                ("timezone", models.CharField(max_length=64)),
                ("duration_min", models.PositiveSmallIntegerField(default=60)),
                ("start_utc", models.DateTimeField()),
                ("moved", models.BooleanField(default=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("scheduled", "Scheduled"),
                            ("in_progress", "In Progress"),
                            ("held", "Held"),
                            ("missed", "Missed"),
                            ("skipped", "Skipped"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="scheduled",
                        max_length=11,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=120)),
                ("excused", models.BooleanField(default=False)),
                ("held_on", models.DateField(null=True)),
                ("auto_closed", models.BooleanField(default=False)),
                ("uid_generation", models.PositiveSmallIntegerField(default=1)),
                ("sequence", models.PositiveIntegerField(default=0)),
                ("ical_stamp", models.DateTimeField(default=django.utils.timezone.now)),
                ("invited_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("template_key", models.CharField(max_length=60)),
                ("unplanned", models.BooleanField(default=False)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("started_at", models.DateTimeField(null=True)),
                ("paused_at", models.DateTimeField(null=True)),
                (
                    "pause_reason",
                    models.CharField(
                        blank=True,
                        choices=[("another_day", "Another Day"), ("between_us", "Between Us")],
                        max_length=11,
                    ),
                ),
                ("version_a", models.PositiveIntegerField(default=0)),
                ("version_b", models.PositiveIntegerField(default=0)),
                ("told", models.JSONField(default=list)),
                (
                    "agreement",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="partnerships.agreement",
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partnerships.partnership",
                    ),
                ),
                (
                    "rule_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="retros.ruleversion",
                    ),
                ),
                (
                    "series",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.series"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["partnership", "start_utc"], name="session_of_pair"),
                    models.Index(fields=["status", "start_utc"], name="session_by_status"),
                    models.Index(fields=["held_on"], name="session_by_day_held"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("series", "slot_date"), name="session_one_a_slot"),
                    models.UniqueConstraint(fields=("partnership", "kind", "number"), name="session_number_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("done", "Done"), ("going", "Still going"), ("dropped", "Didn’t fit")], max_length=7
                    ),
                ),
                (
                    "helped",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("helped", "It helped"),
                            ("no_difference", "No difference"),
                            ("worse", "Worse"),
                            ("not_tried", "Not tried"),
                        ],
                        max_length=13,
                    ),
                ),
                ("remark", partnerships.content.ContentField(blank=True)),
                ("version", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "action",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.action"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.session"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("action", "session"), name="review_once_a_session")],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seat", models.CharField(choices=[("a", "A"), ("b", "B")], max_length=1)),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="presences", to="retros.session"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session", "seat"), name="presence_one_a_seat"),
                    models.UniqueConstraint(fields=("session", "person"), name="presence_one_a_person"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("times", "Times"), ("exercise", "Exercise")], max_length=8)),
                ("starts", models.JSONField(default=list)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                ("template_key", models.CharField(blank=True, max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("taken", "Taken"), ("declined", "Declined")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.lead"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.session"
                    ),
                ),
            ],
            options={
                "ordering": ("-made_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("lead", "kind"), name="offer_one_open_of_a_kind"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Expiry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("warned_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.partnership"
                    ),
                ),
                ("told", models.ManyToManyField(related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.session"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "expiries",
                "constraints": [
                    models.UniqueConstraint(fields=("session",), name="expiry_once_a_session"),
                    models.UniqueConstraint(
                        condition=models.Q(("session", None)), fields=("partnership",), name="expiry_once_a_partnership"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClauseOrigin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.UUIDField(null=True)),
                (
                    "action",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.action"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.version"
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.entry"
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.note"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.session"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("version",), name="clause_origin_once_a_version")],
            },
        ),
        migrations.AddField(
            model_name="action",
            name="session",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="retros.session"
            ),
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("look_back", "Look Back"),
                            ("pulse", "Pulse"),
                            ("write", "Write"),
                            ("questions", "Questions"),
                            ("agree", "Agree"),
                            ("conclude", "Conclude"),
                            ("close", "Close"),
                        ],
                        max_length=9,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("heading", models.CharField(max_length=120)),
                ("lede", models.TextField(blank=True)),
                ("minutes", models.PositiveSmallIntegerField(default=10)),
                ("started_at", models.DateTimeField(null=True)),
                ("opened_a_at", models.DateTimeField(null=True)),
                ("opened_b_at", models.DateTimeField(null=True)),
                ("session", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="retros.session")),
            ],
            options={
                "ordering": ("position",),
                "constraints": [models.UniqueConstraint(fields=("session", "position"), name="step_one_a_position")],
            },
        ),
        migrations.CreateModel(
            name="Ready",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "purpose",
                    models.CharField(
                        choices=[("reveal", "Reveal"), ("next", "Next"), ("reopen", "Reopen")], max_length=6
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("step", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="retros.step")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("step", "person", "purpose"), name="ready_once")],
            },
        ),
        migrations.AddField(
            model_name="prompt",
            name="step",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="retros.step"),
        ),
        migrations.AddField(
            model_name="note",
            name="step",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.step"),
        ),
        migrations.AddField(
            model_name="entry",
            name="step",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.step"),
        ),
        migrations.CreateModel(
            name="UsualTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                (
                    "pair_kind",
                    models.CharField(
                        choices=[
                            ("pm_designer", "Product manager and designer"),
                            ("em_pm", "Engineering manager and product manager"),
                            ("other", "Another pair"),
                        ],
                        max_length=11,
                    ),
                ),
                ("key", models.CharField(max_length=50)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "pair_kind"), name="usual_template_one_a_kind")
                ],
            },
        ),
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
                ("rule", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True)),
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
            options={
                "ordering": ("label", "title", "partnership"),
                "constraints": [models.UniqueConstraint(fields=("bulk", "partnership"), name="bulk_line_once")],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80)),
                ("text", partnerships.content.ContentField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("spent", models.UUIDField(null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "key"), name="draft_once")],
            },
        ),
        migrations.CreateModel(
            name="ClauseLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.UUIDField()),
                (
                    "tag",
                    models.CharField(
                        blank=True,
                        choices=[("life", "Life and hours"), ("career", "Career"), ("company", "Company")],
                        max_length=7,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.agreement"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.entry"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entry", None)),
                        fields=("agreement", "line", "tag"),
                        name="clause_link_once_a_tag",
                    ),
                    models.UniqueConstraint(fields=("agreement", "line", "entry"), name="clause_link_once_a_card"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry__isnull", False), ("tag", "")),
                            models.Q(models.Q(("tag", ""), _negated=True), ("entry", None)),
                            _connector="OR",
                        ),
                        name="clause_link_to_one_thing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("text", partnerships.content.ContentField(blank=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "entry",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.entry"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("entry", "version"), name="entry_revision_once")],
            },
        ),
        migrations.CreateModel(
            name="Pick",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "entry",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.entry"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("entry", "person"), name="pick_once")],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("summary", "Summary"),
                            ("action", "Action"),
                            ("outcome", "Outcome of an experiment"),
                            ("version", "Agreement"),
                            ("need", "Needs from you"),
                        ],
                        max_length=7,
                    ),
                ),
                ("title", models.CharField(max_length=240)),
                ("text", partnerships.content.ContentField()),
                ("on", models.DateField()),
                ("digest", models.CharField(max_length=64)),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "action",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.action"
                    ),
                ),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.lead"
                    ),
                ),
                (
                    "need",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="releases",
                        to="retros.need",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="retros.note"
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="partnerships.version",
                    ),
                ),
            ],
            options={
                "ordering": ("-on", "-proposed_at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("lead", "kind", "digest"),
                        name="release_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("action", None),
                                ("kind", "summary"),
                                ("need", None),
                                ("note__isnull", False),
                                ("version", None),
                            ),
                            models.Q(
                                ("action__isnull", False),
                                ("kind__in", ["action", "outcome"]),
                                ("need", None),
                                ("note", None),
                                ("version", None),
                            ),
                            models.Q(
                                ("action", None),
                                ("kind", "version"),
                                ("need", None),
                                ("note", None),
                                ("version__isnull", False),
                            ),
                            models.Q(
                                ("action", None),
                                ("kind", "need"),
                                ("need__isnull", False),
                                ("note", None),
                                ("version", None),
                            ),
                            _connector="OR",
                        ),
                        name="release_of_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", None)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="release_by_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shelf", models.UUIDField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("words", partnerships.content.ContentField()),
                (
                    "action",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.action",
                    ),
                ),
                (
                    "clause",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partnerships.clause",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.entry",
                    ),
                ),
                (
                    "handover",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.handover",
                    ),
                ),
                (
                    "kind_word",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.kindword",
                    ),
                ),
                (
                    "need",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.need",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.note",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="retros.review",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partnerships.version",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("entry__isnull", False)), fields=("entry",), name="search_entry"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("note__isnull", False)), fields=("note",), name="search_note"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("action__isnull", False)), fields=("action",), name="search_action"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("review__isnull", False)), fields=("review",), name="search_review"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("clause__isnull", False)), fields=("clause",), name="search_clause"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("version__isnull", False)), fields=("version",), name="search_version"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("need__isnull", False)), fields=("need",), name="search_need"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("handover__isnull", False)), fields=("handover",), name="search_handover"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind_word__isnull", False)), fields=("kind_word",), name="search_kind_word"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="prompt",
            constraint=models.UniqueConstraint(fields=("step", "position"), name="prompt_one_a_position"),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.UniqueConstraint(
                condition=models.Q(("entry", None), ("kind", "came_up")), fields=("step",), name="note_one_a_step"
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "summary")), fields=("step",), name="note_one_summary"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_card", False)), fields=("prompt", "author"), name="entry_one_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("talk", "on_table")), fields=("step",), name="entry_one_on_the_table"
            ),
        ),
    ]
