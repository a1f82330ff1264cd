"""The partnerships that somebody leads, from facts alone: what met, what did not, what comes next. Reads only.

Nothing here is sorted by how well a pair does, and nothing is a percentage.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.core.paginator import Page, Paginator
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.header import both_of, roles_of
from partnerships.models import Agreement, Lead, Membership, Partnership
from retros.history.timeline import Counts, Rhythm, beats_of, lead_header
from retros.models import Action, Need, Offer, Release, Session

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from partnerships.models import Person


ON_A_PAGE = 50
NEW = timedelta(days=60)
MISSED_IN_A_ROW = 2
STATES: dict[str, StrOrPromise] = {
    "": gettext_lazy("Active"),
    "word": gettext_lazy("Could use a word"),
    "ended": gettext_lazy("Ended"),
}
PERIODS: dict[str, StrOrPromise] = {
    "12": gettext_lazy("Last 12 months"),
    "6": gettext_lazy("Last 6 months"),
    "3": gettext_lazy("Last 3 months"),
}


@dataclass(frozen=True)
class Word:
    """Why a pair could use a word from its lead. Facts, in a sentence each."""

    why: str
    press: str = ""  # what the lead can do about it: times, exercise, need


@dataclass(frozen=True)
class Released:
    """How much the two of a pair show their lead, and the title of what they showed last."""

    count: int = 0
    latest: str = ""

    @property
    def words(self) -> str:
        if not self.count:
            return _("Nothing yet")
        return ngettext("%(n)d thing", "%(n)d things", self.count) % {"n": self.count}


@dataclass(frozen=True)
class LeadOverviewRow:
    partnership: Partnership
    members: list[Membership]
    rhythm: Rhythm
    counts: Counts
    released: Released
    next: str
    words: list[Word]
    waits: frozenset[str]  # kinds of offers that wait for the pair

    @property
    def names(self) -> str:
        return both_of(self.partnership)

    @property
    def roles(self) -> str:
        return roles_of(self.partnership)


class LeadOverview:
    """Everything that a lead's own page shows; the filters come from the address."""

    def __init__(
        self, person: Person, *, state: str = "", kind: str = "", label: str = "", period: str = "", page: str = "1"
    ) -> None:
        self.person = person
        self.now: datetime = timezone.now()
        self.today = self.now.astimezone(person.tz).date()
        self.state = state if state in STATES else ""
        self.kind = kind if kind in Partnership.Kind.values else ""
        self.label = label.strip()
        self.period = period if period in PERIODS else "12"
        self._page = page
        self.states, self.periods, self.all_kinds = STATES.items(), PERIODS.items(), Partnership.Kind.choices

    @property
    def context(self) -> dict[str, object]:
        return {"led": self, **lead_header(current=True)}

    @property
    def filters(self) -> str:
        """What was asked for, for the address of another page of the list."""
        asked = {"label": self.label, "state": self.state, "kind": self.kind, "period": self.period}
        return urlencode(asked, quote_via=quote)

    @property
    def sees(self) -> str:
        return _("You see that they meet, not what they say. What a pair chose to show you stands in its history")

    @property
    def heading(self) -> str:
        count = len(self._active)
        words = ngettext("%(n)d pair.", "%(n)d pairs.", count) % {"n": count}
        if not self.could_use_a_word:
            return words
        some = len(self.could_use_a_word)
        return f"{words} " + ngettext(
            "%(n)d could use a word from you.", "%(n)d could use a word from you.", some
        ) % {"n": some}  # fmt: skip

    # --- which ------------------------------------------------------------------------------------------------------

    @cached_property
    def _all(self) -> list[Partnership]:
        return list(Partnership.objects.led_by(self.person).with_members().order_by("label", "pk"))

    @property
    def is_empty(self) -> bool:
        return not self._all

    @property
    def _active(self) -> list[Partnership]:
        return [p for p in self._all if not p.is_archived]

    @property
    def _wanted(self) -> list[Partnership]:
        chosen = [p for p in self._all if p.is_archived] if self.state == "ended" else self._active
        if self.state == "word":
            chosen = [p for p in chosen if self._words(p)]
        if self.kind:
            chosen = [p for p in chosen if p.kind == self.kind]
        asked = self.label.casefold()
        return [p for p in chosen if asked in self._searched(p)] if asked else chosen

    def _searched(self, partnership: Partnership) -> str:
        people = (m.person.full_name for m in partnership.memberships.all())
        return " ".join([partnership.label, *people]).casefold()

    @cached_property
    def page(self) -> Page[Partnership]:
        return Paginator(self._wanted, ON_A_PAGE).get_page(self._page)

    @cached_property
    def rows(self) -> list[LeadOverviewRow]:
        return [self._row(partnership) for partnership in self.page.object_list]

    @cached_property
    def could_use_a_word(self) -> list[LeadOverviewRow]:
        return [self._row(partnership) for partnership in self._active if self._words(partnership)]

    @property
    def before(self) -> int:
        return self.page.previous_page_number() if self.page.has_previous() else 0

    @property
    def after(self) -> int:
        return self.page.next_page_number() if self.page.has_next() else 0

    # --- the facts --------------------------------------------------------------------------------------------------

    def _row(self, partnership: Partnership) -> LeadOverviewRow:
        pk = partnership.pk
        sessions = [s for s in self._sessions.get(pk, []) if self._since <= s.day <= self.today]
        return LeadOverviewRow(
            partnership,
            list(partnership.memberships.all()),
            Rhythm.of(sessions, self.today),
            Counts.of(self._actions.get(pk, Counter())),
            self._released.get(pk, Released()),
            self._next(partnership),
            self._words(partnership),
            frozenset(self._offers.get(pk, ())),
        )

    @property
    def _since(self) -> date:
        return self.today - relativedelta(months=int(self.period))

    @cached_property
    def _sessions(self) -> dict[UUID, list[Session]]:
        """The retros of the longest period and the planned ones, the earliest first."""
        earliest = datetime.combine(self.today - timedelta(days=731), time.min, UTC)
        found: dict[UUID, list[Session]] = {}
        sessions = (
            Session.objects.known_outside(self.now)
            .filter(partnership__in=[p.pk for p in self._all], kind=Session.Kind.RETRO, start_utc__gte=earliest)
            .exclude(status=Session.Status.CANCELLED)
        )
        shown = (
            "partnership",
            "status",
            "start_utc",
            "start_local",
            "timezone",
            "moved",
            "excused",
            "held_on",
            "slot_date",
        )
        for session in sessions.only(*shown).order_by("start_utc"):
            found.setdefault(session.partnership_id, []).append(session.seen_outside())
        return found

    def _next(self, partnership: Partnership) -> str:
        planned = [s for s in self._sessions.get(partnership.pk, []) if s.is_open]
        if not planned:
            return ""
        starts = planned[0].start_utc.astimezone(self.person.tz)
        return date_format(starts, "D j M" if starts.year == self.today.year else "j M Y")

    @cached_property
    def _actions(self) -> dict[UUID, Counter[str]]:
        rows = Action.objects.filter(partnership__in=[p.pk for p in self._all], deleted_at=None).order_by()
        found: dict[UUID, Counter[str]] = {}
        for partnership, closed_as in rows.values_list("partnership", "closed_as"):
            found.setdefault(partnership, Counter())[closed_as] += 1
        return found

    @cached_property
    def _released(self) -> dict[UUID, Released]:
        shown = Release.objects.shown().filter(lead__person=self.person).order_by("confirmed_at")
        found: dict[UUID, Released] = {}
        for partnership, title in shown.values_list("lead__partnership", "title"):
            found[partnership] = Released(found.get(partnership, Released()).count + 1, title)
        return found

    @cached_property
    def _with_dream_team(self) -> set[UUID]:
        rows = Agreement.objects.filter(
            partnership__in=[p.pk for p in self._all], kind=Agreement.Kind.DREAM_TEAM, versions__number__isnull=False
        )
        return set(rows.order_by().values_list("partnership", flat=True))

    @cached_property
    def _asked(self) -> set[UUID]:
        """Where a need that both released waits for an answer."""
        needs = Need.objects.asked_of(self.person).filter(answered_at=None).order_by()
        return set(needs.values_list("partnership", flat=True))

    @cached_property
    def _offers(self) -> dict[UUID, list[str]]:
        found: dict[UUID, list[str]] = {}
        offers = Offer.objects.open().filter(lead__in=Lead.objects.filter(person=self.person)).order_by()
        for partnership, kind in offers.values_list("lead__partnership", "kind"):
            found.setdefault(partnership, []).append(kind)
        return found

    def _words(self, partnership: Partnership) -> list[Word]:
        words = []
        if partnership.pk in self._asked:
            words.append(Word(_("They wrote what they need from you."), "need"))
        if self._missed_twice(partnership):
            words.append(Word(_("Two retros in a row didn’t happen. None is planned."), "times"))
        if partnership.since > self.today - NEW and partnership.pk not in self._with_dream_team:
            why = _("New together since %(day)s. The Dream Team exercise is the usual start.")
            words.append(Word(why % {"day": date_format(partnership.since, "j F")}, "exercise"))
        return words

    def _missed_twice(self, partnership: Partnership) -> bool:
        sessions = self._sessions.get(partnership.pk, [])
        if any(s.is_open for s in sessions):
            return False
        return beats_of(sessions)[-MISSED_IN_A_ROW:] == ["miss"] * MISSED_IN_A_ROW
