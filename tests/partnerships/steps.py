"""What a comparison costs, counted inside difflib and not by the code under test; and texts that cost the most."""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

CLAUSE = 9_800  # characters of the longest clauses that the tests write; a form takes 10,000


class Steps:
    """How many pieces difflib has looked at, and how many places of equal pieces it has tried."""

    def __init__(self) -> None:
        self.count = 0


class _Places(list[int]):
    """Where one piece stands. Whoever walks over it is counted, step by step."""

    def __init__(self, places: list[int], steps: Steps) -> None:
        super().__init__(places)
        self.steps = steps

    def __iter__(self) -> Iterator[int]:
        for place in super().__iter__():
            self.steps.count += 1
            yield place


@contextmanager
def counted() -> Iterator[Steps]:
    """Counts every search of difflib's matchers while it is open."""
    steps = Steps()
    search = difflib.SequenceMatcher.find_longest_match

    def counting(
        self: Any, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> difflib.Match:
        if not any(isinstance(places, _Places) for places in self.b2j.values()):
            self.b2j = {piece: _Places(places, steps) for piece, places in self.b2j.items()}
        steps.count += (len(self.a) if ahi is None else ahi) - alo
        return search(self, alo, ahi, blo, bhi)

    with mock.patch.object(difflib.SequenceMatcher, "find_longest_match", counting):
        yield steps


# --- hostile texts ----------------------------------------------------------------------------------------------------


def swapped(words: list[str]) -> list[str]:
    """Each two neighbours have changed places."""
    turned = list(words)
    turned[:-1:2], turned[1::2] = turned[1::2], turned[: len(turned) - 1 : 2]
    return turned


def swapped_clause(start: int = 0) -> tuple[str, str]:
    """The dearest clause that was found: 4,900 words of one letter, all distinct, each two neighbours swapped."""
    words = [chr(0x4E00 + start + n) for n in range(CLAUSE // 2)]
    return " ".join(words), " ".join(swapped(words))


def hostile(dice: random.Random, size: int) -> tuple[str, str]:
    """Two texts of about so many characters, made of the same words in two orders that no comparison likes."""
    width, apart = dice.choice([1, 2, 4, 8, 40]), dice.choice([" ", "\n", ". ", ".\n", ", ", "-", "  \n\n", "! ", ""])
    count = size // (width + len(apart)) + 1
    known = dice.choice([1, 2, 3, 5, 20, 100, count])
    words = [_word(n % known, width) for n in range(count)]
    return apart.join(words), apart.join(dice.choice(ORDERS)(words, dice))


def _word(number: int, width: int) -> str:
    return (chr(0x4E00 + number % 20_000) + "x" * width)[:width]


def _shuffled(words: list[str], dice: random.Random) -> list[str]:
    return dice.sample(words, len(words))


def _rotated(words: list[str], dice: random.Random) -> list[str]:
    at = dice.randrange(len(words))
    return words[at:] + words[:at]


def _every(words: list[str], dice: random.Random) -> list[str]:
    """Every second or third or … word is another one."""
    step = dice.randrange(1, 6)
    return [chr(0xAC00 + n % 11_000) if n % step == 0 else word for n, word in enumerate(words)]


ORDERS: list[Callable[[list[str], random.Random], list[str]]] = [
    _shuffled,
    _rotated,
    _every,
    lambda words, _dice: swapped(words),
    lambda words, _dice: words[::-1],
    lambda words, _dice: words[::2],
    lambda words, _dice: words[1::2] + words[::2],
    lambda words, _dice: [word for pair in zip(words, words, strict=True) for word in pair][: len(words)],
    lambda words, dice: [*words[1:], dice.choice(words)],
    lambda words, _dice: ["".join(words)],
    lambda words, _dice: [word + word for word in words],
]
