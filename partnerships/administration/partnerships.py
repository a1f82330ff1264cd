"""Partnerships as an admin sees them: the frame and who leads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch, QuerySet, prefetch_related_objects
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.models import Invitation, Lead, Membership, Partnership, Person
from partnerships.models.partnership import NAME, Seat, who_sits_where

if TYPE_CHECKING:
    from collections.abc import Iterable


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
    def role(self) -> str:
        return (self.member or self.invitation or Membership()).role_label

    @property
    def initials(self) -> str:
        return self.member.person.initials if self.member else "?"


@dataclass(frozen=True)
class PartnershipRow:
    """A partnership's frame: the two, who leads it, whether it goes on."""

    partnership: Partnership
    seats: list[SeatRow]

    @cached_property
    def title(self) -> str:
        a, b = (side.short_name for side in self.seats)
        return _("%(a)s and %(b)s") % {"a": a, "b": b}

    @property
    def name(self) -> str:
        """“Checkout (Ines and Tom)”: nobody can mistake it for another pair of the same two."""
        return _("%(label)s (%(title)s)") % {"label": self.partnership.label, "title": self.title}

    @property
    def people(self) -> list[Person]:
        return [member.person for member in self.members]

    @property
    def members(self) -> list[Membership]:
        return [side.member for side in self.seats if side.member]

    @property
    def is_waiting(self) -> bool:
        return len(self.members) < len(Seat)

    @property
    def leads(self) -> list[Lead]:
        """Who leads it, where it was asked for."""
        return list(self.partnership.leads.all())


def rows_of(
    partnerships: Iterable[Partnership], *, names_only: bool = False, leads: bool = False
) -> list[PartnershipRow]:
    """Their frames, in two queries more, however many they are, and one more for who leads them. `names_only`: all that
    a long list shows of the people.
    """
    found = list(partnerships)
    leading = Lead.objects.select_related("person").order_by("since")
    if names_only:
        leading = leading.only("partnership", "since", *NAME)
    wanted = [
        who_sits_where(names_only=names_only),
        Prefetch("invitations", Invitation.objects.unused().order_by("created_at"), to_attr="unused_invitations"),
    ]
    prefetch_related_objects(found, *wanted, *([Prefetch("leads", leading)] if leads else []))
    return [_row(partnership) for partnership in found]


def _row(partnership: Any) -> PartnershipRow:
    members = {m.seat: m for m in partnership.memberships.all()}
    invited = {i.seat: i for i in partnership.unused_invitations}
    sides = [SeatRow(seat, members.get(seat), None if seat in members else invited.get(seat)) for seat in Seat]
    return PartnershipRow(partnership, sides)


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
        return rows_of(items, names_only=True, leads=True)


def frame_of(partnership: Partnership) -> PartnershipRow:
    return rows_of(Partnership.objects.filter(pk=partnership.pk), leads=True)[0]
