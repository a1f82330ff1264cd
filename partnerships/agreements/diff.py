"""What changed between two texts, word by word; and between two versions, clause by clause.

Nothing here makes markup: the runs are plain text, and the template writes <ins> and <del> around them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from enum import StrEnum
from functools import partial
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from partnerships.wording import Wording


T = TypeVar("T")
Block = tuple[str, str]  # a piece of the old text and what stands for it in the new one
# From the coarse to the fine: lines, sentences, words with the spaces and signs between them.
_CUTS = (re.compile(r"[^\n]*\n|[^\n]+"), re.compile(r".+?(?:[.;:!?]\s+|\Z)", re.DOTALL), re.compile(r"\w+|\s+|[^\w\s]"))
STEPS = 1_200_000  # that all comparisons of one page may take together, about 100 ns each
# A step is one pair of equal pieces that difflib tries. Other work counts as the steps that take as long.
_PER_CHARACTER = 1  # cut into pieces
_PER_PIECE = 4  # sorted in, and passed by in each search
_PER_SEARCH = 20
_PER_BLOCK = 100  # that the page shows
_PAIRS = 12_000  # of equal pieces in two texts; where there are more, it reads better to begin with coarser ones
_FEW = 24  # characters that may be folded into the changes around them


class ChangeKind(StrEnum):
    SAME = "same"
    INS = "ins"
    DEL = "del"


@dataclass(frozen=True)
class Run:
    kind: ChangeKind
    text: str


class Budget:
    """How many steps comparisons may still take: counted and not timed, so that the same texts always look the same."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Raises _TooCostly when less is left."""
        if steps > self.left:
            raise _TooCostly
        self.left -= steps

    @contextmanager
    def share(self, part: int, *, of: int) -> Iterator[Budget]:
        """A budget of its own with `part` of `of` of what is left. What it does not use comes back."""
        share = Budget(self.left * part // of)
        self.left -= share.left
        try:
            yield share
        finally:
            self.left += share.left


class _TooCostly(Exception):
    """It would take more steps than are left."""


def words(old: str, new: str, budget: Budget | None = None) -> list[Run]:
    """The runs from `old` to `new`. Without the insertions they read `old`, without the deletions `new`.

    Word by word as far as the budget goes, then by sentences and lines; beyond that a block counts as replaced.
    """
    if old == new:
        return [Run(ChangeKind.SAME, old)] if old else []
    return _readable(_compare(old, new, budget or Budget()))


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
            run.kind != ChangeKind.SAME for run in (*self.heading, *self.text)
        )

    @property
    def is_changed(self) -> bool:
        return self.is_added or self.is_removed or self.is_reworded or self.moved


def clauses(old: Sequence[Wording], new: Sequence[Wording], budget: Budget | None = None) -> list[ClauseChange]:
    """Every clause of both, matched by its line, in the order of `new`; a removed one stands where it stood.

    Each reworded clause has a share of the budget by its size.
    """
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
    for wording, heading, text in zip(new, *_reworded(old, new, budget or Budget()), strict=True):
        line = wording.line
        changes.append(ClauseChange(line, before.get(line), after[line], heading, text, line in moved))
        changes += [_gone(w, before) for w in gone.get(line, ())]
    return changes


def _reworded(
    old: Sequence[Wording], new: Sequence[Wording], budget: Budget
) -> tuple[list[list[Run]], list[list[Run]]]:
    """The runs of the heading of each clause of `new`, and those of its text."""
    known = {w.line: w for w in old}
    headings = [(known[w.line].heading if w.line in known else "", w.heading) for w in new]
    texts = [(known[w.line].text if w.line in known else "", w.text) for w in new]
    found = list(_each(headings + texts, budget, words))
    return found[: len(new)], found[len(new) :]


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


def _compare(old: str, new: str, budget: Budget, cuts: Sequence[re.Pattern[str]] = _CUTS) -> list[Block]:
    """The blocks of both, in order: by the last of `cuts`, the finest, if that is not too costly.

    Else by the first that parts them; within what is replaced there, once more and finer.
    """
    if old == new or not old or not new or not cuts:
        return [(old, new)]
    if blocks := _blocks(old, new, cuts[-1], budget):
        return blocks
    for n, cut in enumerate(cuts[:-1], 1):
        blocks = _blocks(old, new, cut, budget)
        if len(blocks) > 1:
            finer = partial(_compare, cuts=cuts[n:])
            return [block for found in _each(blocks, budget, finer) for block in found]
    return [(old, new)]


def _blocks(old: str, new: str, cut: re.Pattern[str], budget: Budget) -> list[Block]:
    """The blocks at one cut, for at most half of the budget. None at all when that is not enough."""
    with budget.share(1, of=2) as half:
        try:
            half.spend(_PER_CHARACTER * (len(old) + len(new)))
            a, b = cut.findall(old), cut.findall(new)
            found = _Matcher(a, b, half).get_opcodes()
            half.spend(_PER_BLOCK * len(found))
        except _TooCostly:
            return []
    return [("".join(a[a1:a2]), "".join(b[b1:b2])) for _what, a1, a2, b1, b2 in found]


class _Matcher(SequenceMatcher[str]):
    """difflib's, which pays for its steps before it takes them: it may take as many as the cube of the pieces.

    Raises _TooCostly.
    """

    b2j: dict[str, list[int]]  # where in `b` each piece stands, but for white space

    def __init__(self, a: Sequence[str], b: Sequence[str], budget: Budget) -> None:
        budget.spend(_PER_PIECE * (len(a) + len(b)))
        super().__init__(str.isspace, a, b, autojunk=False)
        self._budget = budget
        self._before = list(accumulate((_PER_PIECE + len(self.b2j.get(piece, ())) for piece in a), initial=0))
        if self._before[-1] - _PER_PIECE * len(a) > _PAIRS:
            raise _TooCostly

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """Looks at each place in `b` of each piece of `a`, also outside of `blo` and `bhi`."""
        upto = self._before[-1 if ahi is None else ahi]
        self._budget.spend(_PER_SEARCH + upto - self._before[alo])
        return super().find_longest_match(alo, ahi, blo, bhi)


def _each(blocks: Sequence[Block], budget: Budget, compare: Callable[[str, str, Budget], T]) -> Iterator[T]:
    """`compare` for each, with a share of the budget by its size. What one leaves is there for the next ones."""
    left = sum(map(_size, blocks))
    for old, new in blocks:
        size = _size((old, new))
        with budget.share(size, of=left or 1) as share:
            found = compare(old, new, share)
        left -= size
        yield found


def _size(block: Block) -> int:
    """How many characters of it have to be compared."""
    old, new = block
    return len(old) + len(new) if old and new and old != new else 0


def _readable(blocks: Iterable[Block]) -> list[Run]:
    """Neighbours of one kind become one, and a few words that stay between two larger changes belong to both.

    “within a day” → “the same day, within two days” reads better whole than cut at every “a” that both have.
    """
    found: list[_Stretch] = []
    for block in blocks:
        stretch = _Stretch(block)
        if found and found[-1].is_same == stretch.is_same:
            found[-1].take(stretch)
        else:
            found.append(stretch)
        while len(found) > 2 and _is_between(*found[-3:]):
            before, *others = found[-3:]
            before.take(*others)
            del found[-2:]
    runs = (run for stretch in found for run in _split(*stretch.texts) if run.text)
    return [Run(kind, "".join(run.text for run in same)) for kind, same in groupby(runs, lambda run: run.kind)]


class _Stretch:
    """Neighbouring blocks, all of them the same in both texts, or a change. Joined once, at the end."""

    def __init__(self, block: Block) -> None:
        self.blocks = [block]
        self.sizes = tuple(map(len, block))
        self.is_same = block[0] == block[1]

    def take(self, *others: _Stretch) -> None:
        for other in others:
            self.blocks += other.blocks
            self.sizes = (self.sizes[0] + other.sizes[0], self.sizes[1] + other.sizes[1])

    @property
    def texts(self) -> Block:
        return "".join(old for old, _new in self.blocks), "".join(new for _old, new in self.blocks)


def _is_between(before: _Stretch, stays: _Stretch, after: _Stretch) -> bool:
    if not stays.is_same:
        return False
    size = len(stays.texts[0].strip())
    return size <= _FEW and (not size or size <= min(max(before.sizes), max(after.sizes)))


def _split(old: str, new: str) -> list[Run]:
    """A change without the words and signs at its edges that both of its sides share."""
    if old == new:
        return [Run(ChangeKind.SAME, old)]
    a, b = _CUTS[-1].findall(old), _CUTS[-1].findall(new)
    head = _alike(a, b)
    tail = _alike(a[head:][::-1], b[head:][::-1])
    return [
        Run(ChangeKind.SAME, "".join(a[:head])),
        Run(ChangeKind.DEL, "".join(a[head : len(a) - tail])),
        Run(ChangeKind.INS, "".join(b[head : len(b) - tail])),
        Run(ChangeKind.SAME, "".join(a[len(a) - tail :])),
    ]


def _alike(a: list[str], b: list[str]) -> int:
    """How many pieces both begin with."""
    return next((n for n, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
