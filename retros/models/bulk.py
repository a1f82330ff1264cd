from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

UNDO_WITHIN = timedelta(minutes=10)


class Bulk(models.Model):
    """What an admin did to the dates of many pairs in one press.

    Its id is the form's own key, so that pressed twice it is done once. `lines` says for each pair what was done and
    what takes it back: ids and dates, never a word of the two.
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
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    lines = models.JSONField(default=list)

    REVERSIBLE: ClassVar = frozenset({Act.PLAN, Act.MOVE, Act.RHYTHM, Act.PAUSE})

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"

    def can_be_undone(self, now: datetime) -> bool:
        done = any(not line["refused"] for line in self.lines)
        return done and self.act in self.REVERSIBLE and self.undone_at is None and now - self.at < UNDO_WITHIN
