"""Two new people, from the setup link to the signed agreement and the first closed retro, with every press counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from partnerships.models import Agreement
from retros.models import Session
from tests.newcomers import Newcomer, hold_first_retro

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    "screen",
    [
        pytest.param({"width": 1280, "height": 720}, id="desk", marks=pytest.mark.deep),
        pytest.param({"width": 390, "height": 844}, id="phone"),
    ],
)
def test_from_the_setup_link_to_the_first_closed_retro(
    screen: dict[str, int], new_context: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lena, tom = (Newcomer(new_context(viewport=screen), first) for first in ("Lena", "Tom"))
    call_command("setup_link")
    hold_first_retro(lena, tom, capsys.readouterr().out.strip())
    assert Agreement.objects.get().number_in_force == 1
    assert Session.objects.get(kind=Session.Kind.RETRO).is_closed
