"""Public holidays, by country (two letters, ISO 3166-1) and day.

The library is imported where it is asked: 3 MiB, and few requests do.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache


@cache
def countries() -> list[tuple[str, str]]:
    """(letters, English name) of those whose holidays are known, by name: for a select."""
    from holidays.registry import COUNTRIES  # imported here: only who plans or chooses a country needs it

    named = [(names[1], _in_words(names[0])) for names in COUNTRIES.values()]
    return sorted(named, key=lambda each: each[1])


def _in_words(name: str) -> str:
    """“IsleOfMan”, as the library has it, as one writes it."""
    spaced = re.sub(r"(?<=[a-z])(?<!Mc)(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.sub(r" (And|Da|Of|The)(?= )", lambda word: word[0].lower(), spaced)


def name_of(country: str) -> str:
    return dict(countries()).get(country, country)


def on(day: date, country: str) -> str:
    """What is celebrated there on that day; empty when nothing is, or no country is given."""
    return _of(country, day.year).get(day, "") if country else ""


@cache
def _of(country: str, year: int) -> dict[date, str]:
    import holidays  # as above

    return dict(holidays.country_holidays(country, years=year, language="en_US"))
