"""Controls are drawn by us and alike: of one height in one row, with our marks instead of the browser's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from partnerships.models import Agreement, Partnership, Person
from partnerships.wording import Wording
from tests.cast import Cast, sign_in
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database

# Of each row of a form: the heights of what one types in, chooses from and presses.
HEIGHTS = """() => [...document.querySelectorAll("main form.row")].map((row) =>
  [...row.querySelectorAll("select, input:not([type=hidden]), .btn")].map((one) => one.offsetHeight))"""
SUMMARY = """(summary) => {
  const mark = getComputedStyle(summary, "::before");
  return [getComputedStyle(summary).listStyleType, mark.borderRightStyle, mark.rotate];
}"""


@pytest.fixture
def opened(new_context: Callable[..., Any], live_server: LiveServer) -> Callable[[Person, str], Any]:
    def page_of(person: Person, path: str) -> Any:
        page = new_context().new_page()
        sign_in(page.context, person, live_server.url)
        page.goto(live_server.url + path)
        return page

    return page_of


def agreement_of(people: Cast) -> Agreement:
    """With two versions, a clause that asks for a look, and a proposal that was taken back."""
    agreement = Agreement.begin(people.checkout, by=people.ines, kind=Agreement.Kind.CONTRACT, title="Relaunch")
    for words in ("We say so early", "We say so early, and why"):
        agreement.reread()
        version = agreement.propose([Wording(words)], by=people.ines, reason="", base=agreement.in_force)
        version.sign(by=people.tom, digest=version.digest)
    agreement.reread()
    agreement.propose([Wording("Never mind")], by=people.ines, reason="", base=agreement.in_force).withdraw(
        by=people.ines
    )
    return agreement


def test_the_controls_of_a_row_are_of_one_height(opened: Callable[[Person, str], Any], people: Cast) -> None:
    agreement = agreement_of(people)
    old = agreement.versions.get(number=1)
    rows = []
    for person, path in (
        (people.sara, reverse("lead_list")),
        (people.ada, reverse("person_list")),
        (people.ada, reverse("schedule")),
        (people.ines, reverse("version_detail", args=[old.pk])),
    ):
        found = [row for row in opened(person, path).evaluate(HEIGHTS) if len(row) > 1]
        assert found, path
        rows += found
    assert {height for row in rows for height in row} == {40}


def test_a_file_is_chosen_in_a_field_as_high_as_the_others(opened: Callable[[Person, str], Any], people: Cast) -> None:
    page = opened(people.ada, reverse("partnership_import"))
    field = page.locator("input[type=file]")
    assert field.evaluate("one => one.offsetHeight") == 44
    button = "one => getComputedStyle(one, '::file-selector-button')"
    assert field.evaluate(f"one => ({button})(one).borderTopLeftRadius") == "6px"
    assert field.evaluate(f"one => ({button})(one).fontFamily.includes('Hanken')")


def test_what_opens_has_a_mark_that_turns(opened: Callable[[Person, str], Any], people: Cast) -> None:
    page = opened(people.ines, reverse("agreement_detail", args=[agreement_of(people).pk]))
    summaries = page.locator("main summary")
    assert summaries.count() > 0
    for summary in summaries.all():
        assert summary.evaluate(SUMMARY) == ["none", "solid", "-45deg"]
        summary.click()
        assert summary.evaluate(SUMMARY) == ["none", "solid", "45deg"]


def test_whoever_is_only_invited_has_an_outline_beside_the_other(
    opened: Callable[[Person, str], Any], people: Cast
) -> None:
    half = Partnership.begin(by=people.mei, kind="other", label="Half")
    page = opened(people.mei, reverse("partnership_detail", args=[half.pk]))
    invited = page.locator(".pair > .av + .av.away").first
    assert "inset" in invited.evaluate("one => getComputedStyle(one).boxShadow")
