"""Two people run a whole retro in two browsers, and neither is ever sent what the other has not opened."""

from __future__ import annotations

from retros.models import Session
from tests.browser import Watched
from tests.retros.room.side import Side
from tests.retros.room.whole_retro import hold_a_whole_retro
from tests.retros.room.whole_retro import two as two


def test_a_whole_retro_by_two_people(two: tuple[Side, Side, Session], watched: Watched) -> None:
    hold_a_whole_retro(two, watched)
