"""Bringing in: one's own folded cards, or one's own actions of the pair; all of it or nothing."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from partnerships.models import Partnership, Person
from partnerships.refusals import Refusal
from retros import limits
from retros.lifecycle import ending
from retros.lifecycle.take_along import actions_table
from retros.models import Action, Entry, Session
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.administration import spreadsheets

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def bring(person: Person, pair: Partnership, what: str, **data: Any) -> Any:
    url = reverse(f"{what}_import", args=[pair.pk])
    return client_of(person).post(url, {"client_id": uuid.uuid4(), **data})


def texts(person: Person) -> list[str]:
    return [entry.text for entry in Entry.objects.visible_to(person).order_by("created_at")]


def test_cards_lie_folded_in_the_next_retro_and_only_their_author_reads_them(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    answer = bring(cast.ines, cast.checkout, "card", text="One\n\nTwo", column="bad")
    assert answer["Location"] == reverse("step_detail", args=[session.pk, 2])
    assert (texts(cast.ines), texts(cast.tom)) == (["One", "Two"], [])
    entries = Entry.objects.visible_to(cast.ines)
    assert {(e.prompt.column, e.only_me, e.opened_at, e.author_id) for e in entries} == {
        ("bad", False, None, cast.ines.pk)
    }
    assert play.step_of(session, "write").folded_cards(cast.ines) == 2
    page = client_of(cast.ines).get(answer["Location"]).text
    assert page.index(">One<") < page.index(">Two<")


def test_the_open_retro_comes_first_and_a_ready_is_taken_back(cast: Cast) -> None:
    play.plan(cast.checkout)
    session = play.start(cast.checkout)
    step = play.step_of(session, "write")
    play.Participant(cast.ines, session.pk).ready(play.WRITE)
    before = Session.objects.get(pk=session.pk)
    bring(cast.ines, cast.checkout, "card", text="column,text\nThe bad,One\ntalk,Two\n,Three", column="good")
    found = {entry.text: entry.prompt.column for entry in Entry.objects.visible_to(cast.ines)}
    assert found == {"One": "bad", "Two": "talk", "Three": "good"}
    assert {entry.step_id for entry in Entry.objects.visible_to(cast.ines)} == {step.pk}
    assert not play.step_of(session, "write").ready_set.exists()
    after = Session.objects.get(pk=session.pk)
    assert after.version_a > before.version_a
    bring(cast.ines, cast.checkout, "card", text="Four")
    assert Session.objects.get(pk=session.pk).version_b == after.version_b  # the other one's page hears of no card


FILES = {
    "utf-16": "text,column\nÜber uns,The bad\n".encode("utf-16"),
    "xlsx": spreadsheets.xlsx_file([["text", "column"], ["Über uns", "The bad"]]),
    "ods": spreadsheets.ods_file([["text", "column"], ["Über uns", "The bad"]]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_spreadsheet_is_read(cast: Cast, name: str) -> None:
    play.plan(cast.checkout)
    assert bring(cast.ines, cast.checkout, "card", file=SimpleUploadedFile("board", FILES[name])).status_code == 302
    assert texts(cast.ines)[0] == "Über uns"


def test_letters_that_a_file_does_not_name_are_shown_before_anything_is_in(cast: Cast) -> None:
    play.plan(cast.checkout)
    tables = {"card": "text,column\nŻółć i Łódź,The bad\n", "action": "action,due\nŻółć i Łódź,2030-01-02\n"}
    for what, table in tables.items():
        file = {"file": SimpleUploadedFile("board.csv", table.encode("iso8859_2"))}
        first = bring(cast.ines, cast.checkout, what, encoding="cp1252", **file)
        assert (first.status_code, "Nothing is in yet. Look at the words" in first.text) == (409, True)
        assert "Read as Western Europe (Windows-1252): <bdi>¯ó³æ, £ód¼</bdi>" in first.text
        file["file"].seek(0)
        again = bring(cast.ines, cast.checkout, what, encoding="iso8859_2", **file).text
        assert "Read as Central Europe (ISO-8859-2): <bdi>Żółć, Łódź</bdi>" in again
        assert "Żółć i Łódź" in again.split("</textarea>")[0].split("<textarea")[1]
        assert Action.objects.count() == 0
        assert texts(cast.ines) == ([] if what == "card" else ["Żółć i Łódź"])
        assert bring(cast.ines, cast.checkout, what, text=table).status_code == 302
    assert texts(cast.ines) == ["Żółć i Łódź"]
    assert [action.text for action in Action.objects.all()] == ["Żółć i Łódź"]


BAD = {
    "10,000 lines": ("\n".join(["a"] * 10_000), 422, "At most 200 at once"),
    "a cell of 900 kB": ("text\nfine\n" + "x" * 900_000, 422, "Line 3: A cell is too long"),
    "nul": ("fine\na\x00b", 422, "not text"),
    "nested quotes": ('text,column\nfine,good\n"a "b" c",good', 422, "Line 3: A quotation mark"),
    "somebody else's": ("text,author\nfine,me\ntheirs,partner", 422, "Line 3: This is of"),
    "json": ('[{"text": "fine", "author": "partner"}]', 422, "JSON"),
    "no such column": ("text,column\nfine,good\nb,Ideas", 422, "Line 3: The board has no such column"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_refused_in_a_sentence_and_nothing_is_half_in(cast: Cast, name: str) -> None:
    play.plan(cast.checkout)
    text, status, says = BAD[name]
    answer = bring(cast.ines, cast.checkout, "card", text=text)
    assert (answer.status_code, says in answer.text) == (status, True)
    assert texts(cast.ines) == []
    if status == 422:
        first = text.split("\n")[0].replace('"', "&quot;")
        assert first in answer.text  # it is still in the box


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02" * 100, b"\xff\xfe" + b"\x00" * 9, b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0"]
)
def test_a_file_that_is_no_table_is_refused(cast: Cast, data: bytes) -> None:
    play.plan(cast.checkout)
    answer = bring(cast.ines, cast.checkout, "card", file=SimpleUploadedFile("board", data))
    assert answer.status_code == 422
    assert texts(cast.ines) == []


def test_a_refused_file_stands_in_the_box_to_be_mended(cast: Cast) -> None:
    play.plan(cast.checkout)
    file = SimpleUploadedFile("board.csv", b"text,author\nfine,me\ntheirs,partner")
    answer = bring(cast.ines, cast.checkout, "card", file=file)
    assert "theirs,partner</textarea>" in answer.text


def test_sent_again_nothing_comes_twice(cast: Cast) -> None:
    play.plan(cast.checkout)
    same, action = {"client_id": uuid.uuid4()}, "action,due\nSketch,2030-01-02"
    for _time in range(2):
        assert bring(cast.ines, cast.checkout, "card", text="One\nTwo", **same).status_code == 302
        assert bring(cast.ines, cast.checkout, "action", text=action, **same).status_code == 302
    assert texts(cast.ines) == ["One", "Two"]
    assert Action.objects.count() == 1
    assert bring(cast.tom, cast.checkout, "action", text=action, **same).status_code == 422
    # What was typed on since is no part of what came in, and comes in alone.
    for _time in range(2):
        assert bring(cast.ines, cast.checkout, "card", text="One\nTwo\nThree", **same).status_code == 302
        assert bring(cast.ines, cast.checkout, "action", text=f"{action}\nDraw,2030-01-02", **same).status_code == 302
    assert texts(cast.ines) == ["One", "Two", "Three"]
    assert [action.text for action in Action.objects.order_by("text")] == ["Draw", "Sketch"]


def test_nothing_is_brought_onto_an_open_board_or_over_the_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bring(cast.ines, cast.checkout, "card", text="One").status_code == 409  # none is planned
    session = play.start(cast.checkout)
    play.Participant(cast.ines, session.pk).fold("Written here")
    monkeypatch.setattr(limits, "ENTRIES_PER_PERSON", 2)
    assert bring(cast.ines, cast.checkout, "card", text="One\nTwo").status_code == 409
    play.Participant(cast.ines, session.pk).open_side(play.WRITE)
    refused = bring(cast.ines, cast.checkout, "card", text="One")
    assert (refused.status_code, "Your side of the board is open" in refused.text) == (409, True)
    assert texts(cast.ines) == ["Written here"]


def test_what_was_brought_in_counts_for_what_is_folded_afterwards(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ines = play.Participant(cast.ines, play.start(cast.checkout).pk)
    monkeypatch.setattr(limits, "ENTRIES_PER_PERSON", 20)
    assert bring(cast.ines, cast.checkout, "card", text="\n".join("ABCDEFGHIJKLMNOPQRS")).status_code == 302
    ines.fold("T")
    with pytest.raises(Refusal, match="Nothing more fits"):
        ines.fold("U")
    assert len(texts(cast.ines)) == 20


def test_actions_become_the_pairs_and_belong_to_who_brings_them(cast: Cast) -> None:
    text = "action,due,owner\nSketch,2030-01-02,Ines Okafor\nCall,2030-01-03,"
    assert bring(cast.ines, cast.checkout, "action", text=text)["Location"] == reverse(
        "action_list", args=[cast.checkout.pk]
    )
    actions = Action.objects.visible_to(cast.tom)
    assert [(a.text, a.owner_id, a.partnership_id) for a in actions] == [
        ("Sketch", cast.ines.pk, cast.checkout.pk), ("Call", cast.ines.pk, cast.checkout.pk),
    ]  # fmt: skip
    refused = bring(cast.ines, cast.checkout, "action", text=text.replace("Ines Okafor", "Tom Lindqvist"))
    assert (refused.status_code, "Line 2: This is of “Tom Lindqvist”" in refused.text) == (422, True)
    assert Action.objects.count() == 2


def test_nobody_makes_more_open_actions_than_a_page_shows(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """By no way: brought in, agreed on, opened again, brought back, or still going at the next retro."""
    monkeypatch.setattr(limits, "OPEN_ACTIONS", 4)
    rows: list[dict[str, Any]] = [{"text": f"Action {n}", "due": date(2030, 1, 1)} for n in range(2)]
    for _n in range(2):
        Action.bring_in(cast.checkout, by=cast.ines, rows=rows, id=uuid.uuid4())
    closed, deleted, *_rest = Action.objects.filter(partnership=cast.checkout)
    closed.finish(by=cast.ines)
    deleted.soft_delete(by=cast.ines)
    Action.bring_in(cast.checkout, by=cast.ines, rows=rows, id=uuid.uuid4())
    retro = play.start(cast.checkout)
    for more in (
        lambda: Action.bring_in(cast.checkout, by=cast.ines, rows=rows, id=uuid.uuid4()),
        lambda: Action.agree(
            cast.checkout, by=cast.ines, id=uuid.uuid4(), owners=["a"], text="One more", due=date(2030, 1, 1)
        ),
        lambda: closed.reopen(by=cast.ines),
        lambda: deleted.restore(by=cast.ines),
        lambda: closed.review(retro, by=cast.ines, verdict="going", helped=""),
    ):
        with pytest.raises(Refusal):
            more()
    assert Action.objects.filter(partnership=cast.checkout, deleted_at=None).open().count() == 4
    Action.bring_in(cast.search, by=cast.priya, rows=rows, id=uuid.uuid4())  # another pair has its own


def test_what_was_taken_along_can_be_brought_in(cast: Cast) -> None:
    for text in ('=HYPERLINK("x")', "＝1+1", "שלום", "two\nlines", "'=1"):
        play.agree(cast.checkout, text, cue="it, rains", because='"so"')
    table = actions_table(cast.checkout, cast.ines)
    before = {(a.text, a.cue, a.because, a.due) for a in Action.objects.visible_to(cast.ines)}
    Action.objects.all().delete()
    assert bring(cast.ines, cast.checkout, "action", text=table).status_code == 302
    assert {(a.text, a.cue, a.because, a.due) for a in Action.objects.visible_to(cast.ines)} == before


def test_only_a_member_while_it_goes_on(cast: Cast) -> None:
    play.plan(cast.checkout)
    data = {"card": "One", "action": "action,due\nSketch,2030-01-02"}
    for person in (cast.sara, cast.ada, cast.priya, cast.mei):
        for what, text in data.items():
            assert bring(person, cast.checkout, what, text=text).status_code == 404
            assert client_of(person).get(reverse(f"{what}_import", args=[cast.checkout.pk])).status_code == 404
    client = client_of(cast.tom)
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    for person in (cast.ines, cast.tom):
        statuses = {bring(person, cast.checkout, what, text=text).status_code for what, text in data.items()}
        assert statuses <= {403, 409}
    Person.objects.filter(pk=cast.tom.pk).update(is_active=False)
    url = reverse("card_import", args=[cast.checkout.pk])
    assert client.post(url, {"text": "One"}).status_code == 401
    assert client.get(url)["Location"].startswith(reverse("account_login"))
    assert not Entry.unrestricted.exists()
    assert not Action.objects.exists()
