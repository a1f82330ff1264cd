from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from retros import limits


class Bulk(models.Model):
    """What an admin did to the dates of many pairs in one press: `wish` says how, its lines what becomes of each pair.

    Its id is the form's own key, so that pressed twice it is done once. `at` is when it was last worked at.
    """

    class Act(models.TextChoices):
        PLAN = "plan", _("Plan a rhythm")
        MOVE = "move", _("Move by a week")
        RHYTHM = "rhythm", _("Change the rhythm")
        PAUSE = "pause", _("Pause")
        REMIND = "remind", _("Remind them")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    act = models.CharField(max_length=6, choices=Act.choices)
    wish = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    REVERSIBLE: ClassVar = frozenset({Act.PLAN, Act.MOVE, Act.RHYTHM, Act.PAUSE})

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"

    def can_be_undone(self, now: datetime) -> bool:
        fresh = self.act in self.REVERSIBLE and self.undone_at is None and now - self.at < limits.UNDO_BULK_WITHIN
        return fresh and self.lines.exclude(done_at=None).exists()

    def open_lines(self) -> models.QuerySet[BulkLine]:
        """The pairs that it did not come to: it stopped half way, or is at it."""
        if self.undone_at is not None:
            return self.lines.filter(done_at__isnull=False, undone_at=None, left="")
        return self.lines.filter(done_at=None, refused="")


class BulkLine(models.Model):
    """What becomes of one pair: its dates before and after as the preview showed them, or why not.

    `rule` is where a plan puts the pair. `version` is the dates' as they were looked at, then as they were left; `undo`
    is what takes it back: ids and dates, never a word of the two.
    """

    bulk = models.ForeignKey(Bulk, models.CASCADE, related_name="lines")
    partnership = models.ForeignKey("partnerships.Partnership", models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    label = models.CharField(max_length=200)
    before = models.TextField(blank=True)
    after = models.JSONField(default=list)
    remark = models.TextField(blank=True)
    refused = models.TextField(blank=True)
    rule = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    version = models.PositiveIntegerField(null=True)
    undo = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    left = models.TextField(blank=True)  # why it was not taken back

    class Meta:
        ordering = ("label", "title", "partnership")
        constraints = (models.UniqueConstraint(fields=["bulk", "partnership"], name="bulk_line_once"),)

    def __str__(self) -> str:
        return f"{self.title}, {self.label}"

    @property
    def shown(self) -> tuple[str, list[str], str, str]:
        """What a preview says of it."""
        return self.before, self.after, self.remark, self.refused
