"""The list of time zones: what is offered is known, and every form offers the same."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from partnerships import zones
from partnerships.forms import TimeZoneField
from partnerships.models.person import check_timezone
from retros.dates.forms import PlanForm
from retros.pair import Pair
from tests.cast import Cast

pytestmark = pytest.mark.one_database


def test_what_is_offered_can_be_converted() -> None:
    names = [name for name, _words in zones.offered()]
    assert {"UTC", "Europe/Tallinn", "America/New_York"} <= set(names) <= zones.known()
    assert "Japan" not in names  # still read where somebody writes it, in a file or long ago
    assert "Japan" in zones.known()
    for name in names:
        ZoneInfo(name)


def test_a_zone_reads_as_words() -> None:
    assert dict(zones.offered())["America/New_York"] == "America/New York"


@pytest.mark.django_db
def test_every_form_offers_the_same(cast: Cast) -> None:
    """The one of planning puts the zones of the two first."""
    planning: Any = PlanForm(pair=Pair(cast.checkout, cast.ines)).fields["zone"]
    account: Any = TimeZoneField()
    assert dict(planning.choices)["All zones"] == zones.offered()
    assert list(account.choices)[1:] == zones.offered()


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        check_timezone("Mars/Olympus")
