from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from partnerships.models.person import Person


class LookQuerySet(models.QuerySet["Look"]):
    def of(self, person: Person) -> LookQuerySet:
        """The two members (docs/rules/visibility.md V9)."""
        return self.filter(partnership__memberships__person=person)


class Look(models.Model):
    """One line that the pair reads: a lead opened something of theirs, or an admin did something to the partnership.

    Only `Lead.opening` and the verbs of admins write them, in the transaction of what they tell of.
    """

    class What(models.TextChoices):
        HISTORY = "history", _("opened your history")
        LEAD_ASSIGNED = "lead_assigned", _("made somebody your lead")
        LEAD_ENDED = "lead_ended", _("took the role of your lead from somebody")
        SCHEDULE = "schedule", _("changed the dates of your retros")
        REMINDED = "reminded", _("reminded you two of your next retro")
        DETAILS = "details", _("changed the name or the kind of your partnership")
        ARCHIVED = "archived", _("ended your partnership")
        REOPENED = "reopened", _("took up your partnership again")

    partnership = models.ForeignKey("partnerships.Partnership", models.CASCADE, related_name="+")
    person = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    what = models.CharField(max_length=16, choices=What.choices)
    about = models.ForeignKey("partnerships.Person", models.SET_NULL, null=True, related_name="+")  # whom it concerns
    shown = models.PositiveSmallIntegerField(default=0)  # how many released things stood on the page
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = LookQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=["partnership", "at"], name="look_by_partnership"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.what}"
