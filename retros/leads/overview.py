"""The partnerships that somebody leads, from facts alone: what met, what did not, what comes next. Reads only.

Nothing here is sorted by how well a pair does, and nothing is a percentage.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Window, prefetch_related_objects
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.compiled import CompiledQuery
from partnerships.content import search_words
from partnerships.header import both_of, lead_menu, roles_of
from partnerships.models import Agreement, Membership, Partnership, Person
from partnerships.models.partnership import who_sits_where
from retros.history.timeline import Counts, Rhythm
from retros.models import Action, Need, Offer, Release, Session
from retros.models.session import undecided_since, within

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from partnerships.models.partnership import PartnershipQuerySet
    from retros.models.session import SessionQuerySet


ON_A_PAGE = 50
FIRST = 6  # of those that could use a word, above the list
NEW = timedelta(days=60)
TWO_YEARS = timedelta(days=731)  # within which a retro counts for the two that did not happen
NEEDS_A_WORD = Q(waits=True) | Q(missed_twice=True) | Q(is_new=True)
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
class WordNeeded:
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
    waits: frozenset[str]  # kinds of offers that wait for the pair
    overview: LeadOverview

    @property
    def words(self) -> list[WordNeeded]:
        return self.overview.words_of(self.partnership)

    @property
    def names(self) -> str:
        return both_of(self.partnership)

    @property
    def roles(self) -> str:
        return roles_of(self.partnership)


def _retros(since: datetime) -> SessionQuerySet:
    found: SessionQuerySet = Session.objects.filter(kind=Session.Kind.RETRO, start_utc__gte=since)
    return found


def _with_facts(
    partnerships: PartnershipQuerySet, lead: Person, undecided: date, since: datetime, new_since: date
) -> PartnershipQuerySet:
    """With what a word is needed for: `waits` for an answer, `missed_twice`, `is_new` without the exercise.

    Who asked, and who has a date, are sets that are found once, not questions for each pair. `undecided`: see
    `undecided_since`; `since`: the beginning of the retros that count; `new_since`: of a pair that is new.
    """
    asked = Need.objects.asked_of(lead).filter(answered_at=None)
    coming = _retros(since).coming_outside(within(undecided)).order_by()
    over = _retros(since).over_outside(within(undecided)).filter(partnership=OuterRef("pk")).values("status")
    missed = (Session.Status.MISSED, Session.Status.SKIPPED)
    agreed = Agreement.objects.filter(
        partnership=OuterRef("pk"), kind=Agreement.Kind.DREAM_TEAM, versions__number__isnull=False
    )
    last_two = partnerships.alias(last=Subquery(over[:1]), before=Subquery(over[1:2]))
    return last_two.annotate(
        waits=Q(pk__in=asked.values("partnership")),
        missed_twice=~Q(pk__in=coming.values("partnership")) & Q(last__in=missed) & Q(before__in=missed),
        is_new=Q(since__gt=new_since) & Q(~Exists(agreed)),
    )


def _first_with_word(lead: Person, undecided: date, since: datetime, new_since: date) -> PartnershipQuerySet:
    """The first few, each with the `count` of all of them."""
    led = Partnership.objects.led_by(lead).active()
    found = _with_facts(led, lead, undecided, since, new_since).filter(NEEDS_A_WORD)
    return found.annotate(count=Window(Count("pk"))).order_by("label", "pk")[:FIRST]


_first: CompiledQuery[Any] = CompiledQuery(_first_with_word, Person, date, datetime, date)


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
        self.label = search_words(label)
        self.period = period if period in PERIODS else "12"
        self._page = page
        earliest = datetime.combine(self.today - TWO_YEARS, time.min, UTC)
        self._times = undecided_since(self.now), earliest, self.today - NEW
        self.states, self.periods, self.all_kinds = STATES.items(), PERIODS.items(), Partnership.Kind.choices

    @property
    def context(self) -> dict[str, object]:
        return {"led": self, **lead_menu("lead_list")}

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
        words = ngettext("%(n)d pair.", "%(n)d pairs.", self._count_active) % {"n": self._count_active}
        if not self.count_with_word:
            return words
        return f"{words} " + ngettext(
            "%(n)d could use a word from you.", "%(n)d could use a word from you.", self.count_with_word
        ) % {"n": self.count_with_word}  # fmt: skip

    # --- which ------------------------------------------------------------------------------------------------------

    @property
    def _led(self) -> PartnershipQuerySet:
        found: PartnershipQuerySet = Partnership.objects.led_by(self.person)
        return found

    @cached_property
    def _count_active(self) -> int:
        return self._led.active().count()

    @cached_property
    def is_empty(self) -> bool:
        return not self._led.exists()

    @property
    def _with_word(self) -> PartnershipQuerySet:
        return _with_facts(self._led.active(), self.person, *self._times).filter(NEEDS_A_WORD)

    @property
    def count_with_word(self) -> int:
        return self._first_with_word[0].count if self._first_with_word else 0

    @property
    def _wanted(self) -> PartnershipQuerySet:
        if self.state == "word":
            chosen = self._with_word
        else:
            chosen = self._led.filter(archived_at__isnull=self.state != "ended")
        if self.kind:
            chosen = chosen.filter(kind=self.kind)
        return chosen.matching(self.label, by_address=False).order_by("label", "pk")

    @cached_property
    def page(self) -> Page[Partnership]:
        paginator = Paginator(self._wanted.prefetch_related(who_sits_where(names_only=True)), ON_A_PAGE)
        if not (self.kind or self.label) and self.state != "ended":
            paginator.count = self.count_with_word if self.state == "word" else self._count_active
        return paginator.get_page(self._page)

    @cached_property
    def rows(self) -> list[LeadOverviewRow]:
        return [self._row(partnership) for partnership in self.page.object_list]

    @cached_property
    def could_use_a_word(self) -> list[LeadOverviewRow]:
        """The first few of them."""
        return [self._row(partnership) for partnership in self._first_with_word]

    @cached_property
    def _first_with_word(self) -> list[Any]:
        found = _first(self.person, *self._times)
        prefetch_related_objects(found, who_sits_where(names_only=True))
        return found

    @property
    def before(self) -> int:
        return self.page.previous_page_number() if self.page.has_previous() else 0

    @property
    def after(self) -> int:
        return self.page.next_page_number() if self.page.has_next() else 0

    # --- the facts of those that are shown --------------------------------------------------------------------------

    @cached_property
    def _shown(self) -> set[UUID]:
        return {p.pk for p in [*self.page.object_list, *self._first_with_word]}

    def _row(self, partnership: Partnership) -> LeadOverviewRow:
        pk = partnership.pk
        sessions = [s for s in self._by_partnership.get(pk, []) if self._since <= s.day <= self.today]
        return LeadOverviewRow(
            partnership,
            list(partnership.memberships.all()),
            Rhythm.of(sessions, self.today),
            Counts.of(self._actions.get(pk, Counter())),
            self._released.get(pk, Released()),
            self._next(partnership),
            frozenset(self._offers.get(pk, ())),
            self,
        )

    @cached_property
    def _since(self) -> date:
        return self.today - relativedelta(months=int(self.period))

    @cached_property
    def _by_partnership(self) -> dict[UUID, list[Session]]:
        """The earliest first."""
        found: dict[UUID, list[Session]] = {}
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
        # Of a day since then, or planned: as `Session.day` has it, by a clock that may be a day ahead.
        since = datetime.combine(self._since, time.min, UTC) - timedelta(days=1)
        _undecided, earliest, _new = self._times
        known = _retros(earliest).known_outside(self.now).filter(partnership__in=self._shown)
        known = known.filter(Q(start_utc__gte=since) | Q(held_on__gte=self._since))
        for session in known.exclude(status=Session.Status.CANCELLED).only(*shown).order_by("start_utc"):
            found.setdefault(session.partnership_id, []).append(session.seen_outside())
        return found

    def _next(self, partnership: Partnership) -> str:
        """Still to come: a date that has gone by is none of them."""
        planned = [s for s in self._by_partnership.get(partnership.pk, []) if s.is_open and s.day >= self.today]
        if not planned:
            return ""
        starts = planned[0].start_utc.astimezone(self.person.tz)
        return date_format(starts, "D j M" if starts.year == self.today.year else "j M Y")

    @cached_property
    def _actions(self) -> dict[UUID, Counter[str]]:
        states: dict[UUID, Counter[str]] = Action.objects.filter(
            partnership__in=self._shown, deleted_at=None
        ).states_of_each()
        return states

    @cached_property
    def _released(self) -> dict[UUID, Released]:
        shown = Release.objects.shown().filter(lead__person=self.person, lead__partnership__in=self._shown)
        found: dict[UUID, Released] = {}
        for partnership, title in shown.order_by("confirmed_at").values_list("lead__partnership", "title"):
            found[partnership] = Released(found.get(partnership, Released()).count + 1, title)
        return found

    @cached_property
    def _offers(self) -> dict[UUID, list[str]]:
        found: dict[UUID, list[str]] = {}
        offers = Offer.objects.open().filter(lead__person=self.person, lead__partnership__in=self._shown).order_by()
        for partnership, kind in offers.values_list("lead__partnership", "kind"):
            found.setdefault(partnership, []).append(kind)
        return found

    def words_of(self, partnership: Partnership) -> list[WordNeeded]:
        pk = partnership.pk
        facts = self._facts_of_first[pk] if pk in self._facts_of_first else self._facts_on_page[pk]
        words = []
        if facts.waits:
            words.append(WordNeeded(_("They wrote what they need from you."), "need"))
        if facts.missed_twice:
            words.append(WordNeeded(_("Two retros in a row didn’t happen. None is planned."), "times"))
        if facts.is_new:
            why = _("New together since %(day)s. The Dream Team exercise is the usual start.")
            words.append(WordNeeded(why % {"day": date_format(partnership.since, "j F")}, "exercise"))
        return words

    @cached_property
    def _facts_of_first(self) -> dict[UUID, Any]:
        return {p.pk: p for p in self._first_with_word}

    @cached_property
    def _facts_on_page(self) -> dict[UUID, Any]:
        shown = self._led.filter(pk__in=[p.pk for p in self.page.object_list])
        return {p.pk: p for p in _with_facts(shown, self.person, *self._times)}
