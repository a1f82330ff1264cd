"""Time zones: the one list that forms offer and everything typed is compared with. Read once from the zone files."""

from __future__ import annotations

import zoneinfo
from functools import cache
from importlib.resources import files


@cache
def known() -> frozenset[str]:
    """Every IANA name that this machine can convert, also old ones such as “Japan”."""
    return frozenset(zoneinfo.available_timezones())


@cache
def offered() -> list[tuple[str, str]]:
    """(name, words) of those that people live in, each place once, and UTC: for a select."""
    # The table of the IANA has a line for each place, under its name of today.
    places = {line.split("\t")[2] for line in _lines("zone.tab") if not line.startswith("#")}
    return [(name, words(name)) for name in sorted(places | {"UTC"}) if name in known()]


@cache
def renamed() -> dict[str, str]:
    """The name that is offered, by each older one of the same place: browsers still report those."""
    names = dict(offered())
    links = (line.split() for line in _lines("tzdata.zi") if line.startswith("L "))
    return {old: new for _letter, new, old in links if new in names and old not in names}


def words(name: str) -> str:
    """“America/New York”."""
    return name.replace("_", " ")


def _lines(name: str) -> list[str]:
    return files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
