"""What a browser says that it shows of a room (retros/room/regions.py), and by which ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from uuid import UUID

from retros.paths import mark, short_id

# An id as a page writes it: whole; in an address of a card; where a page names an element or refers to one.
IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=/entries/)[\w-]{22}(?=/)"
    r'|(?:(?<= id=")|(?<= for=")|(?<=labelledby=")|(?<=#))(?:[a-z-]+[ -])?[\w-]{8}(?=")'
)


def spellings(ids: Iterable[str]) -> set[str]:
    """These ids in each of the ways in which a page writes them."""
    return {spelt for id in ids for spelt in _spelt(id)}


@cache
def _spelt(id: str) -> tuple[str, str, str]:
    return id, short_id(UUID(id)), mark(UUID(id))


def with_known_ids(text: str, known: set[str]) -> str:
    """All other ids look alike. `known`: ids as they are written in full."""
    spelt = spellings(known)
    return IDS.sub(lambda found: found[0] if found[0] in spelt or found[0][-8:] in spelt else "~", text)


def shown_in(page: str) -> str:
    """The digests of the regions in a page, as a browser sends them: eight letters each."""
    return "".join(re.findall(r'data-v="([\w-]{8})"', page))


def regions(answer: str) -> list[str]:
    """The ids of the regions in an answer of the room, sorted."""
    return sorted(re.findall(r'<\w+[^>]* id="([\w-]+)"[^>]* hx-swap-oob="morph"', answer))


def without_digests(text: str) -> str:
    """Digests go by the ids of what stands in a region. Of them their number stays; what they are of is compared."""
    return re.sub(r'(?<=data-v=")[\w-]+|(?<=data-order=")[\w-]+', lambda found: f"{len(found[0])} letters", text)


def ids_in(html: str) -> list[str]:
    """Of all its elements, in order."""
    return re.findall(r'<\w+[^>]* id="([\w-]+)"', html)
