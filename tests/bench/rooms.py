"""What the parts look at: retros whose cards lie open, with the two who are in them."""

from __future__ import annotations

from typing import NamedTuple

from tests.served import Served

WRITE = 2  # the position of the cards' step

ROOMS = """
import json
from django.test import override_settings
override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]).enable()
from tests.retros.play import COLUMNS, WRITE, at, make_pair, reveal
from tests.retros.streams import cookie_of
rooms = []
for cards in {cards}:
    pair = make_pair()
    session = pair.started()
    at(session, WRITE)
    ines, tom = pair.hands(session)
    for n in range(cards):
        words = f"Card {{n}}: what went well, in a sentence of the usual length"
        (ines, tom)[n % 2].fold(words, COLUMNS[n % 3])
    reveal(ines.session)
    rooms.append([str(session.pk), str(ines.prompt("good").pk), cookie_of(pair.ines), cookie_of(pair.tom)])
print(json.dumps(rooms))
"""


class Room(NamedTuple):
    session: str
    prompt: str  # of a column
    ines: str  # cookies
    tom: str

    @property
    def path(self) -> str:
        return f"/sessions/{self.session}/"

    @property
    def board(self) -> str:
        """The page with all of the cards."""
        return f"{self.path}steps/{WRITE}/"

    @property
    def floor(self) -> str:
        """The bare view of the same rows."""
        return f"/bare/{self.session}/"

    @property
    def entries(self) -> str:
        """Where a new card goes."""
        return f"{self.path}prompts/{self.prompt}/entries/"


def rooms(served: Served, *cards: int) -> list[Room]:
    """One for each number of cards, half of them by each of the two."""
    return [Room(*made) for made in served.ask(ROOMS.format(cards=list(cards)))]
