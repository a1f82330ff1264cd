"""A few words that several people may change and that carry no version: what a page showed of them, as a number."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from django.utils.translation import gettext as _

from partnerships.refusals import Stale


def version_of(words: Sequence[str]) -> int:
    """0 for none."""
    return crc32("\0".join(words).encode()) if any(words) else 0


def check_seen(version: int, *, mine: Sequence[str], theirs: Sequence[str]) -> None:
    """For a verb that puts `mine` in the place of `theirs`, under its lock. Raises Stale, with both, when the page
    showed neither: somebody changed them meanwhile.
    """
    now = version_of(theirs)
    if version != now and version_of(mine) != now:
        raise Stale(
            _("This was changed in between. Both texts are here; keep the one you want."),
            mine="\n".join(mine), theirs="\n".join(theirs) if any(theirs) else _("(nothing)"), version=now,
        )  # fmt: skip
