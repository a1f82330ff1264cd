"""A few words around what was found, in parts: the template marks those that match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from partnerships.graphemes import shorten
from retros.search.folding import WORD_LENGTH, fold
from retros.search.terms import Term

LENGTH = 220  # characters
BEFORE = 60  # of these before the first match


class Part(NamedTuple):
    text: str
    is_match: bool


class _Word(NamedTuple):
    folded: str
    start: int
    end: int


def snippet(text: str, terms: Sequence[Term]) -> list[Part]:
    """Starts near the first match, at a word; cut at the end without splitting what is one sign."""
    text = " ".join(text.split())
    spans = sorted(_spans(list(_words(text)), terms))
    start = _start(text, spans[0][0]) if spans else 0
    shown = shorten(text[start:], LENGTH)
    kept = len(shown) if shown == text[start:] else len(shown) - 1  # of the original: the last sign is “…”
    parts, at = [Part("…", False)] if start else [], 0
    for begin, end in spans:
        begin, end = max(begin - start, at), min(end - start, kept)
        if begin < end:
            parts += [Part(shown[at:begin], False), Part(shown[begin:end], True)]
            at = end
    return [part for part in [*parts, Part(shown[at:], False)] if part.text]


def _words(text: str) -> Iterator[_Word]:
    """Each folded word with where it stands. One sign may fold to several words, and several to one."""
    begun, start = "", 0
    for at, char in enumerate(text):
        for n, piece in enumerate(_folded(char).split(" ")):
            if n and begun:
                yield _Word(begun[:WORD_LENGTH], start, at if n == 1 else at + 1)
                begun = ""
            if piece:
                start = start if begun else at
                begun += piece
    if begun:
        yield _Word(begun[:WORD_LENGTH], start, len(text))


@lru_cache(1024)
def _folded(char: str) -> str:
    """Of one sign between two letters: nothing for a mark, a space for what parts words."""
    return fold(f"x{char}x")[1:-1]


def _spans(words: list[_Word], terms: Sequence[Term]) -> Iterator[tuple[int, int]]:
    line = "".join(f" {word.folded}" for word in words) + " "
    begins = accumulate((len(word.folded) + 1 for word in words), initial=0)
    number = {begin: at for at, begin in enumerate(begins)}
    for term in terms:
        further = term.words.count(" ")
        begin = line.find(term.as_it_stands)
        while begin != -1:
            at = number[begin]
            yield words[at].start, words[at + further].end
            begin = line.find(term.as_it_stands, begin + 1)


def _start(text: str, match: int) -> int:
    """Where to begin, so that the match can be seen: after a space."""
    if match <= BEFORE:
        return 0
    space = text.find(" ", match - BEFORE, match)
    return match if space == -1 else space + 1
