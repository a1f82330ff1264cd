from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.models import Partnership

if TYPE_CHECKING:
    from partnerships.models import Person
    from retros.models.session import Session

WARNING = timedelta(days=30)  # between the mail and the removal, however late the mail was


class ExpiryQuerySet(models.QuerySet["Expiry"]):
    def waiting(self) -> ExpiryQuerySet:
        return self.filter(removed_at=None)

    def told_to(self, person: Person) -> ExpiryQuerySet:
        """What this person was told of, because it was theirs to read."""
        return self.filter(told=person)

    def removed_on(self, person: Person, **what: object) -> str:
        """The day on which it went, by this person's calendar; empty while it is there, and when it was not theirs."""
        removed = self.told_to(person).filter(**what).values_list("removed_at", flat=True).first()
        return date_format(removed.astimezone(person.tz), "j F Y") if removed else ""


class Expiry(models.Model):
    """What is removed because the time it is kept is over: who was told, when, and when it happened.

    With a session: what was written in it. Without: what an ended partnership agreed on. `told`: those of the two who
    could read some of it. Whoever could not must not learn that there was anything.
    """

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    session = models.ForeignKey("retros.Session", models.CASCADE, null=True, related_name="+")
    told = models.ManyToManyField("partnerships.Person", related_name="+")
    warned_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects: ClassVar = ExpiryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "expiries"
        constraints = (
            models.UniqueConstraint(fields=["session"], name="expiry_once_a_session"),
            models.UniqueConstraint(
                fields=["partnership"], condition=models.Q(session=None), name="expiry_once_a_partnership"
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_id or self.partnership_id}"

    @property
    def key(self) -> str:
        """What is warned of at the same moment is warned of once."""
        return self.warned_at.astimezone(UTC).isoformat()


def gone(session: Session, person: Person) -> str:
    """What its page says, once the words of a session were removed; nothing as long as they are there."""
    if session.is_open:
        return ""
    words = {"day": Expiry.objects.removed_on(person, session=session.pk)}
    if not words["day"]:
        return ""
    if session.status == session.Status.HELD:
        return _(
            "The cards, answers and notes of this retro were kept as long as everything here is, and removed on "
            "%(day)s. That you met stays."
        ) % words  # fmt: skip
    return _("What was written for this retro was kept as long as everything here is, and removed on %(day)s.") % words
