"""History, a retro and an agreement on paper, printed as Chromium does unasked: without backgrounds."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from pypdf import PdfReader

from partnerships.models import Agreement
from partnerships.wording import Wording
from retros.models import Session
from tests.cast import Cast, sign_in
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.retros import play
from tests.retros.planned_dates import rhythm

pytestmark = pytest.mark.one_database

ACTIONS = 30
OF_A, OF_B = "#375fb9", "#c97425"  # --a and --b in the light


@pytest.fixture
def paper(people: Cast, new_context: Callable[..., Any], live_server: LiveServer) -> Callable[[str], Any]:
    """The page at an address, as Ines reads it in the dark."""
    page = new_context(color_scheme="dark").new_page()
    sign_in(page.context, people.ines, live_server.url)

    def opened(path: str) -> Any:
        page.goto(live_server.url + path)
        return page

    return opened


def printed(page: Any) -> PdfReader:
    return PdfReader(io.BytesIO(page.pdf(format="A5")))


def texts(pdf: PdfReader) -> list[str]:
    """What stands on each sheet, in one line."""
    return [" ".join(sheet.extract_text().split()) for sheet in pdf.pages]


def painted(pdf: PdfReader) -> set[str]:
    """The colours that anything is filled with, in the notation of the web."""
    return {
        "#" + "".join(f"{round(float(part) * 255):02x}" for part in operands)
        for sheet in pdf.pages
        for operands, operator in sheet.get_contents().operations  # type: ignore[union-attr]
        if operator == b"rg"
    }


def held(people: Cast) -> Session:
    """A closed retro with more actions than a sheet holds, each with a text of several lines."""
    rule = rhythm(people.checkout)
    session = play.start(people.checkout)
    for n in range(ACTIONS):
        play.agree(
            people.checkout, f"Begin{n}. {'We try this for a while and look at it then. ' * (n % 4 + 1)}End{n}",
            owners="ab"[n % 2], due=due(n), session=session,
        )  # fmt: skip
    day = timezone.localdate()
    Session.objects.filter(pk=session.pk).update(
        status="held", held_on=day, closed_at=timezone.now(), series=rule.series, rule_version=rule, slot_date=day
    )
    return Session.objects.get(pk=session.pk)


def due(n: int) -> Any:
    return timezone.localdate() + timedelta(days=n + 2)


def test_a_retro(paper: Callable[[str], Any], people: Cast) -> None:
    page = paper(reverse("session_print", args=[held(people).pk]))
    pdf = printed(page)
    sheets = texts(pdf)
    assert len(sheets) > 2
    for n in range(ACTIONS):
        date = f"by {date_format(due(n), 'j F Y')}"
        (begins,) = [at for at, text in enumerate(sheets) if f"Begin{n}." in text]
        assert f"End{n}" in sheets[begins], n
        after = sheets[begins].split(f"End{n}")[1]
        owner = "Ines Okafor" if n % 2 == 0 else "Tom Lindqvist"
        assert after.split("Begin")[0].split("Retro")[0].strip().startswith(f"{owner} {date}"), n
    assert {OF_A, OF_B} <= painted(pdf)
    assert "as it stood on" in sheets[-1]
    assert "You two see this. Nobody else does" in sheets[-1].split("as it stood on")[1]
    assert not any("as it stood on" in sheet for sheet in sheets[:-1])


def test_history(paper: Callable[[str], Any], people: Cast) -> None:
    held(people)
    page = paper(reverse("history_detail", args=[people.checkout.pk]))
    assert page.get_by_text("as it stood on").is_hidden()  # a page on a screen changes with what it shows
    page.emulate_media(media="print")
    for hidden in ("nav", ".seg", "button", "form"):
        assert page.locator(hidden).locator("visible=true").count() == 0, hidden
    shapes = page.locator(".av, .dot, .beats i, .bar")
    assert shapes.count() > 0
    kept = "all => all.map(each => getComputedStyle(each).printColorAdjust)"
    assert set(shapes.evaluate_all(kept)) == {"exact"}
    sheets = texts(printed(page))
    today = date_format(timezone.now().astimezone(people.ines.tz), "j F Y")
    assert f"History of Ines and Tom, as it stood on {today}." in sheets[-1]
    assert "what you both chose to show" in sheets[-1].split("as it stood on")[1]


def test_an_agreement(paper: Callable[[str], Any], people: Cast) -> None:
    agreement = Agreement.begin(people.checkout, by=people.ines, kind=Agreement.Kind.CONTRACT, title="Relaunch")
    clauses = [Wording(f"Begin{n}. {'We say so early and say why. ' * 6}End{n}") for n in range(12)]
    version = agreement.propose(clauses, by=people.ines, reason="")
    for person in (people.ines, people.tom):
        version.sign(by=person, digest=version.digest)
    sheets = texts(printed(paper(reverse("agreement_print", args=[agreement.pk]))))
    assert len(sheets) > 1
    for n in range(12):
        (at,) = [at for at, text in enumerate(sheets) if f"Begin{n}." in text]
        assert f"End{n}" in sheets[at], n
    assert "Version 1, in force since" in sheets[-1].split("Signed")[-1]
    assert "as it stood on" in sheets[-1]
    assert "Written for the two of us" in sheets[-1].split("as it stood on")[1]


def test_an_agreement_as_it_is_read_begins_on_the_first_sheet(paper: Callable[[str], Any], people: Cast) -> None:
    """However long it is; and so does what changed between two versions."""
    agreement = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    clauses = [Wording(f"Begin{n}. {'We say so early and say why. ' * 6}End{n}") for n in range(12)]
    first = agreement.propose(clauses, by=people.ines, reason="")
    first.sign(by=people.tom, digest=first.digest)
    second = agreement.propose([*clauses[:-1], Wording("Another")], by=people.ines, reason="", base=agreement.in_force)
    compared = f"{reverse('version_detail', args=[second.pk])}?against={first.pk}"
    for url in (reverse("agreement_detail", args=[agreement.pk]), compared):
        assert "Begin0." in texts(printed(paper(url)))[0]


def test_an_agreement_as_it_is_read_has_no_presses_on_paper(paper: Callable[[str], Any], people: Cast) -> None:
    agreement = Agreement.begin(people.checkout, by=people.ines, kind="contract", title="Relaunch")
    version = agreement.propose([Wording("Thursday is sketch hour.")], by=people.ines, reason="")
    version.sign(by=people.tom, digest=version.digest)
    page = paper(reverse("agreement_detail", args=[agreement.pk]))
    text = " ".join(texts(printed(page)))
    assert "Thursday is sketch hour." in text
    for press in ("Ask for a look", "X versus Y", "Still right?", "Propose"):
        assert press not in text, press


def test_a_partnership(paper: Callable[[str], Any], people: Cast) -> None:
    """Each action stands whole on one sheet, with its dates; nothing of the screen around the page is there."""
    held(people)
    page = paper(reverse("partnership_export", args=[people.checkout.pk]))
    page.locator("button[value=print]").click()
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main button.primary").click()
    page.locator("button[value=print]").click()  # on the page that the password leads back to
    page.get_by_role("heading", name="Actions 1", exact=True).wait_for()
    sheets = texts(printed(page))
    assert len(sheets) > 3
    assert not any("Twofold" in sheet for sheet in sheets)
    for n in range(ACTIONS):
        (at,) = [at for at, text in enumerate(sheets) if f"Begin{n}." in text]
        before, after = sheets[at].split(f"Begin{n}.")
        assert "Owner" in before.split("Actions ")[-1], n
        assert f"Due {date_format(due(n), 'j F Y')}" in after.split("Actions ")[0], n
    assert not any("False" in sheet for sheet in sheets)
    assert "as it stood on" in sheets[-1]
