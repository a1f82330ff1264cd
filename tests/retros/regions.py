"""What a browser says that it shows of a room (retros/room/regions.py)."""

from __future__ import annotations

import re


def shown_in(page: str) -> str:
    """The digests of the regions in a page, as a browser sends them: eight letters each."""
    return "".join(re.findall(r'data-v="([\w-]{8})"', page))


def regions(answer: str) -> list[str]:
    """The ids of the regions in an answer of the room, sorted."""
    return sorted(re.findall(r'<\w+[^>]* id="([\w-]+)"[^>]* hx-swap-oob="morph"', answer))


def without_digests(text: str) -> str:
    """Digests go by the ids of what stands in a region. Of them their number stays; what they are of is compared."""
    return re.sub(r'(?<=data-v=")[\w-]+|(?<=data-order=")[\w-]+', lambda found: f"{len(found[0])} letters", text)
