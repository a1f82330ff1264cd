"""The same retro in Firefox ESR: two people, two windows, each page following the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from retros.models import Session
from tests.browser import Watched, firefox
from tests.retros.room.side import Side
from tests.retros.room.whole_retro import hold_a_whole_retro
from tests.retros.room.whole_retro import two as two

pytestmark = [pytest.mark.deep, pytest.mark.one_database]


@pytest.fixture(scope="module")
def browser(playwright: Any) -> Iterator[Any]:
    path = firefox()
    assert path, "Firefox is missing. As root: apt-get install firefox-esr"
    running = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
    yield running
    running.close()


def test_a_whole_retro_in_firefox(two: tuple[Side, Side, Session], watched: Watched) -> None:
    hold_a_whole_retro(two, watched)
