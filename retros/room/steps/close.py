"""Wrap-up."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property

from partnerships.models import Lead
from retros.agreements.due import DueAgreement, DueAgreements
from retros.models import Note, Session
from retros.models.session import undecided_since
from retros.room.steps.asks import Asks


class Close(Asks):
    """Wrap-up: a kind word, a summary, what was agreed, agreements to look at, the next date."""

    template = "retros/room/_close.html"
    parts = ("tray", "answers", "summary_state", "agreed", "looks", "next_date")

    @property
    def summary(self) -> Note | None:
        return next((n for n in self._notes if n.kind == Note.Kind.SUMMARY), None)

    @cached_property
    def looks(self) -> list[DueAgreement]:
        """The agreements to look at before the two part."""
        if not self.session.is_running or not self.can_write:
            return []
        today = self.now.astimezone(self.person.tz).date()
        return DueAgreements(self.session.partnership, self.person, today).at_wrap_up

    @property
    def is_past(self) -> bool:
        """Whether the day it was closed on is over everywhere: leads see that it took place, and others came since."""
        held = self.session.held_on
        return self.session.is_closed and held is not None and held < undecided_since(self.now)

    @property
    def asks_for_next(self) -> bool:
        """Whether a next date is shown: not after a farewell, nor when the two work together no more."""
        return not (self.session.is_farewell or self.is_past or self.session.partnership.is_archived)

    @cached_property
    def next_planned(self) -> Session | None:
        return Session.objects.upcoming_after(self.session).select_related("rule_version").first()

    @property
    def leads(self) -> list[Lead]:
        """Whom something of a closed retro may be shown to, when both want it."""
        partnership = self.session.partnership
        return list(Lead.objects.of(partnership)) if self.session.is_closed and not partnership.is_archived else []

    @property
    def mail_to_both(self) -> str:
        """Opens a mail of the reader's own to both: which retro, and where to read it (docs/rules/visibility.md V17).

        Empty while it is open, and when the two work together no more.
        """
        if not self.session.is_closed or self.session.partnership.is_archived:
            return ""
        whom = ",".join(quote(side.person.email, safe="@") for side in self.sides)
        words = f"{self.session.title}, {date_format(self.session.day, 'j F Y')}"
        link = f"{settings.BASE_URL}{reverse('session_print', args=[self.session.pk])}"
        return f"mailto:{whom}?subject={quote(words)}&body={quote(link)}"

    @property
    def rhythm_words(self) -> str:
        """The rhythm that the next date belongs to."""
        rule = self.next_planned.rule_version if self.next_planned else None
        return rule.rule.words if rule else ""

    @property
    def next_planned_words(self) -> str:
        start = self.next_planned.start_utc.astimezone(self.person.tz) if self.next_planned else self.now
        return date_format(start, "l j F, H:i")

    @property
    def next_planned_here(self) -> str:
        """Its wall time by the reader's clock, for a field."""
        return f"{self.next_planned.start_utc.astimezone(self.person.tz):%Y-%m-%dT%H:%M}" if self.next_planned else ""

    @property
    def proposed(self) -> list[tuple[str, str]]:
        """(value of a wall time in the session's zone, words by the reader's clock) of the dates the wrap-up offers."""
        dates = self.session.proposed_dates(self.now, self.both_hours)
        here = [d.replace(tzinfo=self.session.zone).astimezone(self.person.tz) for d in dates]
        return [(f"{d:%Y-%m-%dT%H:%M}", date_format(h, "l j F, H:i")) for d, h in zip(dates, here, strict=True)]
