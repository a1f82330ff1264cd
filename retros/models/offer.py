from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.models import Lead
from partnerships.refusals import Invalid, Refusal
from retros.catalogue import Template
from retros.models.need import check_leads, leading
from retros.models.session import Session
from retros.models.template import catalogue
from retros.recurrence.wall_time import to_utc, wall_to_utc

if TYPE_CHECKING:
    from partnerships.models import Person

TIMES = 3


class OfferQuerySet(models.QuerySet["Offer"]):
    def open(self) -> OfferQuerySet:
        return self.filter(state=Offer.State.OPEN)

    def visible_to(self, person: Person) -> OfferQuerySet:
        """The two members."""
        return self.filter(lead__partnership__memberships__person=person)


class Offer(models.Model):
    """Something that a lead offers to a pair, in the app's words: three times for a retro, or a built-in exercise.

    Both see it, either takes it up or declines it; there is no reason, and the lead is not told who.
    """

    class Kind(models.TextChoices):
        TIMES = "times"
        EXERCISE = "exercise"

    class State(models.TextChoices):
        OPEN = "open"
        TAKEN = "taken"
        DECLINED = "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    starts = models.JSONField(default=list)  # naive wall times in `timezone`, ISO
    timezone = models.CharField(max_length=64, default="UTC")
    template_key = models.CharField(max_length=60, blank=True)  # of the exercise; before 0010 the Dream Team one
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="+")  # what came of it

    objects: ClassVar = OfferQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["lead", "kind"], condition=models.Q(state="open"), name="offer_one_open_of_a_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} by {self.lead_id}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def wall_times(self) -> list[datetime]:
        return [datetime.fromisoformat(start) for start in self.starts]

    @property
    def instants(self) -> list[datetime]:
        return [to_utc(start, self.timezone) for start in self.wall_times]

    @property
    def exercise(self) -> Template:
        """Which exercise is suggested."""
        return catalogue([self.template_key]).template_for(
            Session.Kind.DREAM_TEAM, self.lead.partnership.kind, self.template_key
        )

    @classmethod
    def make(
        cls, lead: Lead, *, by: Person, kind: str, starts: Sequence[datetime] = (), zone: str = "UTC",
        template: str = "",
    ) -> Offer:  # fmt: skip
        """Offer three times (naive wall times in `zone`), or an exercise: without a template, the Dream Team one.

        One of a kind waits at a time; the same press twice is one offer. Raises Invalid for times that are not three
        different ones ahead and for an exercise that is not for this pair, Refusal when another offer waits.
        """
        if template and template not in {exercise.key for exercise in catalogue().exercises(lead.partnership.kind)}:
            raise Invalid(_("Choose one of the exercises."))
        if kind == cls.Kind.TIMES and (
            len(set(starts)) != TIMES or any(wall_to_utc(start, zone) <= timezone.now() for start in starts)
        ):
            raise Invalid(_("Offer three different times that are still to come."))
        told = [f"{start:%Y-%m-%dT%H:%M}" for start in sorted(starts)]
        with leading(lead, by):
            if waiting := cls.objects.open().filter(lead=lead, kind=kind).first():
                if (waiting.starts, waiting.timezone, waiting.template_key) == (told, zone, template):
                    return waiting
                raise Refusal(_("Your last offer still waits for the two."))
            return cls.objects.create(lead=lead, kind=kind, starts=told, timezone=zone, template_key=template)

    def decline(self, *, by: Person) -> None:
        """Raises Refusal once it was taken up."""
        with self.lead.partnership.writing(by):
            check_leads(self.lead)
            self.refresh_from_db(fields=["state", "session"])
            if self.state == self.State.TAKEN:
                raise Refusal(_("One of you took this up in between."))
            if self.is_open:
                self.settle(self.State.DECLINED)

    def check_open(self) -> None:
        if not self.is_open:
            raise Refusal(_("One of you declined this in between."))

    def settle(self, state: str) -> None:
        self.state, self.settled_at = state, timezone.now()
        self.save(update_fields=["state", "settled_at", "session"])
