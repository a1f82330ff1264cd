"""The page of a search, prepared for its template. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.content import isolated
from retros.models import Draft, Entry, Note, SearchText, Step
from retros.models.action import lines_of
from retros.models.search_text import FOUND
from retros.pair import Pair
from retros.search import find
from retros.search.find import ON_A_PAGE
from retros.search.snippet import Part, snippet
from retros.search.terms import terms_of

if TYPE_CHECKING:
    from django.http import QueryDict
    from django_stubs_ext import StrOrPromise

    from partnerships.models import Membership, Partnership, Person
    from retros.search.find import Place

FARTHEST = 500  # pages
KINDS: dict[str, StrOrPromise] = {
    "": gettext_lazy("Everything"),
    "cards": gettext_lazy("Cards and answers"),
    "notes": gettext_lazy("Notes"),
    "actions": gettext_lazy("Actions"),
    "agreements": gettext_lazy("Agreements"),
    "mine": gettext_lazy("Not kept yet"),
}


@dataclass(frozen=True)
class Result:
    """One place where it stands: what it is, whose, of which day, and the words around it."""

    what: str
    url: str
    day: date
    parts: Sequence[Part]
    owner: Membership | None = None
    is_private: bool = False

    @property
    def when(self) -> str:
        return date_format(self.day, "j F Y")


class Search(Pair):
    """What one of the two finds in what they may read. `asked`: q, kind, person (a seat), year, page."""

    def __init__(self, partnership: Partnership, person: Person, asked: QueryDict) -> None:
        super().__init__(partnership, person, place="history_detail")
        self.typed = asked.get("q", "")
        self.terms = terms_of(self.typed)
        self.kind = asked.get("kind", "") if asked.get("kind") in KINDS else ""
        self.by = next((m for m in self.members if m.seat == asked.get("person")), None)
        self.years = range(self.today.year, min(partnership.since.year, self.today.year) - 1, -1)
        self.year = next((year for year in self.years if str(year) == asked.get("year")), None)
        page = asked.get("page", "")
        self.page = min(max(int(page), 1), FARTHEST) if page.isascii() and page.isdigit() and len(page) < 9 else 1

    @property
    def kinds(self) -> list[tuple[str, StrOrPromise, bool]]:
        return [(key, label, key == self.kind) for key, label in KINDS.items()]

    @cached_property
    def _wanted(self) -> find.Wanted:
        by = self.by.person_id if self.by else None
        return find.Wanted(self.partnership, self.person, self.terms, self.kind, by, self.year)

    @cached_property
    def own(self) -> list[Result]:
        """Unfinished texts and jots, on the first page; never of the other one."""
        if not self.terms or self.page > 1 or self.kind not in {"", "mine"} or self.by not in {None, self.you}:
            return []
        texts = [self._unfinished(draft, place) for draft, place in find.unfinished(self._wanted)]
        url = reverse("jot_list", args=[self.partnership.pk])
        return texts + [self._own(_("Jotted down"), url, jot.created_at, jot.text) for jot in find.jots(self._wanted)]

    @cached_property
    def _found(self) -> list[SearchText]:
        """Those of this page, and one more if there is one."""
        if not self.terms or not find.KINDS[self.kind]:
            return []
        return find.on_page(self._wanted, self.page)

    @cached_property
    def results(self) -> list[Result]:
        """Of this page; what both took, and stands here twice, is one."""
        found = self._found[:ON_A_PAGE]
        lines = lines_of([text.action for text in found if text.action_id], each=True)
        of_both = {line.action.pk for line in lines if len(line.actions) > 1}
        second = {twin.pk for line in lines for twin in line.actions[1:]}
        results = [(text, self._result(text)) for text in found if text.action_id not in second]
        return [replace(result, owner=None) if text.action_id in of_both else result for text, result in results]

    @property
    def later(self) -> str:
        """The address of the page before this one; empty on the first."""
        return self._url(self.page - 1) if self.page > 1 else ""

    @property
    def earlier(self) -> str:
        return self._url(self.page + 1) if len(self._found) > ON_A_PAGE else ""

    def _url(self, page: int) -> str:
        chosen = {"q": self.typed, "kind": self.kind, "person": self.by.seat if self.by else "", "year": self.year}
        wanted: dict[str, Any] = {name: value for name, value in chosen.items() if value}
        return f"?{urlencode({**wanted, 'page': page} if page > 1 else wanted)}"

    # --- one result ---------------------------------------------------------------------------------------------

    def _unfinished(self, draft: Draft, place: Place) -> Result:
        return self._own(_("Begun, not kept yet"), self._box(draft, place), draft.updated_at, draft.text)

    def _own(self, what: str, url: str, at: datetime, text: str) -> Result:
        return Result(what, url, self._day(at), snippet(text, self.terms), self.you, is_private=True)

    def _box(self, draft: Draft, place: Place) -> str:
        if place.session is not None:
            return reverse("step_detail", args=[place.session, place.position])
        box, _colon, subject = draft.key.partition(":")
        if box == Draft.Box.JOT:
            return reverse("jot_list", args=[self.partnership.pk])
        if box == Draft.Box.EDIT:
            return reverse("action_update", args=[subject])
        return reverse("partnership_detail", args=[self.partnership.pk])

    def _result(self, text: SearchText) -> Result:
        kind, thing = next((name, thing) for name in FOUND if (thing := getattr(text, name)) is not None)
        what, url, said = getattr(self, f"_{kind}")(thing)
        private = kind == "kind_word" or (kind == "entry" and thing.is_folded)
        parts = snippet(said, self.terms)
        return Result(what, url, self._day(text.at), parts, self.by_person.get(text.by), private)

    def _entry(self, entry: Entry) -> tuple[str, str, str]:
        url = self._step(entry.step) + (f"#card-{entry.mark}" if entry.is_card else "")
        return _in(entry.prompt.title, entry.step), url, entry.text

    def _note(self, note: Note) -> tuple[str, str, str]:
        words = {
            Note.Kind.CAME_UP: _("What came up"),
            Note.Kind.LEARNED: _("What you learned"),
            Note.Kind.SURPRISED: _("A surprise"),
            Note.Kind.SUMMARY: _("Summary"),
        }
        return _in(words[Note.Kind(note.kind)], note.step), self._step(note.step), note.text

    def _action(self, action: Any) -> tuple[str, str, str]:
        what = _("Experiment") if action.is_experiment else _("Action")
        return what, self._action_url(action.pk), " · ".join(filter(None, _words_of(action)))

    def _review(self, review: Any) -> tuple[str, str, str]:
        return _("What became of an action"), self._action_url(review.action_id), review.remark

    def _clause(self, clause: Any) -> tuple[str, str, str]:
        return self._in_version(clause.version), self._version_url(clause.version_id), _clause_words(clause)

    def _version(self, version: Any) -> tuple[str, str, str]:
        what = _("Why: %(version)s") % {"version": self._in_version(version)}
        return what, self._version_url(version.pk), version.reason

    def _need(self, need: Any) -> tuple[str, str, str]:
        url = reverse("release_list", args=[self.partnership.pk])
        return _("What you need from a lead"), url, " · ".join(filter(None, (need.text, need.answer)))

    def _handover(self, handover: Any) -> tuple[str, str, str]:
        return _("Handover"), reverse("partnership_end", args=[self.partnership.pk]), handover.text

    def _kind_word(self, word: Any) -> tuple[str, str, str]:
        return _("A kind word for you"), reverse("shelf_detail"), word.text

    def _in_version(self, version: Any) -> str:
        words = {"title": isolated(version.title), "number": version.number}
        if version.number:
            return _("%(title)s, version %(number)d") % words
        return _("%(title)s, a proposal") % words

    def _version_url(self, pk: UUID) -> str:
        return reverse("version_detail", args=[pk])

    def _action_url(self, pk: UUID) -> str:
        return reverse("action_update", args=[pk])

    def _step(self, step: Step) -> str:
        return reverse("step_detail", args=[step.session_id, step.position])

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.person.tz).date()


def _in(what: str, step: Step) -> str:
    """“What has been going well?, Retro 3”."""
    return _("%(what)s, %(session)s") % {"what": what, "session": step.session.title}


def _words_of(action: Any) -> Iterator[str]:
    yield from (action.sentence, action.because, action.seen_by, action.decider)


def _clause_words(clause: Any) -> str:
    return f"{clause.heading}: {clause.text}" if clause.heading else clause.text
