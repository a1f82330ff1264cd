"""The one place that decides what counts as text, and the one field class for what people write.

Content is kept as it was typed but for line ends (CRLF becomes LF). NUL, other C0 controls except TAB and LF, and
lone surrogates are refused (docs/rules/reliability.md R14). Nothing orders by content, and the search alone keeps
words of it (retros/search/index.py), so that encrypting it at rest one day is a change in two places.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships import limits
from partnerships.graphemes import cut
from partnerships.refusals import Invalid

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField

_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# A scheme; “name@host”; “name.word”, where the word could be a top-level domain (“.js” is none); “t.co/x”.
_ADDRESS = re.compile(r"://|\S@\S|\bwww\.\w|[^\W_][\w-]+\.(?!js\b)[^\W\d_]{2,}|\b\w\.[^\W\d_]{2,}/", re.IGNORECASE)


def isolated(text: str) -> str:
    """The text as it stands inside a sentence: one that has a direction of its own, from right to left, is set apart.

    Without the two marks (U+2068, U+2069) a Hebrew or Arabic name takes the words and stops beside it along. A text
    without such letters is left as it is, so that names can be searched for and copied.
    """
    has_own_direction = not text.isascii() and any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text)
    return f"\u2068{text}\u2069" if has_own_direction else text


def clean_content(text: str, *, limit: int = limits.CONTENT_LENGTH) -> str:
    """The text as it will be stored.

    Raises ValidationError when it holds a character that is no text or is longer than `limit` characters.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _REFUSED.search(text):
        raise ValidationError(_("There is a character here that is not text. Your text is here."), code="not_text")
    if (over := len(text) - limit) > 0:
        raise ValidationError(
            ngettext(
                "%(over)d character too many. Your text is here.",
                "%(over)d characters too many. Your text is here.",
                over,
            )
            % {"over": over},
            code="too_long",
        )
    return text


def content(text: str, *, needed: str = "") -> str:
    """`clean_content` for a verb: raises Invalid, also for an empty text when `needed` says what is missing."""
    try:
        text = clean_content(text)
    except ValidationError as error:
        raise Invalid(error.messages[0]) from error
    if not needed:
        return text
    if not text.strip():
        raise Invalid(needed, field="text")
    return text.strip()


def clean_line(text: str, *, limit: int) -> str:
    """One line, trimmed: no line breaks, no invisible direction marks. For a heading inside what the two write."""
    text = clean_content(text, limit=limit).strip()
    if "\n" in text or "\t" in text or _BIDI.search(text):
        raise ValidationError(_("A name is one line of plain characters."), code="not_a_name")
    return text


def clean_name(text: str, *, limit: int = limits.NAME_LENGTH) -> str:
    """`clean_line` for a name or a title that mails and calendars carry to others, and without an address in it.

    A mail program makes a link of every address, and whoever gets the mail takes it for one of ours.
    """
    text = clean_line(text, limit=limit)
    if _ADDRESS.search(unicodedata.normalize("NFKC", text)):
        raise ValidationError(
            _("A name holds no web address and no mail address. Leave it out, or write it without the dot."),
            code="address",
        )
    return text


def search_words(words: str) -> str:
    """What a list is searched with: no more than a database can be asked for, and nothing that it refuses."""
    return cut(words.replace("\x00", "").strip(), 100)


class ContentField(TextField):
    """What somebody wrote. The database never sees text that `clean_content` would refuse, up to the length of an
    agreement; that of one text is held by the verb, with `content`.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return clean_content(value, limit=limits.AGREEMENT_LENGTH) if isinstance(value, str) else value
