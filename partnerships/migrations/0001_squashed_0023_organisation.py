"""What an empty database gets instead of the steps from 0001 to 0023; one that has some of them goes on with those.

What they do to rows is left out: there are none.
"""

from importlib import import_module

import datetime
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import partnerships.content
import partnerships.models.person
import uuid
from django.conf import settings
from django.db import migrations, models

audit = import_module("partnerships.migrations.0005_audit")


class Migration(migrations.Migration):
    replaces = [
        ("partnerships", "0001_initial"),
        ("partnerships", "0002_agreements"),
        ("partnerships", "0003_leads"),
        ("partnerships", "0004_deliveries"),
        ("partnerships", "0005_audit"),
        ("partnerships", "0006_endings"),
        ("partnerships", "0007_erased"),
        ("partnerships", "0008_still_right"),
        ("partnerships", "0009_reminded"),
        ("partnerships", "0010_news"),
        ("partnerships", "0011_sign_in"),
        ("partnerships", "0012_sign_in_changes"),
        ("partnerships", "0013_audit_by_act"),
        ("partnerships", "0014_person_zone_before"),
        ("partnerships", "0015_sitting_notice"),
        ("partnerships", "0016_delivery_by_server"),
        ("partnerships", "0017_sign_in_links"),
        ("partnerships", "0018_look_words"),
        ("partnerships", "0019_person_country"),
        ("partnerships", "0020_health_every"),
        ("partnerships", "0021_sign_in_keys"),
        ("partnerships", "0022_templates_and_kind_words"),
        ("partnerships", "0023_organisation"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="Name")),
            ],
        ),
        migrations.CreateModel(
            name="Partnership",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pm_designer", "Product manager and designer"),
                            ("em_pm", "Engineering manager and product manager"),
                            ("other", "Another pair"),
                        ],
                        max_length=12,
                        verbose_name="Kind",
                    ),
                ),
                ("label", models.CharField(max_length=60, verbose_name="What you work on")),
                (
                    "since",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="Working together since"),
                ),
                ("archived_at", models.DateTimeField(editable=False, null=True)),
                ("health_every", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="Email")),
                ("name", models.CharField(blank=True, max_length=60, verbose_name="Name")),
                ("role_label", models.CharField(blank=True, max_length=60, verbose_name="Role")),
                (
                    "timezone",
                    models.CharField(
                        default="UTC",
                        max_length=64,
                        validators=[partnerships.models.person.check_timezone],
                        verbose_name="Time zone",
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("zone_before", models.CharField(blank=True, max_length=64)),
                (
                    "theme",
                    models.CharField(
                        choices=[("system", "As the device"), ("light", "Light"), ("dark", "Dark")],
                        default="system",
                        max_length=6,
                        verbose_name="Theme",
                    ),
                ),
                ("shortcuts", models.BooleanField(default=True, verbose_name="Single-key shortcuts")),
                ("working_days", models.CharField(default="12345", max_length=7, verbose_name="Working days")),
                ("quiet_from", models.TimeField(default=datetime.time(20, 0), verbose_name="From")),
                ("quiet_to", models.TimeField(default=datetime.time(8, 0), verbose_name="To")),
                (
                    "calendar_mode",
                    models.CharField(
                        choices=[
                            ("invites", "Invitations by mail"),
                            ("feed", "A private calendar feed"),
                            ("none", "Neither"),
                        ],
                        default="invites",
                        max_length=7,
                        verbose_name="Calendar",
                    ),
                ),
                ("paused_until", models.DateField(blank=True, null=True, verbose_name="No reminders before")),
                ("is_active", models.BooleanField(default=True)),
                ("is_staff", models.BooleanField(default=False, verbose_name="Admin")),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
                ("erased_at", models.DateTimeField(editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of "
                        "their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("email"), name="person_email_ci")
                ],
            },
        ),
        migrations.CreateModel(
            name="Audit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("act", models.CharField(max_length=24)),
                ("by_id", models.UUIDField(null=True)),
                ("about", models.CharField(blank=True, max_length=24)),
                ("about_id", models.UUIDField(null=True)),
                ("partnership_id", models.UUIDField(db_index=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["act"], name="audit_by_act")],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invite", "Calendar invitation"),
                            ("update", "Calendar update"),
                            ("cancel", "Calendar cancellation"),
                            ("prep_open", "A week before a retro: time to write ahead"),
                            ("day_ahead", "The working day before a retro"),
                            ("starting", "Ten minutes before it starts"),
                            ("wrap_up", "The day after, when it is not closed"),
                            ("missed_notice", "A retro did not take place"),
                            ("sitting", "Questions for you both were begun, or wait for you"),
                            ("action_due_soon", "Two days before an action of yours is due"),
                            ("action_due", "The day an action of yours is due"),
                            ("news", "A change of a role, an account or a partnership"),
                            ("expiry", "Something is removed in a month"),
                            ("kind_word", "Somebody left you a kind word"),
                        ],
                        max_length=15,
                    ),
                ),
                ("subject_type", models.CharField(max_length=24)),
                ("subject_id", models.UUIDField()),
                ("for_key", models.CharField(blank=True, max_length=60)),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "By mail"), ("in_app", "In the app")], default="email", max_length=6
                    ),
                ),
                ("send_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("claimed", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("expired", "Too late to send"),
                            ("cancelled", "No longer needed"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("claimed_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("refusals", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=60)),
                ("message_id", models.CharField(max_length=320)),
                ("sent_at", models.DateTimeField(null=True)),
                ("by_server", models.BooleanField(default=False)),
                ("dismissed_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(fields=["status", "send_at"], name="delivery_by_due"),
                    models.Index(fields=["subject_id"], name="delivery_by_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person", "kind", "subject_type", "subject_id", "for_key", "channel"),
                        name="delivery_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seat", models.CharField(choices=[("a", "A"), ("b", "B")], max_length=1)),
                ("role_label", models.CharField(blank=True, max_length=60)),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
                ("left_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="partnerships.partnership",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("partnership", "seat"), name="membership_one_person_a_seat"),
                    models.UniqueConstraint(fields=("partnership", "person"), name="membership_one_seat_a_person"),
                    models.CheckConstraint(condition=models.Q(("seat__in", ["a", "b"])), name="membership_two_seats"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("history", "opened your history"),
                            ("lead_assigned", "made somebody your lead"),
                            ("lead_ended", "took the role of your lead from somebody"),
                            ("schedule", "changed the dates of your retros"),
                            ("reminded", "reminded you two of your next retro"),
                            ("details", "changed the name or the kind of your partnership"),
                            ("archived", "ended your partnership"),
                            ("reopened", "took up your partnership again"),
                        ],
                        max_length=16,
                    ),
                ),
                ("shown", models.PositiveSmallIntegerField(default=0)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "about",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
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
            ],
            options={
                "ordering": ("-at", "-pk"),
                "indexes": [models.Index(fields=["partnership", "at"], name="look_by_partnership")],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(auto_now_add=True)),
                (
                    "assigned_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="leads", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="leads", to="partnerships.partnership"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partnership", "person"), name="lead_once")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("seat", models.CharField(blank=True, choices=[("a", "A"), ("b", "B")], max_length=1)),
                ("role_label", models.CharField(blank=True, max_length=60)),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="Email")),
                ("makes_admin", models.BooleanField(default=False)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "accepted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "partnership",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="partnerships.partnership",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("partnership__isnull", False), ("revoked_at", None)),
                        fields=("partnership", "seat"),
                        name="invitation_one_open_a_seat",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("dream_team", "Dream Team agreement"), ("contract", "Collaboration contract")],
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=120)),
                ("review_on", models.DateField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "partnership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="agreements",
                        to="partnerships.partnership",
                    ),
                ),
            ],
            options={
                "ordering": ("-kind", "created_at"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "dream_team")),
                        fields=("partnership",),
                        name="agreement_one_dream_team",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invite", "Calendar invitation"),
                            ("update", "Calendar update"),
                            ("cancel", "Calendar cancellation"),
                            ("prep_open", "A week before a retro: time to write ahead"),
                            ("day_ahead", "The working day before a retro"),
                            ("starting", "Ten minutes before it starts"),
                            ("wrap_up", "The day after, when it is not closed"),
                            ("missed_notice", "A retro did not take place"),
                            ("sitting", "Questions for you both were begun, or wait for you"),
                            ("action_due_soon", "Two days before an action of yours is due"),
                            ("action_due", "The day an action of yours is due"),
                            ("news", "A change of a role, an account or a partnership"),
                            ("expiry", "Something is removed in a month"),
                            ("kind_word", "Somebody left you a kind word"),
                        ],
                        max_length=15,
                    ),
                ),
                ("channel", models.CharField(choices=[("email", "By mail"), ("in_app", "In the app")], max_length=6)),
                ("wanted", models.BooleanField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "kind", "channel"), name="preference_once")],
            },
        ),
        migrations.CreateModel(
            name="RateCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80)),
                ("window", models.DateTimeField(db_column="window_")),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "window"), name="rate_once_a_window")],
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignInChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                ("addresses", models.JSONField()),
                ("keys", models.JSONField(default=list)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignInLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("known_at", models.DateTimeField(null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StillRight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("line", models.UUIDField(null=True)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partnerships.agreement"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(null=True)),
                ("title", models.CharField(max_length=120)),
                ("reason", partnerships.content.ContentField(blank=True)),
                ("digest", models.CharField(max_length=64)),
                ("line", models.UUIDField(null=True)),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
                ("in_force_at", models.DateTimeField(null=True)),
                ("deferred_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="partnerships.agreement",
                    ),
                ),
                (
                    "answers",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="partnerships.version",
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="partnerships.version",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agreement", "number"), name="version_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("in_force_at", None), ("number", None)),
                            models.Q(("in_force_at__isnull", False), ("number__isnull", False)),
                            _connector="OR",
                        ),
                        name="version_in_force_has_a_number",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signatures",
                        to="partnerships.version",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("version", "person"), name="signature_once")],
            },
        ),
        migrations.CreateModel(
            name="Clause",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("line", models.UUIDField()),
                ("heading", models.CharField(blank=True, max_length=120)),
                ("text", partnerships.content.ContentField()),
                ("review_on", models.DateField(null=True)),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="clauses", to="partnerships.version"
                    ),
                ),
            ],
            options={
                "ordering": ("position",),
                "constraints": [
                    models.UniqueConstraint(fields=("version", "position"), name="clause_one_a_position"),
                    models.UniqueConstraint(fields=("version", "line"), name="clause_one_a_line"),
                ],
            },
        ),
        migrations.RunPython(audit.close, audit.reopen),
    ]
