"""What the two find, how the page shows it, and that it goes when the words go."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.limits import CONTENT_LENGTH
from partnerships.models import Delivery, Membership, Partnership, Person
from retros import limits
from retros.lifecycle import retention
from retros.lifecycle.erasure import erase
from retros.models import Action, Draft, Entry, Jot, Note, SearchText, Session
from retros.search import find, index
from retros.search.find import ON_A_PAGE
from retros.search.page import Search
from retros.search.terms import terms_of
from tests.cast import Cast, client_of
from tests.retros.play import WRITE, Pair, Participant, at, make_pair, reveal, start
from tests.retros.search.finding import found

pytestmark = pytest.mark.django_db


def look(person: Person, partnership: Partnership, typed: str, /, **more: Any) -> Any:
    return client_of(person).get(reverse("search", args=[partnership.pk]), {"q": typed, **more})


def words_of(person: Person, partnership: Partnership, typed: str) -> list[str]:
    page = Search(Partnership.objects.with_members().get(pk=partnership.pk), person, query(q=typed))
    return ["".join(part.text for part in result.parts) for result in [*page.own, *page.results]]


def query(**values: str) -> QueryDict:
    asked = QueryDict(mutable=True)
    asked.update(values)
    return asked


# --- it works ---------------------------------------------------------------------------------------------------------


def test_the_two_find_what_lies_open_and_their_own(pair: Pair) -> None:
    session = pair.started()
    ines, tom = pair.hands(session)
    at(session, WRITE)
    ines.fold("Crème brûlée for everybody")
    ines.fold("Crème for me", only_me=True)
    tom.fold("A crêpe, or a crème")
    assert words_of(pair.ines, pair.partnership, "creme") == ["Crème for me", "Crème brûlée for everybody"]
    assert words_of(pair.tom, pair.partnership, "creme") == ["A crêpe, or a crème"]
    reveal(ines.session)
    assert set(words_of(pair.tom, pair.partnership, "creme")) == {"Crème brûlée for everybody", "A crêpe, or a crème"}
    assert words_of(pair.tom, pair.partnership, '"creme brulee"') == ["Crème brûlée for everybody"]
    assert words_of(pair.tom, pair.partnership, "cre ever") == ["Crème brûlée for everybody"]
    assert words_of(pair.tom, pair.partnership, '"crem"') == []


def test_the_page_marks_what_matches_and_says_where_it_is(pair: Pair) -> None:
    session = pair.started()
    at(session, WRITE)
    card = pair.hands(session)[0].fold("<b>Scope</b> & dates")
    page = look(pair.ines, pair.partnership, "scope").text
    assert "&lt;b&gt;<mark>Scope</mark>&lt;/b&gt; &amp; dates" in page
    assert f'href="/sessions/{session.pk}/steps/{WRITE}/#card-{card.mark}"' in page
    assert "Only you can read this" in page


def test_kind_words_when_there_is_nothing(pair: Pair) -> None:
    assert "Nothing found" in look(pair.ines, pair.partnership, "nowhere").text
    assert "There is no word in this" in look(pair.ines, pair.partnership, "…!").text
    assert "Type a word that you remember" in look(pair.ines, pair.partnership, "").text


@pytest.mark.parametrize("odd", [{"page": "9" * 40}, {"page": "-1"}, {"year": "x"}, {"person": "c"}, {"kind": "zz"}])
def test_what_nobody_can_choose_is_as_if_not_chosen(pair: Pair, odd: dict[str, str]) -> None:
    assert look(pair.ines, pair.partnership, "a\0b' OR \"1 -- * : ( ^ {", **odd).status_code == 200


def test_filters(pair: Pair) -> None:
    session = pair.started()
    ines, tom = pair.hands(session)
    at(session, WRITE)
    old = ines.fold("one word of old")
    card = tom.fold("one word of mine")
    reveal(ines.session)
    Entry.unrestricted.filter(pk=old.pk).update(opened_at=datetime(2020, 1, 1, 5, tzinfo=UTC))
    Note.learn(ines.step(3), by=pair.ines, text="one word learned", id=uuid.uuid4())
    look_for = partial(found, pair.ines, pair.partnership, "word")
    assert len(look_for()) == 3
    assert [text.note_id is not None for text in look_for(kind="notes")] == [True]
    assert [text.entry_id for text in look_for(by=pair.tom.pk)] == [card.pk]
    assert [text.entry_id for text in look_for(year=2020)] == [old.pk]
    assert look_for(kind="agreements") == []
    page = look(pair.ines, pair.partnership, "word", kind="cards", person="b", year=str(timezone.now().year)).text
    assert ("one <mark>word</mark> of mine" in page, "learned" in page, "of old" in page) == (True, False, False)


def test_unfinished_texts_and_jots_are_the_authors(pair: Pair) -> None:
    session = pair.started()
    ines, _tom = pair.hands(session)
    for key in (
        f"card:{ines.prompt('good').pk}", f"learn:{ines.step(3).pk}", f"try:{session.pk}",
        f"action:{pair.partnership.pk}", "edit:nothing",
    ):  # fmt: skip
        Draft.keep(key, f"begun words in {key[:5]}", version=0, by=pair.ines)
    Jot.keep(pair.partnership, by=pair.ines, text="jotted words", id=uuid.uuid4())
    page = look(pair.ines, pair.partnership, "words")
    assert len(re.findall("<mark>words</mark>", page.text)) == 5  # the last box is nowhere
    assert f"/sessions/{session.pk}/steps/{WRITE}/" in page.text
    assert "Nothing found" in look(pair.tom, pair.partnership, "words").text
    other = make_pair().partnership
    Membership.objects.filter(partnership=other, seat="a").update(person=pair.ines)
    assert "Nothing found" in look(pair.ines, other, "words").text


def test_what_one_keeps_to_oneself_makes_no_page_slow(pair: Pair) -> None:
    """As much as one may keep, of signs that are eighteen when they are folded; the newest are found all the same."""
    mine, text = {"person": pair.ines}, "\ufdfa" * CONTENT_LENGTH
    for _n in range(limits.ENTRIES_PER_PERSON):
        Draft.objects.create(**mine, key=f"jot:{uuid.uuid4()}", text=text)
        Jot.objects.create(**mine, partnership=pair.partnership, text=text)
    Jot.objects.create(**mine, partnership=pair.partnership, text="jotted words")
    before = process_time()
    assert "<mark>words</mark>" in look(pair.ines, pair.partnership, "words").text
    assert process_time() - before < 2


def test_a_page_after_the_other(pair: Pair) -> None:
    action = partial(Action.agree, pair.partnership, by=pair.ines, owners=["a"], due=timezone.localdate())
    for n in range(ON_A_PAGE + 3):
        action(id=uuid.uuid4(), text=f"number{n:02d} of many")
    first = look(pair.tom, pair.partnership, "many")
    second = look(pair.tom, pair.partnership, "many", page="2")
    numbers = [re.findall(r"number(\d\d)", page.text) for page in (first, second)]
    assert numbers == [[f"{n:02d}" for n in range(22, 2, -1)], ["02", "01", "00"]]
    assert ("Earlier" in first.text, "Earlier" in second.text, "Later" in second.text) == (True, False, True)


# --- what the index looks at, and what leaves it ----------------------------------------------------------------------


def test_a_look_at_what_is_folded_looks_at_nothing(cast: Cast) -> None:
    """What lies folded on the other side is on another shelf: it is not even a candidate that is then taken out."""
    session = start(cast.checkout)
    at(session, WRITE)
    ines, tom = Participant(cast.ines, session.pk), Participant(cast.tom, session.pk)
    ines.fold("needle")
    tom.fold("needle")
    shelves = [cast.checkout.pk, cast.tom.pk]
    assert [text.by for text in index.matching(SearchText.objects.all(), terms_of("needle"), shelves)] == [cast.tom.pk]
    reveal(ines.session)
    both = index.matching(SearchText.objects.all(), terms_of("needle"), shelves)
    assert {text.shelf for text in both} == {cast.checkout.pk}


def test_the_index_is_asked_for_whole_words_alone(pair: Pair) -> None:
    """What begins with two letters is a large part of what all pairs ever wrote: only the texts of a shelf are read."""
    shelves = [pair.partnership.pk, pair.ines.pk]
    assert index.asked(terms_of("be"), shelves, "sqlite") == [
        f'shelf : ("{shelves[0].hex}" OR "{shelves[1].hex}")',
        " be",
    ]
    assert index.asked(terms_of('"one two" if-th'), shelves, "postgresql") == [
        f"('#{shelves[0]}' | '#{shelves[1]}') & 'one' & 'two' & 'if'",
        " one two ",
        " if th",
    ]


@pytest.mark.parametrize("text", ["…", "x" * 10_000, "字" * 3_000, "\ufdfa" * 2_000, "a " * 5_000, "'\\ % _ #"])
def test_nothing_that_somebody_writes_is_refused_by_the_index(pair: Pair, text: str) -> None:
    card = pair.hands(pair.started())[0].fold(text)
    assert Entry.unrestricted.get(pk=card.pk).text == text.strip()


def test_what_is_put_away_changed_or_erased_is_not_found(pair: Pair) -> None:
    session = pair.started()
    ines, _tom = pair.hands(session)
    at(session, WRITE)
    card = ines.fold("first needle")
    ines.entry(card.pk).edit(by=pair.ines, text="second needle", version=card.version)
    assert words_of(pair.ines, pair.partnership, "needle") == ["second needle"]
    ines.entry(card.pk).soft_delete(by=pair.ines)
    assert words_of(pair.ines, pair.partnership, "needle") == []
    ines.entry(card.pk, deleted=True).restore(by=pair.ines)
    reveal(ines.session)
    assert words_of(pair.tom, pair.partnership, "needle") == ["second needle"]
    erase(pair.ines)
    assert words_of(pair.tom, pair.partnership, "needle") == []
    assert not SearchText.objects.filter(words__contains="needle").exists()


def test_what_is_removed_with_time_is_not_found(pair: Pair) -> None:
    session = pair.started()
    ines, _tom = pair.hands(session)
    at(session, WRITE)
    ines.fold("needle")
    reveal(ines.session)
    Session.objects.filter(pk=session.pk).update(status=Session.Status.HELD, closed_at=timezone.now())
    later = timezone.now() + timedelta(days=800)
    retention.expire(later)
    Delivery.objects.update(status="sent", sent_at=later)
    assert words_of(pair.tom, pair.partnership, "needle") == ["needle"]
    retention.expire(later + timedelta(days=40))
    assert Entry.unrestricted.count() == 0
    assert not SearchText.objects.filter(entry__isnull=False).exists()


def test_the_index_is_made_anew_when_its_triggers_are_gone(pair: Pair) -> None:
    """As after a migration on SQLite, which makes a table anew without them."""
    session = pair.started()
    card = pair.hands(session)[0].fold("before")
    index.remove(connection)
    Entry.unrestricted.filter(pk=card.pk).update(text="meanwhile")
    assert words_of(pair.ines, pair.partnership, "meanwhile") == []
    index.install(connection)
    assert words_of(pair.ines, pair.partnership, "meanwhile") == ["meanwhile"]
    Entry.unrestricted.filter(pk=card.pk).update(text="afterwards")
    assert words_of(pair.ines, pair.partnership, "afterwards") == ["afterwards"]
    with CaptureQueriesContext(connection) as queries:
        index.install(connection)
    assert not [query for query in queries if "DELETE" in query["sql"]]  # it is there already


def test_an_action_of_both_is_found_once(cast: Cast) -> None:
    today = timezone.localdate()
    Action.agree(cast.checkout, by=cast.ines, id=uuid.uuid4(), owners=["a", "b"], text="Sketch early", due=today)
    results = Search(cast.checkout, cast.ines, query(q="sketch")).results
    assert [(result.what, result.owner) for result in results] == [("Action", None)]


@pytest.mark.parametrize("words", ["scope", '"scope dates"', "sco dates"])
def test_a_search_reads_no_table_of_all_pairs_through(pair: Pair, words: str) -> None:
    """Each step of its plan finds its rows by an index, where there is more in the tables than of one pair."""
    wanted = find.Wanted(pair.partnership, pair.ines, terms_of(words))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL enable_seqscan = off"
            )  # then it stands in the plan where nothing else can be done
    steps = find.found(wanted)[:21].explain().splitlines()
    assert len(steps) > 30
    assert [step for step in steps if "Seq Scan" in step or ("SCAN" in step and "VIRTUAL TABLE" not in step)] == []
