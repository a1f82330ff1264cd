"""What the tests of the engine begin with: the two in a running retro, a clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clock import Clock
from tests.retros.play import Pair, Participant


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Clock().running() as clock:
        yield clock


@pytest.fixture
def hands(pair: Pair) -> tuple[Participant, Participant]:
    """Ines and Tom in a running retro, at its first step."""
    return pair.hands(pair.started())
