"""What an admin sees of people and partnerships, prepared for the templates: frames, never content. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Q, QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.graphemes import cut
from partnerships.header import Place
from partnerships.models import Invitation, Lead, Membership, Partnership, Person
from partnerships.models.partnership import Seat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = TypeVar("Row")

PER_PAGE = 50

PLACES = {
    "schedule": gettext_lazy("Schedule"),
    "admin_partnership_list": gettext_lazy("Partnerships"),
    "person_list": gettext_lazy("People"),
    "mail_list": gettext_lazy("Mail"),
    "audit_list": gettext_lazy("Record"),
}


def admin_menu(place: str) -> dict[str, list[Place]]:
    """The header of every admin page; `place` is the name of the URL that is marked as the current one."""
    return {"menu": [Place(str(label), reverse(name), name == place) for name, label in PLACES.items()]}


class Listing(Generic[Row]):
    """One page of a list that is searched with `q`, narrowed with `state` and turned with `page`."""

    STATES: Mapping[str, Any]

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.words = cut(asked.get("q", "").replace("\x00", "").strip(), 100)
        self.state = asked.get("state", "") if asked.get("state", "") in self.STATES else next(iter(self.STATES))
        self.number = asked.get("page", "1")

    def found(self) -> QuerySet[Any]:
        raise NotImplementedError

    def rows(self, items: list[Any]) -> list[Row]:
        raise NotImplementedError

    @cached_property
    def page(self) -> Page[Any]:
        return Paginator(self.found(), PER_PAGE).get_page(self.number)

    @cached_property
    def listed(self) -> list[Row]:
        return self.rows(list(self.page.object_list))

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """The choices of the filter: key, words, and whether it is the one that is on."""
        return [(key, str(words), key == self.state) for key, words in self.STATES.items()]


# --- people -----------------------------------------------------------------------------------------------------------


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

    @cached_property
    def invited(self) -> list[Invitation]:
        """Unused invitations to an account alone; those to a seat stand at their partnership."""
        found = Invitation.objects.for_accounts().filter(email__icontains=self.words).with_people()
        return list(found.order_by("-created_at")[:PER_PAGE])


class PersonPage:
    """One account as an admin sees it: where it has a seat, where it leads."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @cached_property
    def partnerships(self) -> list[PartnershipRow]:
        return rows_of(Partnership.objects.of(self.person))

    @cached_property
    def leads(self) -> list[PartnershipRow]:
        return rows_of(Partnership.objects.filter(leads__person=self.person))


# --- partnerships -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeatRow:
    """One side: who sits there, or who is invited to."""

    seat: str
    member: Membership | None
    invitation: Invitation | None

    @property
    def name(self) -> str:
        if self.member:
            return self.member.person.full_name
        return self.invitation.email if self.invitation else _("Free seat")

    @property
    def short_name(self) -> str:
        return self.member.person.first_name if self.member else self.name

    @property
    def initials(self) -> str:
        return self.member.person.initials if self.member else "?"


@dataclass(frozen=True)
class PartnershipRow:
    """A partnership's frame: the two, who leads it, whether it goes on."""

    partnership: Partnership
    seats: list[SeatRow]
    leads: list[Lead]

    @property
    def title(self) -> str:
        a, b = (side.short_name for side in self.seats)
        return _("%(a)s and %(b)s") % {"a": a, "b": b}

    @property
    def members(self) -> list[Membership]:
        return [side.member for side in self.seats if side.member]

    @property
    def is_waiting(self) -> bool:
        return len(self.members) < len(Seat)


def rows_of(partnerships: Iterable[Partnership]) -> list[PartnershipRow]:
    """Their frames, in three queries more, however many they are."""
    found = list(partnerships)
    prefetch_related_objects(
        found,
        Prefetch("memberships", Membership.objects.select_related("person").order_by("seat")),
        Prefetch("leads", Lead.objects.select_related("person").order_by("since")),
        Prefetch("invitations", Invitation.objects.unused().order_by("created_at"), to_attr="unused_invitations"),
    )
    return [_row(partnership) for partnership in found]


def _row(partnership: Any) -> PartnershipRow:
    members = {m.seat: m for m in partnership.memberships.all()}
    invited = {i.seat: i for i in partnership.unused_invitations}
    sides = [SeatRow(seat, members.get(seat), None if seat in members else invited.get(seat)) for seat in Seat]
    return PartnershipRow(partnership, sides, list(partnership.leads.all()))


class Partnerships(Listing[PartnershipRow]):
    """Every partnership, by its label."""

    STATES = {
        "on": gettext_lazy("Active"),
        "waiting": gettext_lazy("Seat free"),
        "unled": gettext_lazy("No lead"),
        "ended": gettext_lazy("Ended"),
    }

    def found(self) -> QuerySet[Partnership]:
        partnerships = Partnership.objects.matching(self.words).filter(archived_at__isnull=self.state != "ended")
        if self.state == "waiting":
            partnerships = partnerships.annotate(taken=Count("memberships")).filter(taken__lt=len(Seat))
        if self.state == "unled":
            partnerships = partnerships.filter(leads=None)
        return partnerships.order_by("label", "pk")

    def rows(self, items: list[Any]) -> list[PartnershipRow]:
        return rows_of(items)


def frame_of(partnership: Partnership) -> PartnershipRow:
    return rows_of(Partnership.objects.filter(pk=partnership.pk))[0]
