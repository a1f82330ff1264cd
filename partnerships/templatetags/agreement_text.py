from __future__ import annotations

import re

from django import template

register = template.Library()

# Signs that change the order or hide the length of a text and show nothing themselves (docs/rules/reliability.md R14).
# The joiners U+200C and U+200D stay: several scripts and many emoji need them.
_UNSEEN = re.compile(r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


@register.filter
def visible(text: str) -> str:
    """The text with every unseen sign written out: ⟨U+202E⟩. Plain text: the template escapes it as any other."""
    return _UNSEEN.sub(lambda sign: f"⟨U+{ord(sign[0]):04X}⟩", str(text))
