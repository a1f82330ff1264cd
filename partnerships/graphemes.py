"""Where a text may be cut: between two of what a reader takes for one character (UAX #29, grapheme clusters).

Python's `unicodedata` has no such property. Its categories decide here, on the careful side: what is kept together may
be more than the standard asks for. Left out are signs that belong to what follows them (GB9b), and Indic consonants
with another mark between the virama and the second one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_JOINER = "\u200d"
_VIRAMA = 9  # canonical combining class: joins two consonants of an Indic script (GB9c)
# Not marks by their category, and yet part of what stands before them.
_EXTEND = frozenset("\u200c\u200d\uff9e\uff9f\u0e33\u0eb3")


def graphemes(text: str) -> Iterator[str]:
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or may_cut(text, end):
            yield text[start:end]
            start = end


def cut(text: str, limit: int) -> str:
    """The longest beginning of at most `limit` code points that cuts no grapheme."""
    end = min(limit, len(text))
    while 0 < end < len(text) and not may_cut(text, end):
        end -= 1
    return text[:end]


def shorten(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` code points, and an ellipsis where something is left out."""
    line = " ".join(text.split())
    return line if len(line) <= limit else cut(line, limit).rstrip() + "…"


def may_cut(text: str, at: int) -> bool:
    """Whether a grapheme ends before index `at`, which lies inside the text."""
    before, after = text[at - 1], text[at]
    if before < "\u0300" > after:
        return before + after != "\r\n"
    if _extends(after) or before == ZERO_WIDTH_JOINER or unicodedata.combining(before) == _VIRAMA:
        return False
    if _is_regional(before) and _is_regional(after):
        run = at
        while run and _is_regional(text[run - 1]):
            run -= 1
        return (at - run) % 2 == 0  # two of them are one flag
    return _syllable(before) + _syllable(after) not in _HANGUL_JOINS


def _extends(sign: str) -> bool:
    """Marks, variation selectors, joiners, skin tones, and the tags of flags such as Scotland's (GB9, GB9a)."""
    is_modifier = "\U0001f3fb" <= sign <= "\U0001f3ff" or "\U000e0020" <= sign <= "\U000e007f"
    return is_modifier or sign in _EXTEND or unicodedata.category(sign).startswith("M")


def _is_regional(sign: str) -> bool:
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


# Leading consonant, vowel, trailing consonant, and the whole syllables that may take one more (GB6 to GB8).
_HANGUL_JOINS = frozenset({"LL", "LV", "LG", "LH", "VV", "VT", "GV", "GT", "HT", "TT"})


def _syllable(sign: str) -> str:
    """L, V or T for a letter of Hangul; G for a syllable without trailing consonant, H with one; "-" for the rest."""
    if "\uac00" <= sign <= "\ud7a3":
        return "H" if (ord(sign) - 0xAC00) % 28 else "G"
    if "\u1100" <= sign <= "\u115f" or "\ua960" <= sign <= "\ua97c":
        return "L"
    if "\u1160" <= sign <= "\u11a7" or "\ud7b0" <= sign <= "\ud7c6":
        return "V"
    return "T" if "\u11a8" <= sign <= "\u11ff" or "\ud7cb" <= sign <= "\ud7fb" else "-"
