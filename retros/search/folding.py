"""What a text is compared as: its words without accents, in small letters, one space between them.

It is the same in Python, in which SQLite calls it, and in PostgreSQL (`SQL`), whatever locale the database has: all of
it is in the four tables here. Words of letters from outside of the tables are compared as they are.
"""

from __future__ import annotations

import re
import unicodedata

WORD_LENGTH = 60  # characters of a word that count

# Ranges in the notation that the regular expressions of both understand.
_MARKS = (  # accents and other marks that a letter may carry
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a"
    r"\ufe00-\ufe0f\ufe20-\ufe2f"
)
_ALONE = (  # each is a word: scripts without spaces, and pictures
    r"\u2600-\u27bf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_BETWEEN = (  # what stands between words
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u02b0-\u02ff\u055a-\u055f\u0589\u058a\u05be"
    r"\u05c0\u05c3\u05c6\u05f3\u05f4\u060c\u061b\u061d-\u061f\u066a-\u066d\u06d4\u0964\u0965\u0970\u0e2f\u0e4f"
    r"\u104a\u104b\u1361-\u1368\u2000-\u206f\u20a0-\u20cf\u2100-\u214f\u2190-\u25ff\u27c0-\u2bff\u2e00-\u2e7f"
    r"\u3000-\u303f\ufe10-\ufe1f\ufe30-\ufe6f\ufeff\uff00-\uff0f\ufffd"
)
# So many signs of other scripts in a row. A normal form sorts the marks of one letter by comparing each with each, and
# somebody may write thousands of them on it. So after these comes a mark that parts them, and that is taken away with
# all others (U+034F, as in the stream-safe text format of UAX 15).
_MANY, _PARTED = r"[^\u0001-\u02ff]{30}", "\u034f"
_SPELLED = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}
_ALIKE = dict(zip("øØłŁđĐðÐħĦıς", "oollddddhhiσ", strict=True))


def _small_letters() -> dict[str, str]:
    """Of the Latin, Greek, Cyrillic and Armenian letters that no accent is taken from."""
    found = {}
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x588), *range(0x1E00, 0x1F00)):
        letter, small = chr(code), chr(code).lower()
        if len(small) == 1 and small != letter and not unicodedata.decomposition(letter):
            found[letter] = small
    return {letter: small for letter, small in {**found, **_ALIKE}.items() if letter not in _SPELLED}


_LETTERS = _small_letters()
_TABLE = str.maketrans({**_LETTERS, **_SPELLED})
_MARK, _OWN, _BREAK = (re.compile(f"[{ranges}]") for ranges in (_MARKS, _ALONE, _BETWEEN))
_LONG = re.compile(_MANY)


def fold(text: str) -> str:
    """“Crème brûlée, NOW” is “creme brulee now”. Empty for a text without a word."""
    safe = _LONG.sub(rf"\g<0>{_PARTED}", text.replace("\0", " "))
    bare = _MARK.sub("", unicodedata.normalize("NFKD", safe)).translate(_TABLE)
    words = _BREAK.sub(" ", _OWN.sub(r" \g<0> ", bare)).split(" ")
    return " ".join(word[:WORD_LENGTH] for word in words if word)


def _sql() -> str:
    """The body of the same function for PostgreSQL. A text of ASCII alone takes the short way."""
    safe = f"regexp_replace($1, '{_MANY}', '\\&{_PARTED}', 'g')"
    bare = f"regexp_replace(normalize({safe}, NFKD), '[{_MARKS}]', '', 'g')"
    for letter, spelled in _SPELLED.items():
        bare = f"replace({bare}, '{letter}', '{spelled}')"
    bare = f"translate({bare}, '{''.join(_LETTERS)}', '{''.join(_LETTERS.values())}')"
    parted = f"regexp_replace({bare}, '[{_ALONE}]', ' \\& ', 'g')"
    far = f"regexp_replace({parted}, '[{_BETWEEN}]+', ' ', 'g')"
    near = "regexp_replace(lower($1 COLLATE \"C\"), '[^a-z0-9]+', ' ', 'g')"
    words = f"CASE WHEN octet_length($1) = length($1) THEN {near} ELSE {far} END"
    cut = f"regexp_replace({words}, '([^ ]{{{WORD_LENGTH}}})[^ ]+', '\\1', 'g')"
    return f"btrim(regexp_replace({cut}, ' +', ' ', 'g'))"


SQL = _sql()
