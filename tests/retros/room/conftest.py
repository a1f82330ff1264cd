"""The two of a pair, signed in."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import Cast, client_of


@pytest.fixture
def ines(cast: Cast) -> Client:
    return client_of(cast.ines)


@pytest.fixture
def tom(cast: Cast) -> Client:
    return client_of(cast.tom)
