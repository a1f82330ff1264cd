"""The page of one's own jots."""

from __future__ import annotations

from django.utils.functional import cached_property

from partnerships.models import Partnership, Person
from retros.models import Draft, Jot
from retros.pair import Pair


def open_pairs(person: Person) -> list[Pair]:
    """The person's partnerships in which something can still be kept, by when they began."""
    partnerships = Partnership.objects.of(person).active().with_members().order_by("created_at")
    return [Pair(partnership, person) for partnership in partnerships]


class Jots(Pair):
    """Those of one person for one partnership, and the box for another one."""

    @property
    def draft_key(self) -> str:
        return Draft.Box.JOT.key(self.partnership.pk)

    @cached_property
    def jots(self) -> list[Jot]:
        return list(Jot.objects.kept(self.person).filter(partnership=self.partnership))
