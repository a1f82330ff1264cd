"""The list of time zones: what is offered is known, and every form offers the same."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test.html import parse_html

from partnerships import zones
from partnerships.forms import TimeZoneField, ZoneSelect
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


def test_each_place_is_offered_once_under_its_name_of_today() -> None:
    names = {name for name, _words in zones.offered()}
    assert {"Asia/Kolkata", "Europe/Kyiv", "America/New_York", "Europe/Stockholm", "Africa/Asmara"} <= names
    # Each link of the table is the old name of one that is offered, or a place of its own.
    assert not names & zones.renamed().keys()
    assert set(zones.renamed().values()) <= names
    assert {zones.renamed()[old] for old in ("Asia/Calcutta", "Europe/Kiev", "US/Eastern")} == {
        "Asia/Kolkata", "Europe/Kyiv", "America/New_York",
    }  # fmt: skip
    assert not [name for name in zones.known() & zones.renamed().keys() if name in names]


def test_who_has_an_old_name_keeps_it() -> None:
    class Page(forms.Form):
        zone = TimeZoneField()

    assert '<option value="Europe/Kiev"' not in str(Page()["zone"])
    drawn = str(Page(initial={"zone": "Europe/Kiev"})["zone"])
    assert '<option value="Europe/Kiev" selected>Europe/Kiev</option>' in drawn
    assert drawn.count(" selected>") == 1
    assert Page({"zone": "Europe/Kiev"}).is_valid()
    unknown = Page({"zone": "Mars/Olympus"})
    assert not unknown.is_valid()
    assert "Mars" not in str(unknown["zone"])


def test_a_zone_reads_as_words() -> None:
    assert dict(zones.offered())["America/New_York"] == "America/New York"


@pytest.mark.django_db
def test_every_form_offers_the_same(cast: Cast) -> None:
    """The one of planning puts the zones of the two first."""
    planning: Any = PlanForm(pair=Pair(cast.checkout, cast.ines)).fields["zone"]
    account: Any = TimeZoneField()
    assert dict(planning.choices)["All zones"] == zones.offered()
    assert list(account.choices)[1:] == zones.offered()


@pytest.mark.parametrize("value", [None, "", "UTC", "Europe/Paris", "Mars/<b>"])
def test_a_select_of_zones_is_the_one_of_django(value: str | None) -> None:
    own: Any = [("Europe/Paris", "Europe/Paris"), ('Mars/<b>"', "Mars & Moon")]
    choices: Any = [("", "Choose"), ("Yours & theirs", own), ("All zones", zones.offered())]
    attrs = {"id": "id_zone", "required": True, "aria-describedby": 'a "hint"'}
    drawn, theirs = (
        kind({"data-own-timezone": True, "autocomplete": "off"}, choices=choices).render("zone", value, attrs)
        for kind in (ZoneSelect, forms.Select)
    )
    assert parse_html(drawn) == parse_html(theirs)
    assert drawn.count(" selected>") == (value != "Mars/<b>")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        check_timezone("Mars/Olympus")
