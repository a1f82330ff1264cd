"""A partnership as one of its two members sees it, and the header around every page of it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships import links
from partnerships.compiled import CompiledQuery
from partnerships.content import isolated
from partnerships.links import Page, url_of
from partnerships.models import Delivery, Lead, Membership, Partnership, Person
from partnerships.models.partnership import Seat

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True)
class MenuPlace:
    """One entry of the header's menu or of its switcher."""

    label: str
    url: str
    current: bool


class CameFrom(StrEnum):
    """The headers that are no pair's. A pair's header says where it is by the id of the partnership."""

    ADMIN = "admin"
    LED = "led"


class Header:
    """The two, which of them looks, and where they can go from here (base.html)."""

    def __init__(self, partnership: Partnership, person: Person, *, place: str = "") -> None:
        self.partnership = partnership
        self.person = person
        self.place = place  # the name of the URL that the menu marks as the current one
        self.now: datetime = timezone.now()
        self.members: list[Membership] = list(partnership.memberships.all())
        self.you = next(m for m in self.members if m.person_id == person.pk)
        self.partner = next((m for m in self.members if m.person_id != person.pk), None)
        self.by_person = {m.person_id: m for m in self.members}

    @property
    def today(self) -> date:
        return self.now.astimezone(self.person.tz).date()

    @property
    def title(self) -> str:
        return both_of(self.partnership)

    @property
    def is_open(self) -> bool:
        """Whether anything may still be written in this partnership."""
        return not self.partnership.is_archived

    @property
    def seat(self) -> str:
        """The viewer's side; the header's avatar takes its colour and shape from it."""
        return self.you.seat

    @property
    def menu(self) -> list[MenuPlace]:
        return [
            MenuPlace(str(each.label), reverse(each.url_name, args=[self.partnership.pk]), each.url_name == self.place)
            for each in links.pair_menu()
        ]

    @property
    def is_led(self) -> bool:
        """Whether somebody leads this partnership: without, no page speaks of a lead."""
        own = [seat for seat in self.seats if seat.partnership_id == self.partnership.pk]
        return any(seat.is_led for seat in own)  # type: ignore[attr-defined]  # annotated

    @property
    def has_notices(self) -> bool:
        """Whether something waits for the viewer on home. There it stands already."""
        return self.has_news and self.place != links.name_of(Page.PAIR)

    @property
    def has_news(self) -> bool:
        """Whether something waits for the viewer, in whichever partnership of theirs."""
        return any(seat.notices for seat in self.seats)  # type: ignore[attr-defined]  # annotated

    @cached_property
    def seats(self) -> Sequence[Membership]:
        """All seats of the viewer's partnerships, and with each what else the header says."""
        return self.partnership.seats_around or seats_of(self.person, self.now)

    @cached_property
    def switcher(self) -> list[MenuPlace]:
        pairs: dict[Partnership, Person | None] = {}
        leads = False
        for seat in self.seats:
            leads = seat.leads  # type: ignore[attr-defined]
            pairs.setdefault(seat.partnership, None)
            if seat.person_id != self.person.pk:
                pairs[seat.partnership] = seat.person
        places = [
            MenuPlace(name_of(pair, partner), url_of(Page.PAIR, pair.pk), pair == self.partnership)
            for pair, partner in pairs.items()
            if not pair.is_archived or pair == self.partnership
        ]
        if leads:
            places.append(MenuPlace(_("Partnerships you lead"), url_of(Page.LED), current=False))
        return places

    @property
    def context(self) -> dict[str, object]:
        """What every page of a partnership needs (base.html)."""
        return {
            "pair": self, "partnership": self.partnership, "menu": self.menu, "switcher": self.switcher,
            "seat": self.seat, "came_from": self.partnership.pk,
        }  # fmt: skip


def seats_of(person: Person, now: datetime) -> list[Membership]:
    """All seats of the person's partnerships, each with its partnership and who sits there; and what a header says:
    whether the person leads somebody (`leads`), the partnership is led (`is_led`), something waits (`notices`).
    """
    return _seats(person, now)


def _seats_of(person: Person, now: datetime) -> QuerySet[Membership]:
    seats = Membership.objects.filter(partnership__in=Partnership.objects.of(person))
    seats = seats.select_related("partnership", "person").order_by("partnership__created_at", "seat")
    return seats.annotate(
        leads=Exists(Partnership.objects.led_by(person)),
        is_led=Exists(Lead.objects.filter(partnership=OuterRef("partnership"))),
        notices=Exists(Delivery.objects.notices_for(person, now)),
    )


_seats = CompiledQuery(_seats_of, Person, datetime)


def admin_menu(place: str = "") -> dict[str, object]:
    """The header of every admin page; `place` is the name of the URL that is marked as the current one."""
    entries = links.admin_menu()
    menu = [MenuPlace(str(entry.label), reverse(entry.url_name), entry.url_name == place) for entry in entries]
    return {"menu": menu, "came_from": CameFrom.ADMIN, "program_version": settings.VERSION}


def lead_menu(place: str = "") -> dict[str, object]:
    """The header of what a lead sees."""
    name = links.name_of(Page.LED)
    return {"menu": [MenuPlace(_("Your partnerships"), reverse(name), place == name)], "came_from": CameFrom.LED}


def both_of(partnership: Partnership) -> str:
    """“Ines and Tom”; while a seat is free, what they work on."""
    people = [m.person.first_name for m in partnership.memberships.all()]
    if len(people) < len(Seat):
        return isolated(partnership.label)
    return _("%(a)s and %(b)s") % {"a": people[0], "b": people[1]}


def roles_of(partnership: Partnership) -> str:
    """“Designer and PM, Checkout”: for those who are not of the pair."""
    roles = [isolated(m.role_label) for m in partnership.memberships.all() if m.role_label]
    if len(roles) < len(Seat):
        return isolated(partnership.label)
    return _("%(a)s and %(b)s, %(label)s") % {"a": roles[0], "b": roles[1], "label": isolated(partnership.label)}


def name_of(partnership: Partnership, partner: Person | None) -> str:
    """“Tom, Checkout”: how the switcher tells one partnership from another."""
    label = isolated(partnership.label)
    return f"{partner.first_name}, {label}" if partner else label
