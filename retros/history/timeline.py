"""The history of a partnership, a year at a time: one timeline, two readers.

The two read all that is theirs. A lead reads the frame and what both released, in the same places
(docs/rules/visibility.md V8).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.content import isolated
from partnerships.header import Header, MenuPlace, both_of, lead_menu, roles_of
from partnerships.models import Membership, Version
from retros.history.trend import Trend, trends
from retros.models import Action, Need, Note, Offer, Pause, Release, Session
from retros.models.action import count_states, lines_of
from retros.pair import all_actions
from retros.recurrence.adherence import Kept, kept, was_due

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from partnerships.reader import Reader


KINDS: dict[str, StrOrPromise] = {
    "": gettext_lazy("Everything"),
    "retros": gettext_lazy("Retros"),
    "agreements": gettext_lazy("Agreements"),
    "actions": gettext_lazy("Actions"),
    "released": gettext_lazy("Shown"),
}
_STANDS_WITH: dict[str, str] = {Release.Kind.SUMMARY: "retros", Release.Kind.VERSION: "agreements"}
OURS = ("", "retros", "agreements", "actions")
THEIRS = ("", "retros", "agreements", "released")


@dataclass(frozen=True)
class Item:
    """One thing on the timeline."""

    on: date
    kind: str
    icon: str
    title: str
    url: str = ""
    print_url: str = ""
    quotes: Sequence[str] = ()
    badges: Sequence[str] = ()
    said: str = ""
    lines: Sequence[tuple[str, str]] = ()  # (words, what became of them)
    release: Release | None = None
    is_next: bool = False

    @property
    def when(self) -> str:
        """Within the year that is shown; what comes next may be in another one."""
        return date_format(self.on, "j F Y" if self.is_next else "j F")


@dataclass(frozen=True)
class Standing:
    """An agreement in force, as everybody with a right to the frame sees it."""

    title: str
    version: int
    signed: date
    review_on: date | None
    is_closed: bool
    today: date

    @property
    def age(self) -> str:
        """How long ago it was signed, roughly."""
        if self.signed >= self.today:
            return _("today")
        return _("%(time)s ago") % {"time": timesince(self.signed, self.today, depth=1)}

    @property
    def is_due(self) -> bool:
        return self.review_on is not None and self.review_on <= self.today


@dataclass(frozen=True)
class Counts:
    """How many actions are open, done, dropped: all of them, ever."""

    open: int = 0
    done: int = 0
    dropped: int = 0

    @property
    def agreed(self) -> int:
        return self.open + self.done + self.dropped

    @property
    def words(self) -> str:
        if not self.agreed:
            return _("None yet")
        return _("%(done)d of %(agreed)d done") % {"done": self.done, "agreed": self.agreed}

    @property
    def rest(self) -> str:
        parts = [ngettext("%(n)d is open.", "%(n)d are open.", self.open) % {"n": self.open}]
        if self.dropped:
            parts.append(ngettext("%(n)d didn’t fit.", "%(n)d didn’t fit.", self.dropped) % {"n": self.dropped})
        return " ".join(parts)

    @classmethod
    def of(cls, states: Counter[str]) -> Counts:
        return cls(states[""], states[Action.Closed.DONE], states[Action.Closed.DROPPED])


@dataclass(frozen=True)
class Rhythm:
    """What became of the dates of a rhythm for a while: a shape each, and “3 of 5 kept” as `adherence.kept` counts.

    Extra retros are no beats; they only say when one was held last (docs/rules/scheduling.md S13).
    """

    beats: Sequence[str]  # kept, moved, miss; the earliest first
    kept: Kept
    last_held: date | None = None

    @property
    def words(self) -> str:
        return self.kept.words

    @property
    def spoken(self) -> str:
        moved, missed = self.beats.count("moved"), self.beats.count("miss")
        parts = [_("%(n)d kept") % {"n": len(self.beats) - missed}]
        if moved:
            parts.append(_("%(n)d of them moved") % {"n": moved})
        if missed:
            parts.append(_("%(n)d didn’t happen") % {"n": missed})
        return ", ".join(parts)

    @classmethod
    def of(cls, sessions: Sequence[Session], today: date) -> Rhythm:
        due = [s for s in sessions if was_due(s.slot_date, s.status, s.excused, today)]
        held = [s.day for s in sessions if s.status == Session.Status.HELD]
        found = kept([(s.slot_date, s.status, s.excused) for s in due], today)
        return cls(beats_of(due), found, max(held, default=None))


def beats_of(sessions: Sequence[Session]) -> list[str]:
    """What became of each that is decided, the earliest first."""
    return [beat for session in sorted(sessions, key=lambda s: s.start_utc) if (beat := _beat(session))]


def _beat(session: Session) -> str:
    if session.status == Session.Status.HELD:
        return "moved" if session.moved else "kept"
    missed = session.status == Session.Status.SKIPPED and not session.excused
    return "miss" if missed or session.status == Session.Status.MISSED else ""


class History:
    """One year of a partnership, for its reader."""

    def __init__(self, reader: Reader, *, year: str = "", kind: str = "") -> None:
        self.reader = reader
        self.partnership = reader.partnership
        self.person = reader.person
        self.now: datetime = timezone.now()
        self.today = self.now.astimezone(reader.person.tz).date()
        self.members: list[Membership] = list(self.partnership.memberships.all())
        self.kinds = OURS if reader.is_member else THEIRS
        self.kind = kind if kind in self.kinds else ""
        self.years = list(range(self.today.year, min(self.partnership.since.year, self.today.year) - 1, -1))
        self.year = next((y for y in self.years if str(y) == year), self.years[0])

    # --- the page -----------------------------------------------------------------------------------------------

    @property
    def context(self) -> dict[str, object]:
        """What base.html needs, for whoever reads."""
        return {"page": self, "partnership": self.partnership, **header_of(self.reader)}

    @property
    def names(self) -> str:
        return both_of(self.partnership)

    @property
    def roles(self) -> str:
        return roles_of(self.partnership)

    @property
    def filters(self) -> list[MenuPlace]:
        return [MenuPlace(str(KINDS[kind]), self._url(kind, self.year), kind == self.kind) for kind in self.kinds]

    @property
    def year_places(self) -> list[MenuPlace]:
        return [MenuPlace(str(year), self._url(self.kind, year), year == self.year) for year in self.years]

    def _url(self, kind: str, year: int) -> str:
        return f"{reverse('history_detail', args=[self.partnership.pk])}?year={year}" + (
            f"&kind={kind}" if kind else ""
        )

    # --- the timeline -------------------------------------------------------------------------------------------

    @cached_property
    def items(self) -> list[Item]:
        """The newest first; what comes next on top, of the newest year."""
        newest = self.year == self.years[0]
        found = [item for item in self._all() if (newest if item.is_next else item.on.year == self.year)]
        return sorted(found, key=lambda item: (item.is_next, item.on), reverse=True)

    @property
    def released(self) -> list[Item]:
        return [item for item in self.items if item.release]

    def _all(self) -> Iterator[Item]:
        if self.kind in {"", "retros"}:
            yield from self._sessions()
            yield from self._pauses()
        if self.kind in {"", "agreements"}:
            yield from self._versions()
        if self.kind in {"", "actions"} and self.reader.is_member:
            yield from self._actions()
        yield from self._releases()
        if not self.kind:
            words = _("You started working together") if self.reader.is_member else _("They started working together")
            yield Item(self.partnership.since, "start", "sprout", words)

    @cached_property
    def _own_sessions(self) -> list[Session]:
        """Those of the year, the planned ones and those of the last twelve months, the earliest first.

        To a lead, retros alone: dates, and what became of them once their day is over.
        """
        sessions = Session.objects.filter(partnership=self.partnership).exclude(status=Session.Status.CANCELLED)
        shown = Q(start_local__year=self.year) | Q(held_on__year=self.year)  # as `Session.day` has it
        recent = Q(start_local__gte=datetime.combine(self._year_ago, time.min, UTC))
        rows = sessions.filter(shown | recent).select_related("agreement").order_by("start_utc")
        if self.reader.is_member:
            return list(rows)
        outside = rows.filter(kind=Session.Kind.RETRO).defer("reason").known_outside(self.now)
        return [session.seen_outside() for session in outside]

    @property
    def _year_ago(self) -> date:
        return self.today - relativedelta(years=1)

    @cached_property
    def next(self) -> Session | None:
        """The one that is open, or the first that is still to come: not one whose day has gone by."""
        ahead = (s for s in self._own_sessions if s.kind == Session.Kind.RETRO and s.is_open)
        return next((s for s in ahead if s.is_running or s.day >= self.today), None)

    @property
    def next_words(self) -> str:
        if self.next is None:
            return _("Next retro: Not planned")
        if self.next.is_running:
            return _("A retro is open now.")
        return _("Next retro: %(when)s") % {
            "when": date_format(self.next.start_utc.astimezone(self.person.tz), "l j F Y")
        }

    @cached_property
    def rhythm(self) -> Rhythm:
        """Of the last twelve months."""
        retros = [s for s in self._own_sessions if s.kind == Session.Kind.RETRO]
        return Rhythm.of([s for s in retros if self._year_ago <= s.day <= self.today], self.today)

    def _sessions(self) -> Iterator[Item]:
        learned = self._learned
        for session in sorted(self._own_sessions, key=lambda s: s.closed_at or s.start_utc, reverse=True):
            if session.is_open:
                if session == self.next:
                    yield self._planned(session)
                continue
            if session.status == Session.Status.SKIPPED and session.day > self.today:
                continue  # it can still be planned again
            if self.reader.is_member and session.is_closed:
                yield Item(
                    session.day, "retros", "unfold-vertical", session.title,
                    url=reverse("session_detail", args=[session.pk]),
                    print_url=reverse("session_print", args=[session.pk]),
                    quotes=learned.get(session.pk, ()), badges=self._agreed_in(session),
                )  # fmt: skip
            else:
                yield Item(session.day, "retros", *_fate(session), said=self._reason(session))

    def _pauses(self) -> Iterator[Item]:
        for pause in Pause.objects.filter(series__partnership=self.partnership, from_date__year=self.year):
            yield Item(pause.from_date, "retros", "pause", str(pause))

    def _planned(self, session: Session) -> Item:
        url = reverse("session_detail", args=[session.pk]) if self.reader.is_member else ""
        said = _("Open now") if session.is_running else ""
        return Item(session.day, "retros", "calendar", session.title, url=url, said=said, is_next=True)

    def _reason(self, session: Session) -> str:
        """Why it was skipped is the pair's."""
        if not self.reader.is_member or session.status != Session.Status.SKIPPED:
            return ""
        return str(dict(Session.SkipReason.choices).get(session.reason, ""))

    def _agreed_in(self, session: Session) -> list[str]:
        counts = Counts.of(count_states((a.pk.bytes, a.closed_as) for a in self._agreed[session.pk]))
        if not counts.agreed:
            return []
        words = ngettext("%(n)d action, %(done)d done", "%(n)d actions, %(done)d done", counts.agreed)
        return [words % {"n": counts.agreed, "done": counts.done}]

    @cached_property
    def _agreed(self) -> dict[UUID | None, list[Action]]:
        """The actions of each session."""
        found: dict[UUID | None, list[Action]] = defaultdict(list)
        for action in self._own_actions:
            found[action.session_id].append(action)
        return found

    @cached_property
    def _learned(self) -> dict[UUID, list[str]]:
        """What the two learned in each session; for a lead, nothing is asked for."""
        found: dict[UUID, list[str]] = {}
        if self.reader.is_member:
            notes = Note.objects.visible_to(self.person).filter(
                kind=Note.Kind.LEARNED, step__session__in=self._own_sessions, step__session__kind=Session.Kind.RETRO
            )
            for session, text in notes.values_list("step__session", "text"):
                found.setdefault(session, []).append(text)
        return found

    # --- agreements ---------------------------------------------------------------------------------------------

    @cached_property
    def _own_versions(self) -> list[Version]:
        """All that were ever in force, the oldest first; to a lead without a word of theirs."""
        versions = Version.objects.filter(agreement__partnership=self.partnership, number__isnull=False)
        if not self.reader.is_member:
            versions = versions.defer("reason")
        return list(versions.select_related("agreement").order_by("in_force_at", "pk"))

    def _versions(self) -> Iterator[Item]:
        for version in reversed(self._own_versions):
            words = {"title": isolated(version.title), "number": version.number}
            title = _("%(title)s, version %(number)d") % words
            if self.reader.is_member:
                url = reverse("version_detail", args=[version.pk])
                quotes = [version.reason] if version.reason else []
                yield Item(self._signed(version), "agreements", "file-pen-line", title, url=url, quotes=quotes)
            else:
                yield Item(self._signed(version), "agreements", "file-pen-line", title, said=_("Signed by both."))

    def _signed(self, version: Version) -> date:
        """The day, where the reader is."""
        return (version.in_force_at or version.proposed_at).astimezone(self.person.tz).date()

    @cached_property
    def agreements(self) -> list[Standing]:
        """The version in force of each."""
        newest = {version.agreement_id: version for version in self._own_versions}
        return [
            Standing(
                version.title, version.number or 0, self._signed(version), version.agreement.review_on,
                version.agreement.is_closed, self.today,
            )
            for version in newest.values()
        ]  # fmt: skip

    # --- actions ------------------------------------------------------------------------------------------------

    @cached_property
    def _own_actions(self) -> list[Action]:
        return all_actions(self.person, self.partnership)

    @cached_property
    def counts(self) -> Counts:
        if self.reader.is_member:
            return Counts.of(count_states((action.pk.bytes, action.closed_as) for action in self._own_actions))
        states = Action.objects.filter(partnership=self.partnership, deleted_at=None).states_of_each()
        return Counts.of(states.get(self.partnership.pk, Counter()))

    def _actions(self) -> Iterator[Item]:
        """What ended on a day, together."""
        ended: dict[date, list[Action]] = {}
        for action in self._own_actions:
            if action.closed_on is not None and action.closed_on.year == self.year:
                ended.setdefault(action.closed_on, []).append(action)
        for day, actions in ended.items():
            joint = lines_of(actions, each=True)
            title = ngettext("An action ended", "%(n)d actions ended", len(joint)) % {"n": len(joint)}
            lines = [(line.action.sentence, "; ".join(map(self._outcome, line.actions))) for line in joint]
            url = reverse("action_list", args=[self.partnership.pk])
            yield Item(day, "actions", "circle-check", title, url=url, lines=lines)

    def _outcome(self, action: Action) -> str:
        """“Tom. Experiment. Done. It helped”."""
        owner = next(
            (m.person.first_name for m in self.members if m.person_id == action.owner_id), _("A former member")
        )
        parts = [owner, _("Experiment") if action.is_experiment else "", action.get_closed_as_display()]
        return ". ".join(str(part) for part in [*parts, action.get_helped_display() if action.helped else ""] if part)

    # --- what was released to this lead; to the two: to whom ------------------------------------------------------

    @cached_property
    def _shown(self) -> list[Release]:
        if self.reader.lead:
            return list(Release.objects.shown_to(self.reader.lead))
        own = Release.objects.of(self.person).shown().filter(lead__partnership=self.partnership)
        return list(own.select_related("lead__person").order_by("-on", "lead__since", "pk"))

    def _releases(self) -> Iterator[Item]:
        """One for each text, however many leads read it."""
        found: dict[str, list[Release]] = {}
        for release in self._shown:
            if self.kind in {"", "released", _STANDS_WITH.get(release.kind)}:
                found.setdefault(release.digest, []).append(release)
        for release, *more in found.values():
            said, url = _("Shown to you by both"), ""
            if self.reader.is_member:
                names = ", ".join(each.lead.person.full_name for each in (release, *more))
                said = _("Shown to %(names)s") % {"names": names}
                url = reverse("release_list", args=[self.partnership.pk])
            yield Item(release.on, "released", "eye", release.title, url=url, said=said, release=release)

    @cached_property
    def waiting_needs(self) -> list[Need]:
        """What the two asked this lead for, and is not answered yet."""
        if self.reader.lead is None:
            return []
        asked = {release.need_id for release in self._shown if release.need_id}
        return list(Need.objects.asked_of(self.person).filter(pk__in=asked, answered_at=None)) if asked else []

    @cached_property
    def offers(self) -> list[Offer]:
        """The lead's own, the newest first."""
        own = Offer.objects.filter(lead=self.reader.lead).select_related("lead__partnership")
        return list(own[:5]) if self.reader.lead else []

    @cached_property
    def trends(self) -> list[Trend]:
        return trends(self.partnership, self.person, self.members) if self.reader.is_member else []


def asked(need: Need) -> list[Release]:
    """What its lead reads of a need now: every wording that both released."""
    return list(Release.objects.shown().filter(need=need, lead=need.lead_id))


def header_of(reader: Reader) -> dict[str, object]:
    """The header around a page that both can open."""
    if reader.is_member:
        return Header(reader.partnership, reader.person, place="history_detail").context
    return lead_menu()


def _fate(session: Session) -> tuple[str, str]:
    """Icon and words for what became of a retro."""
    if session.status == Session.Status.HELD:
        return "unfold-vertical", _("Retro, moved and held") if session.moved else _("Retro held")
    if session.status == Session.Status.SKIPPED:
        return "calendar-x", _("Retro skipped")
    return "calendar-x", _("A retro that didn’t happen")
