"""What changed, word by word and clause by clause: true, readable, and never slow."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.agreements import diff
from partnerships.agreements.diff import ChangeKind, ClauseChange, Run, clauses, words
from partnerships.wording import Wording
from tests.partnerships.steps import CLAUSE, counted, hostile, swapped_clause

pytestmark = pytest.mark.one_database

TEXTS = st.text(st.sampled_from("ab c.\n,é‮😀"), max_size=60) | st.text(max_size=40)
MOST = 1_200_000  # steps of difflib for one page, of about 0.1 µs


def side(runs: Sequence[Run], without: ChangeKind) -> str:
    return "".join(run.text for run in runs if run.kind != without)


def shown(old: str, new: str) -> str:
    marks = {ChangeKind.SAME: "{}", ChangeKind.INS: "+[{}]", ChangeKind.DEL: "-[{}]"}
    return "".join(marks[run.kind].format(run.text) for run in words(old, new))


@given(TEXTS, TEXTS)
def test_both_texts_come_back(old: str, new: str) -> None:
    runs = words(old, new)
    assert side(runs, ChangeKind.INS) == old
    assert side(runs, ChangeKind.DEL) == new
    assert all(run.text for run in runs)
    assert all(one.kind != two.kind for one, two in pairwise(runs))


@given(TEXTS)
def test_the_same_text_is_one_run(text: str) -> None:
    assert words(text, text) == ([Run(ChangeKind.SAME, text)] if text else [])


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
    assert [run for run in words(old, new) if run.kind != ChangeKind.SAME] == [
        Run(ChangeKind.DEL, "long"), Run(ChangeKind.INS, "short"),
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
        swapped_clause(),
    ],
)
def test_nobody_can_make_it_slow(old: str, new: str) -> None:
    with counted() as steps:
        runs = words(old, new)
    assert steps.count <= MOST
    assert side(runs, ChangeKind.INS) == old
    assert side(runs, ChangeKind.DEL) == new


def test_the_steps_of_an_ordinary_change_are_counted() -> None:
    with counted() as steps:
        words("We meet on Monday at ten.", "We meet on Tuesday at ten.")
    assert 10 < steps.count < 500


@pytest.mark.parametrize(
    ("pairs", "scale"), [(2000, 40), pytest.param(2000, 1, marks=pytest.mark.deep)], ids=["small", "as long as allowed"]
)
def test_two_thousand_hostile_pairs_keep_to_their_budget(pairs: int, scale: int) -> None:
    """The budget is all that bounds the work, so texts of a fortieth with a fortieth of it show the same."""
    for seed in range(pairs):
        dice = random.Random(seed)
        old, new = hostile(dice, dice.randrange(1, 50_000 // scale))
        budget = diff.Budget(MOST // scale)
        with counted() as steps:
            runs = words(old, new, budget)
        assert steps.count <= MOST // scale - budget.left, seed
        assert (side(runs, ChangeKind.INS), side(runs, ChangeKind.DEL)) == (old, new), seed


def test_twenty_hostile_pairs_as_long_as_a_text_may_be() -> None:
    for seed in range(20):
        old, new = hostile(random.Random(seed), 50_000)
        with counted() as steps:
            runs = words(old, new)
        assert steps.count <= MOST, seed
        assert (side(runs, ChangeKind.INS), side(runs, ChangeKind.DEL)) == (old, new), seed


def test_what_is_too_costly_by_words_is_compared_by_sentences() -> None:
    """And then by words in each sentence that changed."""
    old, new = ([text[n : n + 39] + ". " for n in range(0, CLAUSE, 40)] for text in swapped_clause())
    new[::2] = old[::2]
    new[1] = old[1].replace(old[1][4], "other")
    runs = words("".join(old), "".join(new))
    assert "".join(old[2]) in "".join(run.text for run in runs if run.kind == ChangeKind.SAME)
    assert [run.text for run in runs][1:3] == [old[1][4], "other"]
    assert sum(len(run.text) for run in runs if run.kind == ChangeKind.SAME) > sum(map(len, old[::2])) - 10


# --- clauses ---------------------------------------------------------------------------------------------------------

LINES = [uuid.uuid4() for _n in range(6)]
WORDINGS = st.lists(
    st.builds(Wording, st.sampled_from(["One.", "Two.", "One and two."]), st.sampled_from(["", "H"]),
              st.sampled_from(LINES)),
    unique_by=lambda w: w.line, max_size=6,
)  # fmt: skip


def rebuilt(changes: list[ClauseChange], *, old: bool) -> list[tuple[uuid.UUID, str, str]]:
    without = ChangeKind.INS if old else ChangeKind.DEL
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
    with counted() as steps:
        changes = clauses(old, new)
    assert steps.count <= MOST
    assert len([c for c in changes if c.is_reworded]) == 200


def test_all_clauses_of_a_text_share_one_budget() -> None:
    pairs = [swapped_clause(n) for n in range(4)]
    old = [Wording(text) for text, _turned in pairs]
    new = [Wording(turned, "", w.line) for w, (_text, turned) in zip(old, pairs, strict=True)]
    short = Wording("We meet on Monday.")
    with counted() as steps:
        changes = clauses([*old, short], [*new, Wording("We meet on Tuesday.", "", short.line)])
    assert sum(len(w.text) for w in old) > 4 * (CLAUSE - 2)
    assert steps.count <= MOST
    assert len([c for c in changes if c.is_reworded]) == 5
    assert [run.text for run in changes[-1].text] == ["We meet on ", "Monday", "Tuesday", "."]
