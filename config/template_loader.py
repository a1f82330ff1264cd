"""Loads the templates of this project without the white space that only lays out their source.

The rule, for ``*.html``. A line break, with the white space around it, is sent as

- one space within a tag of HTML, between its attributes and in their values, and beside plain text;
- nothing anywhere else: between two tags (of HTML or of Django, ``{{ … }}`` included), before the end of a tag of HTML,
  at both ends of the file.

All else is sent as it stands: spaces within a line (but for the one that a formatter puts before ``/>``),
``{% blocktranslate %}`` with its msgid, ``{% verbatim %}``, and what stands in ``<pre>``, ``<textarea>``, ``<script>``
and ``<style>``. So a space that is to be seen between two tags stands on one line with both of them, or is written
``{{ " " }}``.

Plain text (``*.txt``) and the templates of other packages are sent as they stand. Django counts the lines of what is
sent: an error in a template names the tag rightly, and line 1.
"""

from __future__ import annotations

import re

from django.template import Origin
from django.template.loaders import filesystem

_DJANGO = r"\{%.*?%\}|\{\{.*?\}\}|\{\#.*?\#\}"
_ATTRIBUTES = rf"""(?:{_DJANGO}|"[^"]*"|'[^']*'|[^"'>])*"""
TOKEN = re.compile(  # `lastgroup` of a match is its kind
    rf"""
    (?P<kept> \{{%\s*(?P<block>blocktranslate|verbatim|comment)\b .*? \{{%\s*end(?P=block)\b.*?%\}} | <!--.*?--> )
    | (?P<opening> <(?P<element>pre|textarea|script|style)\b{_ATTRIBUTES}> ) (?P<content> .*?</(?P=element)\s*> )
    | (?P<tag> <[/!]?[a-z]{_ATTRIBUTES}> )
    | (?P<django> {_DJANGO} )
    | (?P<layout> \s*\n\s* )
    | (?P<text> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_IN_TAG = re.compile(r"""\s*\n\s*(/?>\Z)?|(?<=["'])\s+(/?>\Z)""")
_SPACE = '{{ " " }}'


class Loader(filesystem.Loader):
    """Django's loader of the folders in DIRS; what it reads goes through `without_layout`."""

    def get_contents(self, origin: Origin) -> str:
        source = super().get_contents(origin)
        return without_layout(source) if origin.name.endswith(".html") else source


def without_layout(source: str) -> str:
    """The source of a template as it is sent, by the rule above. Doing it twice changes nothing more."""
    tokens = list(TOKEN.finditer(source))
    kinds = [token.lastgroup for token in tokens]
    parts = []
    for n, token in enumerate(tokens):
        if kinds[n] == "layout":
            is_inside = 0 < n < len(tokens) - 1
            parts.append(" " if is_inside and "text" in (kinds[n - 1], kinds[n + 1]) else "")
        elif kinds[n] == "content":
            parts.append(_on_one_line(token["opening"]) + token["content"])
        elif kinds[n] == "tag":
            parts.append(_on_one_line(token[0]))
        else:
            parts.append(" " if token[0] == _SPACE else token[0])
    return "".join(parts)


def _on_one_line(tag: str) -> str:
    return _IN_TAG.sub(lambda found: found[1] or found[2] or " ", tag)
