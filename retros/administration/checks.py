"""What in the schedule is worth a look."""

from __future__ import annotations

from functools import cached_property

from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.formats import date_format

from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.models import Partnership, Person
from partnerships.models.partnership import Seat
from retros.administration.clashes import clashes, retros
from retros.administration.schedule import NEW_FOR
from retros.administration.settled import KeptByAll, kept_by_all


class Checks:
    """Clashes, pairs that never had a date though they are here for a while, and what all kept."""

    def __init__(self, reader: Person) -> None:
        self.reader, self.now = reader, timezone.now()

    @cached_property
    def clashes(self) -> list[tuple[Person, list[str]]]:
        """Who would have to sit in two retros at once, and when, in their own time."""
        found = clashes(self.now)
        people = Person.objects.filter(pk__in=found, is_active=True).order_by("name", "email")
        return [
            (p, [date_format(late.start.astimezone(p.tz), "D j F, H:i") for _early, late in found[p.pk]])
            for p in people
        ]

    @cached_property
    def by_all(self) -> KeptByAll:
        return kept_by_all(self.now, self.now.astimezone(self.reader.tz).date())

    @cached_property
    def never_planned(self) -> list[PartnershipRow]:
        full = Partnership.objects.active().annotate(taken=Count("memberships")).filter(taken=len(Seat))
        planned = retros().known_outside(self.now).filter(partnership=OuterRef("pk"))
        none = full.filter(~Exists(planned), created_at__lt=self.now - NEW_FOR)
        return rows_of(none.order_by("created_at")[:50])
