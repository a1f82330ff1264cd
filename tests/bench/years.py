"""Ten years of one pair: processor time and queries of each page of what the two know."""

from __future__ import annotations

from tests.bench.figures import Figure
from tests.bench.page import pages
from tests.bench.rooms import Room
from tests.served import Served

A_ROUND = 3  # requests

MADE = """
import json

from tests.retros.play import make_pair
from tests.retros.pages import of_a_pair
from tests.retros.streams import cookie_of
from tests.retros.ten_years import live_ten_years
pair = make_pair()
sessions = live_ten_years(pair.partnership)
print(json.dumps([of_a_pair(pair.partnership), cookie_of(pair.tom), str(sessions[-1].pk)]))
"""


def measure(served: Served, database: str) -> list[Figure]:
    addresses, cookie, last = served.ask(MADE)
    room = Room(last, prompt="", ines=cookie, tom="")
    figures = []
    for name, path in addresses.items():
        figures += pages(served, f"years.{name}", path, room, A_ROUND, database)
    return figures
