"""What an admin sees of people and partnerships, prepared for the templates: frames, never content. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import PER_PAGE, Listing
from partnerships.administration.partnerships import PartnershipRow, rows_of
from partnerships.models import Invitation, Partnership, Person, second_factor
from partnerships.seen import version_of


@dataclass(frozen=True)
class PersonRow:
    person: Person
    partnerships: int


class People(Listing[PersonRow]):
    """Every account, and who is invited to one."""

    STATES = {
        "on": gettext_lazy("Active"),
        "admin": gettext_lazy("Admins"),
        "off": gettext_lazy("Switched off"),
    }

    def found(self) -> QuerySet[Person]:
        people = Person.objects.matching(self.words).filter(is_active=self.state != "off")
        if self.state == "admin":
            people = people.filter(is_staff=True)
        active = Count("memberships", filter=Q(memberships__partnership__archived_at=None))
        return people.annotate(partnerships=active).order_by("name", "email")

    def rows(self, items: list[Any]) -> list[PersonRow]:
        return [PersonRow(person, person.partnerships) for person in items]

    @property
    def is_factor_advised(self) -> bool:
        """The operator asks nobody for a second factor, not even admins."""
        return bool(settings.SECOND_FACTOR == second_factor.NONE)

    @cached_property
    def invited(self) -> list[Invitation]:
        """Unused invitations to an account alone; those to a seat stand at their partnership."""
        found = Invitation.objects.for_accounts().filter(email__icontains=self.words).with_people()
        return list(found.order_by("-created_at")[:PER_PAGE])


class PersonPage:
    """One account as an admin sees it: where it has a seat, where it leads."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @property
    def role_version(self) -> int:
        return version_of([self.person.role_label])

    @cached_property
    def has_second_factor(self) -> bool:
        return second_factor.is_set_up(self.person)

    @cached_property
    def partnerships(self) -> list[PartnershipRow]:
        return rows_of(Partnership.objects.of(self.person))

    @cached_property
    def leads(self) -> list[PartnershipRow]:
        """The first of them, by label."""
        return rows_of(Partnership.objects.led_by(self.person).order_by("label", "pk")[:PER_PAGE])

    @cached_property
    def lead_count(self) -> int:
        return Partnership.objects.led_by(self.person).count()
