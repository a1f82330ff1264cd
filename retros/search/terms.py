"""What somebody looks for, as they typed it: words, each the beginning of one, and phrases in quotation marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from retros.search.folding import fold

MOST_TERMS = 12
LONGEST = 200  # characters
_PART = re.compile(r'"([^"]*)("?)|([^\s"]+)')
_QUOTES = str.maketrans(dict.fromkeys("“”„«»‟", '"'))


@dataclass(frozen=True)
class Term:
    """Folded words that follow each other. The last one is the beginning of a word, unless the term is `whole`."""

    words: str
    whole: bool

    @property
    def whole_words(self) -> list[str]:
        """Those that a text has to hold as they are."""
        words = self.words.split(" ")
        return words if self.whole else words[:-1]

    @property
    def as_it_stands(self) -> str:
        """What a text holds, with a space before and after it, when it holds the term."""
        return f" {self.words}{' ' if self.whole else ''}"

    def stands_in(self, folded: str) -> bool:
        """Whether a text with these folded words holds it. What the databases find is exactly this."""
        return self.as_it_stands in f" {folded} "


def terms_of(typed: str) -> list[Term]:
    """All of them have to be found. A quotation mark that nobody closed begins a phrase, too."""
    found = []
    for quoted, closed, word in _PART.findall(typed[:LONGEST].translate(_QUOTES)):
        if words := fold(quoted or word):
            found.append(Term(words, whole=bool(closed)))
    return list(dict.fromkeys(found))[:MOST_TERMS]
