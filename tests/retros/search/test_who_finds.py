"""Everybody finds exactly what they may read and what holds their words, whatever is written where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partnerships.models import Clause, Partnership, Person, Version
from retros.models import Action, Draft, Entry, Handover, Jot, KindWord, Need, Note, Review, SearchText
from retros.models.search_text import FOUND
from retros.search import find
from retros.search.find import ON_A_PAGE
from retros.search.folding import fold
from retros.search.terms import terms_of
from tests.retros.play import make_pair
from tests.retros.search.finding import WORDS, found, written
from tests.world import World, leave

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12
Place = tuple[str, Any]


def scanned(person: Person, partnership: Partnership) -> Iterator[tuple[Place, datetime, str]]:
    """Every text of a pair that somebody may read, by the filters that every page uses; its place and its time."""
    of_pair = {"step__session__partnership": partnership}
    for entry in Entry.objects.visible_to(person).filter(**of_pair):
        yield ("entry", entry.pk), entry.opened_at or entry.created_at, entry.text
    for note in Note.objects.visible_to(person).filter(**of_pair):
        yield ("note", note.pk), note.created_at, note.text
    actions = Action.objects.visible_to(person).filter(partnership=partnership)
    for a in actions:
        yield ("action", a.pk), a.created_at, " ".join((a.cue, a.text, a.because, a.seen_by, a.decider))
    for review in Review.objects.filter(action__in=actions):
        yield ("review", review.pk), review.at, review.remark
    own = {"agreement__partnership": partnership, "agreement__partnership__memberships__person": person}
    for version in Version.objects.filter(**own).select_related("base"):
        yield ("version", version.pk), version.proposed_at, version.reason
        known = {(c.line, c.heading, c.text) for c in (version.base.clauses.all() if version.base else ())}
        for c in version.clauses.all():
            if (c.line, c.heading, c.text) not in known:
                yield ("clause", c.pk), version.proposed_at, f"{c.heading} {c.text}"
    for need in Need.objects.visible_to(person).filter(partnership=partnership):
        yield ("need", need.pk), need.created_at, f"{need.text} {need.answer}"
    for word in KindWord.objects.visible_to(person).filter(partnership=partnership):
        yield ("kind_word", word.pk), word.created_at, word.text
    for handover in Handover.objects.filter(partnership=partnership, partnership__memberships__person=person):
        yield ("handover", handover.pk), handover.written_at, handover.text


def places(texts: list[SearchText]) -> list[tuple[Place, datetime]]:
    return [(next((n, pk) for n in FOUND if (pk := getattr(text, f"{n}_id"))), text.at) for text in texts]


def rewrite(draw: Any) -> None:
    """Other words into rows of every table, past every verb: nothing but the database keeps the index."""
    tables = (
        (Entry.unrestricted, "text"), (Note.objects, "text"), (Action.objects, "text"), (Action.objects, "because"),
        (Review.objects, "remark"), (Clause.objects, "text"), (Version.objects, "reason"), (Need.objects, "answer"),
        (Handover.objects, "text"), (KindWord.objects, "text"),
    )  # fmt: skip
    for manager, column in tables:
        keys = list(manager.order_by("pk").values_list("pk", flat=True))
        for pk in draw(st.lists(st.sampled_from(keys), max_size=5, unique=True)):
            manager.filter(pk=pk).update(**{column: draw(written(max_size=40))})
    for pk in draw(st.lists(st.sampled_from(list(Entry.unrestricted.values_list("pk", flat=True))), max_size=3)):
        then = draw(st.sampled_from([{"deleted_at": timezone.now()}, {"deleted_at": None}]))
        Entry.unrestricted.filter(pk=pk).update(**then)


@settings(max_examples=15, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
@pytest.mark.parametrize(
    "made_world", [pytest.param("folded", marks=pytest.mark.one_database), "revealed"], indirect=True
)
def test_everybody_finds_what_a_plain_reading_finds(world: World, data: st.DataObject) -> None:
    with transaction.atomic():
        rewrite(data.draw)
        texts = [text for _place, _at, text in scanned(world.cast.ines, world.cast.checkout) if text.strip()]
        typed = data.draw(
            st.sampled_from([*WORDS, "zq", "zqcard", "a", '"if then"'])
            | st.sampled_from(texts).map(lambda text: text[:12])
            | st.sampled_from(texts).map(lambda text: f'"{text}"')
        )
        terms = terms_of(typed)
        for person in [*world.people.values(), world.cast.mei]:
            expected = [
                (place, at)
                for place, at, text in scanned(person, world.cast.checkout)
                if terms and all(term.stands_in(fold(text)) for term in terms)
            ]
            got = places(found(person, world.cast.checkout, typed)) if terms else []
            assert sorted(got, key=str) == sorted(expected, key=str), (person.name, typed)
            assert [at for _place, at in got] == sorted((at for _place, at in got), reverse=True)
            if not world.cast.checkout.memberships.filter(person=person).exists():
                assert got == []
        transaction.set_rollback(True)


@pytest.mark.parametrize("made_world", ["folded", "closed"], indirect=True)
@pytest.mark.parametrize("who", ["ines", "tom"])
def test_nobody_finds_a_mark_that_is_not_theirs(world: World, who: str) -> None:
    """All pages of all that begins with the sign of a mark, own drafts and jots too."""
    client, shown, page = world.client(who), set(), 1
    while (answer := client.get(world.url("search"), {"q": "zq", "page": str(page)})).text.count("<mark>"):
        shown |= world.marks(answer)
        page += 1
    theirs = {mark for mark, readers in world.words.items() if who in readers}
    assert shown <= theirs
    assert len(shown) > 0.6 * len(theirs), sorted(theirs - shown)


@pytest.mark.parametrize("made_world", ["closed"], indirect=True)
@pytest.mark.parametrize("kind", [kind for kind in find.KINDS if kind != "mine"])
def test_the_first_page_is_that_of_any_search(world: World, kind: str) -> None:
    """It is worded once, and asked about another pair, other words and other filters."""
    other = make_pair()
    here, there = (world.cast.ines, world.cast.checkout), (other.ines, other.partnership)
    for typed, (person, partnership) in product(("zq", "zqcard", '"zq', "nowhere"), (here, there)):
        for by, year in product((None, world.cast.tom.pk), (None, timezone.now().year, 2020)):
            wanted = find.Wanted(partnership, person, terms_of(typed), kind, by, year)
            assert find.on_page(wanted, 1) == list(find.found(wanted)[: ON_A_PAGE + 1])
    assert find.on_page(find.Wanted(world.cast.checkout, world.cast.ines, terms_of("zq"), kind), 1)


@pytest.mark.parametrize("made_world", ["closed"], indirect=True)
def test_the_first_page_is_worded_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wording it takes several times as long as finding: it asks every filter of every kind."""

    def page(person: Person, typed: str) -> list[SearchText]:
        return find.on_page(find.Wanted(world.cast.checkout, person, terms_of(typed)), 1)

    page(world.cast.ines, "zq")
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda *_args, **_more: pytest.fail("worded again"))
    assert len(page(world.cast.tom, "zq")) == ON_A_PAGE + 1
    assert page(world.cast.tom, "zqcard")


@pytest.mark.parametrize("who", ["priya", "sara", "ada", "mei", "lena", "former_lead"])
def test_to_all_others_there_is_no_such_page(world: World, who: str) -> None:
    assert world.client(who).get(world.url("search"), {"q": "zq"}).status_code == 404


def test_who_left_finds_nothing(world: World) -> None:
    leave(world.cast.checkout, world.cast.tom)
    assert world.client("tom").get(world.url("search"), {"q": "zq"}).status_code == 404
    assert found(world.cast.tom, world.cast.checkout, "zq") == []


def test_a_page_asks_the_database_a_few_times(world: World) -> None:
    """With something of every kind on it."""
    Entry.unrestricted.update(text="zqall")
    for model, column in ((Note, "text"), (Action, "text"), (Review, "remark"), (Need, "text"), (Handover, "text"),
                          (KindWord, "text"),
                          (Clause, "text"), (Version, "reason"), (Draft, "text"), (Jot, "text")):  # fmt: skip
        model.objects.update(**{column: "zqall"})
    client = world.client("ines")
    url = f"{reverse('search', args=[world.cast.checkout.pk])}?q=zqall"
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url).text
    assert len(queries) <= MOST_QUERIES
    assert page.count("<mark>zqall</mark>") > ON_A_PAGE
