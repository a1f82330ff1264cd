"""What changed between two texts, word by word; and between two versions, clause by clause.

Nothing here makes markup: the runs are plain text, and the template writes <ins> and <del> around them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from partnerships.wording import Wording

# From the coarse to the fine: lines, sentences, words with the spaces and signs between them.
_CUTS = (re.compile(r"[^\n]*\n|[^\n]+"), re.compile(r".+?(?:[.;:!?]\s+|\Z)", re.DOTALL), re.compile(r"\w+|\s+|[^\w\s]"))
# How many pairs of equal pieces a comparison may have to try. difflib is cubic when everything is alike (“a a a a …”);
# beyond this the block counts as replaced as a whole, which is still true.
_PAIRS = 12_000
_FEW = 24  # characters that may be folded into the changes around them


class Kind(StrEnum):
    SAME = "same"
    INS = "ins"
    DEL = "del"


@dataclass(frozen=True)
class Run:
    kind: Kind
    text: str


def words(old: str, new: str) -> list[Run]:
    """The runs from `old` to `new`. Without the insertions they read `old`, without the deletions `new`."""
    if old == new:
        return [Run(Kind.SAME, old)] if old else []
    return _readable(_compare(old, new))


@dataclass(frozen=True)
class ClauseChange:
    """One clause of two texts. `before` and `after` are its numbers there, from 1; None where it does not stand."""

    line: UUID
    before: int | None
    after: int | None
    heading: list[Run]
    text: list[Run]
    moved: bool = False

    @property
    def is_added(self) -> bool:
        return self.before is None

    @property
    def is_removed(self) -> bool:
        return self.after is None

    @property
    def is_reworded(self) -> bool:
        return not (self.is_added or self.is_removed) and any(
            run.kind != Kind.SAME for run in (*self.heading, *self.text)
        )

    @property
    def is_changed(self) -> bool:
        return self.is_added or self.is_removed or self.is_reworded or self.moved


def clauses(old: Sequence[Wording], new: Sequence[Wording]) -> list[ClauseChange]:
    """Every clause of both, matched by its line, in the order of `new`; a removed one stands where it stood."""
    before = {w.line: n for n, w in enumerate(old, 1)}
    after = {w.line: n for n, w in enumerate(new, 1)}
    moved = _moved([w.line for w in old if w.line in after], [w.line for w in new if w.line in before])
    gone: dict[UUID | None, list[Wording]] = {}
    neighbour: UUID | None = None
    for wording in old:
        if wording.line in after:
            neighbour = wording.line
        else:
            gone.setdefault(neighbour, []).append(wording)
    changes = [_gone(w, before) for w in gone.get(None, ())]
    for wording in new:
        known = old[before[wording.line] - 1] if wording.line in before else None
        changes.append(
            ClauseChange(
                wording.line,
                before.get(wording.line),
                after[wording.line],
                words(known.heading if known else "", wording.heading),
                words(known.text if known else "", wording.text),
                wording.line in moved,
            )
        )
        changes += [_gone(w, before) for w in gone.get(wording.line, ())]
    return changes


def _gone(wording: Wording, before: dict[UUID, int]) -> ClauseChange:
    return ClauseChange(
        wording.line, before[wording.line], None, words(wording.heading, ""), words(wording.text, "")
    )  # fmt: skip


def _moved(old: list[UUID], new: list[UUID]) -> set[UUID]:
    """The lines that have to move, as few as possible, so that one order becomes the other."""
    place = {line: n for n, line in enumerate(old)}
    tops: list[int] = []  # tops[k]: the lowest place on which a rising row of k + 1 lines can end
    ends: list[UUID] = []  # and the line that ends it
    before: dict[UUID, UUID | None] = {}
    for line in new:
        at = bisect_left(tops, place[line])
        before[line] = ends[at - 1] if at else None
        tops[at : at + 1], ends[at : at + 1] = [place[line]], [line]
    stay: set[UUID] = set()
    step = ends[-1] if ends else None
    while step is not None:
        stay.add(step)
        step = before[step]
    return set(new) - stay


def _compare(old: str, new: str, cuts: Sequence[re.Pattern[str]] = _CUTS) -> Iterator[Run]:
    """At the finest cut that is not too costly; and within what is replaced there, once more and finer."""
    if old == new or not old or not new or not cuts:
        yield from _replaced(old, new)
        return
    finest = cuts[-1]
    a, b = finest.findall(old), finest.findall(new)
    if len(cuts) > 1 and _pairs(a, b) > _PAIRS:
        finer = cuts[1:]
        a, b = cuts[0].findall(old), cuts[0].findall(new)
    else:
        finer = ()
    if _pairs(a, b) > _PAIRS:
        yield from _compare(old, new, finer)
        return
    matcher = SequenceMatcher(str.isspace, a, b, autojunk=False)
    for what, a1, a2, b1, b2 in matcher.get_opcodes():
        one, other = "".join(a[a1:a2]), "".join(b[b1:b2])
        yield from _compare(one, other, finer) if what == "replace" else _replaced(one, other)


def _pairs(a: list[str], b: list[str]) -> int:
    one, other = Counter(a), Counter(b)
    return sum(count * other[piece] for piece, count in one.items() if not piece.isspace())


def _replaced(old: str, new: str) -> Iterator[Run]:
    if old == new:
        yield Run(Kind.SAME, old)
        return
    yield Run(Kind.DEL, old)
    yield Run(Kind.INS, new)


def _readable(runs: Iterator[Run]) -> list[Run]:
    """Neighbours of one kind become one, and a few words that stay between two larger changes belong to both.

    “within a day” → “the same day, within two days” reads better whole than cut at every “a” that both have.
    """
    found: list[tuple[str, str]] = []  # (old, new), the same where nothing changed
    for run in runs:
        if not run.text:
            continue
        old, new = ("" if run.kind == kind else run.text for kind in (Kind.INS, Kind.DEL))
        if found and (found[-1][0] == found[-1][1]) == (run.kind == Kind.SAME):
            old, new = found[-1][0] + old, found[-1][1] + new
            found.pop()
        found.append((old, new))
        while len(found) > 2 and _is_between(*found[-3:]):
            found[-3:] = [("".join(part[0] for part in found[-3:]), "".join(part[1] for part in found[-3:]))]
    return _joined(run for old, new in found for run in _split(old, new) if run.text)


def _is_between(before: tuple[str, str], stays: tuple[str, str], after: tuple[str, str]) -> bool:
    if stays[0] != stays[1] or before[0] == before[1] or after[0] == after[1]:
        return False
    size = len(stays[0].strip())
    return size <= _FEW and (not size or size <= min(max(map(len, before)), max(map(len, after))))


def _split(old: str, new: str) -> list[Run]:
    """A change without the words and signs at its edges that both of its sides share."""
    if old == new:
        return [Run(Kind.SAME, old)]
    a, b = _CUTS[-1].findall(old), _CUTS[-1].findall(new)
    head = _alike(a, b)
    tail = _alike(a[head:][::-1], b[head:][::-1])
    return [
        Run(Kind.SAME, "".join(a[:head])),
        Run(Kind.DEL, "".join(a[head : len(a) - tail])),
        Run(Kind.INS, "".join(b[head : len(b) - tail])),
        Run(Kind.SAME, "".join(a[len(a) - tail :])),
    ]


def _alike(a: list[str], b: list[str]) -> int:
    """How many pieces both begin with."""
    return next((n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def _joined(runs: Iterable[Run]) -> list[Run]:
    found: list[Run] = []
    for run in runs:
        if found and found[-1].kind == run.kind:
            found[-1] = Run(run.kind, found[-1].text + run.text)
        else:
            found.append(run)
    return found
