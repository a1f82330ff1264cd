from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from partnerships.models.partnership import Seat
from retros import limits


class PresenceQuerySet(models.QuerySet["Presence"]):
    def seen(self) -> int:
        """Mark these people as in the room now. One statement for all open streams of a process."""
        return self.update(seen_at=timezone.now())


class Presence(models.Model):
    """A member's place in a session: which seat, seen there when. Not at which step: the partner may know who is in the
    room, and not where anybody reads or writes.

    The rows are made with the session, one per seat, so the two sides of a session stay who they were.
    """

    session = models.ForeignKey("retros.Session", models.CASCADE, related_name="presences")
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    seat = models.CharField(max_length=1, choices=Seat.choices)
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar = PresenceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["session", "seat"], name="presence_one_a_seat"),
            models.UniqueConstraint(fields=["session", "person"], name="presence_one_a_person"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} in {self.session_id}"

    def is_here(self, now: datetime) -> bool:
        return self.seen_at is not None and abs(now - self.seen_at) < limits.AWAY_AFTER
