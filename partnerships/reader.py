"""Who may read of a partnership, and how much: the two all that is theirs, a lead the frame and what was released.

The queries of the pages and their privacy line both come from here, so they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils.translation import gettext as _

from partnerships.models import Lead, Look, Partnership

if TYPE_CHECKING:
    from partnerships.models import Person


@dataclass(frozen=True)
class Reader:
    """One of the two members, or (with `lead`) somebody who leads them."""

    partnership: Partnership
    person: Person
    lead: Lead | None

    @classmethod
    def of(cls, person: Person, partnership_id: UUID) -> Reader | None:
        is_led = Exists(Lead.objects.filter(partnership=OuterRef("pk")))
        own = Partnership.objects.of(person).with_members().annotate(is_led=is_led).filter(pk=partnership_id).first()
        if own is not None:
            return cls(own, person, None)
        lead = Lead.objects.with_pair().filter(person=person, partnership=partnership_id).first()
        if lead is None:
            return None
        lead.person = person
        return cls(lead.partnership, person, lead)

    @property
    def is_member(self) -> bool:
        return self.lead is None

    @property
    def sees(self) -> str:
        """The privacy line of a page that both can open."""
        if self.is_member:
            if self.partnership.is_led:  # type: ignore[attr-defined]  # annotated
                return _("You two see this. A lead sees dates, counts and titles, and what you both chose to show")
            return _("You two see this. Nobody else does")
        return _("You see that they meet, and what both chose to show you; not what they say. They see that you looked")

    @contextmanager
    def opening(self) -> Iterator[Look]:
        """Read and render inside. For a lead, the line that the pair reads is written with it, or nothing is served."""
        if self.lead is None:
            yield Look()
            return
        try:
            with self.lead.opening() as look:
                yield look
        except Lead.DoesNotExist as ended:
            raise Http404 from ended
