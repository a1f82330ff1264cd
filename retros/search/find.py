"""What a person finds: the index names places, and the filters that every page uses say which of them are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet, UUIDField, Value

from partnerships.compiled import CompiledQuery
from partnerships.models import Agreement, Clause, Partnership, Person, Version
from retros import limits
from retros.models import (
    Action,
    Draft,
    Entry,
    Handover,
    Jot,
    KindWord,
    Need,
    Note,
    Prompt,
    Review,
    SearchText,
    Session,
    Step,
)
from retros.models.search_text import FOUND
from retros.search.folding import fold
from retros.search.index import asked, holding

if TYPE_CHECKING:
    from retros.search.terms import Term

Own = TypeVar("Own", Draft, Jot)
KINDS: dict[str, tuple[str, ...]] = {
    "": FOUND,
    "cards": ("entry",),
    "notes": ("note", "review", "need", "handover", "kind_word"),
    "actions": ("action",),
    "agreements": ("clause", "version"),
    "mine": (),  # unfinished texts and jots, which stand in no index
}
ON_A_PAGE = 20
_IDS = [f"{kind}_id" for kind in FOUND]
_FILTERS: dict[str, type[UUID | datetime]] = {"by": UUID, "at__gte": datetime, "at__lt": datetime}
_SHOWN_WITH = {
    "cards": ("entry__prompt", "entry__step__session__agreement"),
    "notes": (
        "note__step__session__agreement", "review__session", "review__action", "need", "handover", "kind_word",
    ),
    "actions": ("action",),
    "agreements": ("clause__version__agreement", "version__agreement"),
}  # fmt: skip
_kept_jots = CompiledQuery(
    lambda person, partnership: Jot.objects.kept(person).filter(partnership=partnership).order_by("-created_at", "pk"),
    Person, Partnership,
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for in a partnership of theirs: every term, of one kind, of one person, in one year."""

    partnership: Partnership
    person: Person
    terms: Sequence[Term]
    kind: str = ""
    by: UUID | None = None
    year: int | None = None

    @property
    def asked(self) -> list[str]:
        """The terms, as the database at hand is asked for them."""
        shelves = [self.partnership.pk, self.person.pk]
        return asked(self.terms, shelves, connection.vendor)

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters, as fields of `SearchText`."""
        of_person = {} if self.by is None else {"by": self.by}
        if self.year is None:
            return of_person
        return of_person | {"at__gte": self._began(self.year), "at__lt": self._began(self.year + 1)}

    def _began(self, year: int) -> datetime:
        return datetime(year, 1, 1, tzinfo=self.person.tz).astimezone(UTC)

    def is_of_year(self, at: datetime) -> bool:
        return self.year is None or at.astimezone(self.person.tz).year == self.year


def found(wanted: Wanted) -> QuerySet[SearchText]:
    """The newest first. The order and the number of them hang on nothing that the person may not read."""
    return _found(wanted.kind, wanted.partnership, wanted.person, wanted.asked, wanted.chosen)


def _found(
    kind: str, partnership: Partnership, person: Person, asked: Sequence[str], chosen: Mapping[str, Any]
) -> QuerySet[SearchText]:
    texts = SearchText.objects.filter(theirs(partnership, person, KINDS[kind]), **chosen)
    return holding(texts, *asked).order_by("-at", *_IDS)  # not by the row: it tells who wrote first


def on_page(wanted: Wanted, page: int) -> list[SearchText]:
    """Those of this page and one more, if there is one, each with what it is about. The first page is worded once."""
    if page == 1:
        first = _first_page(wanted.kind, len(wanted.asked), tuple(wanted.chosen))
        return _with_things(first(wanted.partnership, wanted.person, *wanted.asked, *wanted.chosen.values()))
    before = (page - 1) * ON_A_PAGE
    return _with_things(list(found(wanted)[before : before + ON_A_PAGE + 1]))


@cache
def _first_page(kind: str, asked: int, chosen: tuple[str, ...]) -> CompiledQuery[SearchText]:
    """Of each search for so many things, in the same filters."""

    def make(partnership: Partnership, person: Person, *given: Any) -> QuerySet[SearchText]:
        filters = dict(zip(chosen, given[asked:], strict=True))
        return _found(kind, partnership, person, given[:asked], filters)[: ON_A_PAGE + 1]

    return CompiledQuery(make, Partnership, Person, *[str] * asked, *(_FILTERS[name] for name in chosen))


def _with_things(texts: list[SearchText]) -> list[SearchText]:
    """The same ones in the same order, read for all things of a group at once: few pages have more than cards."""
    read: dict[int, SearchText] = {}
    for group, with_things in _read_with_things.items():
        if pks := [text.pk for text in texts if any(getattr(text, f"{kind}_id") for kind in KINDS[group])]:
            filled_up = pks + pks[:1] * (ON_A_PAGE + 1 - len(pks))
            read |= {text.pk: text for text in with_things(*filled_up)}
    return [read[text.pk] for text in texts if text.pk in read]


def _of_these(*related: str) -> CompiledQuery[SearchText]:
    rows = SearchText.objects.select_related(*related).defer("words")
    return CompiledQuery(lambda *pks: rows.filter(pk__in=pks), *[int] * (ON_A_PAGE + 1))


_read_with_things = {group: _of_these(*related) for group, related in _SHOWN_WITH.items()}


def theirs(partnership: Partnership, person: Person, kinds: Iterable[str] = FOUND) -> Q:
    """The rows about what the person may read in this partnership of theirs."""
    of_pair = {"step__session__partnership": partnership}
    actions = Action.objects.visible_to(person).filter(partnership=partnership)
    versions = Version.objects.filter(agreement__in=Agreement.objects.of(person).filter(partnership=partnership))
    rows: dict[str, QuerySet[Any]] = {
        "entry": Entry.objects.visible_to(person).filter(**of_pair),
        "note": Note.objects.visible_to(person).filter(**of_pair),
        "action": actions,
        "review": Review.objects.filter(action__in=actions),
        "clause": Clause.objects.filter(version__in=versions),
        "version": versions,
        "need": Need.objects.visible_to(person).filter(partnership=partnership),
        "kind_word": KindWord.objects.visible_to(person).filter(partnership=partnership),
        "handover": Handover.objects.filter(partnership=partnership, partnership__memberships__person=person),
    }
    either = Q(pk__in=[])
    for kind in kinds:
        either |= Q((f"{kind}__in", rows[kind].order_by().values("pk")))
    return either


# --- what is the person's alone: few, and changed with every key, so they are read through ----------------------------


@dataclass(frozen=True)
class Place:
    """Where a box stands that an unfinished text was typed into."""

    session: UUID | None
    position: int


def unfinished(wanted: Wanted) -> list[tuple[Draft, Place]]:
    """What the person began to write in this partnership and nobody else can read, the newest first."""
    begun = Draft.objects.filter(person=wanted.person).exclude(text="").order_by("-updated_at")
    drafts = list(_holding((draft for draft in begun if wanted.is_of_year(draft.updated_at)), wanted))
    places = _places(wanted, {pk for draft in drafts if (pk := _subject(draft))}) if drafts else {}
    return [(draft, places[pk]) for draft in drafts if (pk := _subject(draft)) in places]


def jots(wanted: Wanted) -> list[Jot]:
    """Those that wait, the newest first."""
    kept = _kept_jots(wanted.person, wanted.partnership)
    return list(_holding((jot for jot in kept if wanted.is_of_year(jot.created_at)), wanted))


def _holding(own: Iterable[Own], wanted: Wanted) -> Iterator[Own]:
    """Those that hold every term; of the newest, as long as all that they fold to is no more than all may be that one
    person keeps. There are signs that are eighteen when they are folded.
    """
    left = limits.SEARCHED_CHARACTERS
    for each in own:
        words = fold(each.text)
        left -= len(words)
        if left < 0:
            return
        if all(term.stands_in(words) for term in wanted.terms):
            yield each


def _subject(draft: Draft) -> UUID | None:
    """What the key of its box names (`Draft.Box`)."""
    try:
        return UUID(draft.key.partition(":")[2])
    except ValueError:
        return None


def _places(wanted: Wanted, subjects: set[UUID]) -> dict[UUID, Place]:
    """Of these things, those in this partnership that the person may read, each with its place; in one query."""
    pair, person = wanted.partnership, wanted.person
    no_session, start = Value(None, UUIDField()), Value(0)
    of_step = {"session_of": F("step__session"), "at_step": F("step__position")}
    nowhere = {"session_of": no_session, "at_step": start}
    rows = [
        Prompt.objects.filter(step__session__partnership=pair).annotate(**of_step),
        Entry.objects.visible_to(person).filter(step__session__partnership=pair).annotate(**of_step),
        Step.objects.filter(session__partnership=pair).annotate(session_of=F("session"), at_step=F("position")),
        Session.objects.filter(partnership=pair).annotate(session_of=F("pk"), at_step=F("position")),
        Action.objects.visible_to(person).filter(partnership=pair).annotate(**nowhere),
        Partnership.objects.of(person).filter(pk=pair.pk).annotate(**nowhere),
    ]
    first, *others = (
        each.filter(pk__in=subjects).order_by().values_list("pk", "session_of", "at_step") for each in rows
    )
    return {pk: Place(session, position) for pk, session, position in first.union(*others)}
