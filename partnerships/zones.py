"""Time zones: the one list that forms offer and everything typed is compared with. Read once from the zone files."""

from __future__ import annotations

import zoneinfo
from functools import cache


@cache
def known() -> frozenset[str]:
    """Every IANA name that this machine can convert, also old ones such as “Japan”."""
    return frozenset(zoneinfo.available_timezones())


@cache
def offered() -> list[tuple[str, str]]:
    """(name, words) of those that people live in, by the name that browsers report, and UTC: for a select."""
    return [(name, words(name)) for name in sorted(known()) if "/" in name or name == "UTC"]


def words(name: str) -> str:
    """“America/New York”."""
    return name.replace("_", " ")
