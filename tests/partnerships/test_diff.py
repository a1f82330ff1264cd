"""What changed, word by word and clause by clause: true, readable, and never slow."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.diff import ClauseChange, Kind, Run, clauses, words
from partnerships.wording import Wording

pytestmark = pytest.mark.one_database

TEXTS = st.text(st.sampled_from("ab c.\n,é‮😀"), max_size=60) | st.text(max_size=40)
SLOW = 2.0  # seconds: ten times what one request may take (docs/rules/reliability.md R6)


def side(runs: Sequence[Run], without: Kind) -> str:
    return "".join(run.text for run in runs if run.kind != without)


def shown(old: str, new: str) -> str:
    marks = {Kind.SAME: "{}", Kind.INS: "+[{}]", Kind.DEL: "-[{}]"}
    return "".join(marks[run.kind].format(run.text) for run in words(old, new))


@given(TEXTS, TEXTS)
def test_both_texts_come_back(old: str, new: str) -> None:
    runs = words(old, new)
    assert side(runs, Kind.INS) == old
    assert side(runs, Kind.DEL) == new
    assert all(run.text for run in runs)
    assert all(one.kind != two.kind for one, two in pairwise(runs))


@given(TEXTS)
def test_the_same_text_is_one_run(text: str) -> None:
    assert words(text, text) == ([Run(Kind.SAME, text)] if text else [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "Tom answers within a day.",
            "Tom answers the same day if it blocks Ines.",
            "Tom answers -[within a day]+[the same day if it blocks Ines].",
        ),
        (
            "Tom answers design questions within a day.",
            "Tom answers design questions the same day if it blocks Ines, within two days if it doesn’t.",
            "Tom answers design questions -[within a day]"
            "+[the same day if it blocks Ines, within two days if it doesn’t].",
        ),
        ("We may meet at ten", "We can meet at nine", "We -[may]+[can] meet at -[ten]+[nine]"),
        (
            "We tell one story. He takes notes.",
            "We tell one story, and both of us talk.",
            "We tell one story-[. He takes notes]+[, and both of us talk].",
        ),
        ("One, two", "One, three", "One, -[two]+[three]"),
        ("One two three four", "One five six four", "One -[two three]+[five six] four"),
        ("", "New", "+[New]"),
        ("Old", "", "-[Old]"),
        ("One\ntwo", "One two", "One-[\n]+[ ]two"),
    ],
)
def test_it_reads_well(old: str, new: str, expected: str) -> None:
    assert shown(old, new) == expected


def test_a_long_clause_is_still_compared_by_words() -> None:
    old = " ".join(f"Sentence {n} of a long and rather repetitive text that goes on." for n in range(150))
    new = old.replace("Sentence 70 of a long", "Sentence 70 of a short")
    assert [run for run in words(old, new) if run.kind != Kind.SAME] == [
        Run(Kind.DEL, "long"), Run(Kind.INS, "short"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a " * 5000, "a " * 4900 + "b " * 100),
        ("a b " * 2500, "b a " * 2500),
        ("! " * 5000, "!" * 10_000),
        (" " * 10_000, "\n" * 10_000),
        ("a\n" * 5000, "b\na\n" * 2500),
        ("a. " * 3333, "a! " * 3333),
    ],
)
def test_nobody_can_make_it_slow(old: str, new: str) -> None:
    began = time.perf_counter()
    runs = words(old, new)
    assert time.perf_counter() - began < SLOW
    assert side(runs, Kind.INS) == old
    assert side(runs, Kind.DEL) == new


# --- clauses ---------------------------------------------------------------------------------------------------------

LINES = [uuid.uuid4() for _n in range(6)]
WORDINGS = st.lists(
    st.builds(Wording, st.sampled_from(["One.", "Two.", "One and two."]), st.sampled_from(["", "H"]),
              st.sampled_from(LINES)),
    unique_by=lambda w: w.line, max_size=6,
)  # fmt: skip


def rebuilt(changes: list[ClauseChange], *, old: bool) -> list[tuple[uuid.UUID, str, str]]:
    without = Kind.INS if old else Kind.DEL
    numbered = [(c.before if old else c.after, c) for c in changes]
    stand = sorted(((n, c) for n, c in numbered if n is not None), key=lambda pair: pair[0])
    assert [n for n, _change in stand] == list(range(1, len(stand) + 1))
    return [(c.line, side(c.heading, without), side(c.text, without)) for _n, c in stand]


@given(WORDINGS, WORDINGS)
def test_both_versions_come_back(old: list[Wording], new: list[Wording]) -> None:
    changes = clauses(old, new)
    assert rebuilt(changes, old=True) == [(w.line, w.heading, w.text) for w in old]
    assert rebuilt(changes, old=False) == [(w.line, w.heading, w.text) for w in new]
    assert [c.after for c in changes if c.after] == list(range(1, len(new) + 1))
    if [(w.line, w.text, w.heading) for w in old] == [(w.line, w.text, w.heading) for w in new]:
        assert not any(c.is_changed for c in changes)
    else:
        assert any(c.is_changed for c in changes)


def test_only_what_moved_is_called_moved() -> None:
    one, two, three, four = (Wording(name) for name in ("One", "Two", "Three", "Four"))
    changes = clauses([one, two, three, four], [two, three, four, one])
    assert [c.line for c in changes if c.moved] == [one.line]
    (moved,) = (c for c in changes if c.moved)
    assert (moved.before, moved.after) == (1, 4)


def test_a_removed_clause_stands_where_it_stood() -> None:
    one, two, three = (Wording(name) for name in ("One", "Two", "Three"))
    changes = clauses([one, two, three], [one, three])
    assert [(c.line, c.is_removed) for c in changes] == [(one.line, False), (two.line, True), (three.line, False)]


def test_two_hundred_clauses_are_fast() -> None:
    old = [Wording(f"Clause {n} says something that both of us can read and keep. " * 4) for n in range(200)]
    new = [Wording(w.text.replace("both", "the two"), "", w.line) for w in reversed(old)]
    began = time.perf_counter()
    changes = clauses(old, new)
    assert time.perf_counter() - began < SLOW
    assert len([c for c in changes if c.is_reworded]) == 200
