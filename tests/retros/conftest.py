"""What most tests of retros begin with."""

from __future__ import annotations

import pytest

from tests.retros.play import Pair, make_pair


@pytest.fixture
def pair(db: None) -> Pair:
    """Ines and Tom, a partnership of their own, and nothing planned."""
    return make_pair()
