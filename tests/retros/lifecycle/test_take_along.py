"""One partnership to take along: what its reader may read and nothing else, in files that can be read back."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from partnerships import limits
from partnerships.cells import as_typed
from partnerships.models import Audit, Partnership, Person
from retros.dates import rhythm
from retros.lifecycle import ending
from retros.lifecycle.export import everything, readable
from retros.lifecycle.take_along import COLUMNS, File, Form, take
from retros.models import Action, Entry
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast, client_of
from tests.factories import PASSWORD
from tests.retros import play
from tests.world import make_world

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/partnership.schema.json").read_text(encoding="utf-8"))
ODD = (
    '=HYPERLINK("https://example.org","press")', "＝1+1", "+1", "-1", "@sum", "'=1", "''+1", "\t=1", "first\n=second",
    "\U0001f469\u200d\U0001f4bb and \U0001f1e9\U0001f1ea", "\u05e9\u05dc\u05d5\u05dd, then English", '"a","b"; c',
    "# Not a heading", "> no quote\n\n> of ours", "Text:\n> mine", "\u202eturned", "e\u0301", "  kept  ",
)  # fmt: skip
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)


@pytest.fixture(autouse=True)
def _many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_HOUR", 1000)


def taken(partnership: Partnership, by: Person, form: Form) -> str:
    made = take(partnership, by=by, form=form)
    assert isinstance(made, File)
    return made.content.decode("utf-8-sig")


def read_markdown(text: str) -> list[str]:
    """The words in it, each as it was typed."""
    words: list[str] = []
    for part in text.removesuffix("\n").split("\n\n"):
        name, _, quoted = part.partition("\n")
        if not name.startswith(("#", ">")):
            assert name.endswith(":")
        elif name.startswith(">"):
            quoted = part
        if quoted:
            lines = quoted.split("\n")
            assert all(line.startswith("> ") for line in lines)
            words.append("\n".join(line[2:] for line in lines))
    return words


def words_in(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [word for held in data.values() for word in words_in(held)]
    if isinstance(data, list):
        return [word for held in data for word in words_in(held)]
    return [] if data in (None, "") else [str(data)]


def read_table(text: str) -> list[dict[str, str]]:
    head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert tuple(head) == COLUMNS
    return [dict(zip(head, map(as_typed, row), strict=True)) for row in rows]


@pytest.mark.parametrize("phase", ["folded", "opened", "archived"])
def test_it_holds_what_its_reader_may_read_and_nothing_else(phase: str) -> None:
    """Every mark of the world, against who may read it (docs/rules/visibility.md V2)."""
    world = make_world(phase)
    for who in ("ines", "tom"):
        person = world.people[who]
        held = {form: taken(world.cast.checkout, person, form) for form in Form if form != Form.PRINT}
        all_of_it = json.dumps(everything(person), ensure_ascii=False)
        for form, text in held.items():
            assert not {mark for mark in world.words if mark in text and who not in world.words[mark]}, f"{who} {form}"
        missing = {m for m in world.words if m in all_of_it and m not in held[Form.JSON]}
        assert [mark for mark in missing if "draft" not in mark] == []  # a box is of no partnership
        assert [m for m in world.words if (m in held[Form.JSON]) != (m in held[Form.MARKDOWN])] == []
        actions = {a.text for a in Action.objects.visible_to(person).filter(partnership=world.cast.checkout)}
        assert {row["action"] for row in read_table(held[Form.ACTIONS])} == actions


def test_json_is_what_the_schema_says() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    world = make_world("revealed")
    validator = Draft202012Validator(SCHEMA)
    part = Draft202012Validator({"$ref": "#/$defs/partnership", "$defs": SCHEMA["$defs"]})
    for person in (world.cast.ines, world.cast.tom):
        data = json.loads(taken(world.cast.checkout, person, Form.JSON))
        assert [error.message for error in validator.iter_errors(data)] == []
        assert all(part.is_valid(each) for each in everything(person)["partnerships"])
    assert not validator.is_valid({**data, "mood": 3})
    assert not validator.is_valid({**data, "version": 2})


def test_odd_texts_are_read_back_from_each_file(cast: Cast) -> None:
    session = play.start(cast.checkout)
    for text in ODD:
        play.Participant(cast.ines, session.pk).fold(text)
        play.agree(cast.checkout, text, cue=text, because=text)
    stored = {entry.text for entry in Entry.objects.visible_to(cast.ines)}
    assert stored == {text.strip() for text in ODD}
    data = json.loads(taken(cast.checkout, cast.ines, Form.JSON))
    # “Yes” for what holds; what does not is left out. When it was is said in words.
    moments = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:.*)?")
    untimed = [text for text in words_in(data) if text != "False" and not moments.fullmatch(text)]
    read = read_markdown(taken(cast.checkout, cast.ines, Form.MARKDOWN))
    words = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}(, \d\d:\d\d)?")
    assert [text for text in read if not words.fullmatch(text)] == [
        cast.ines.timezone, *({"True": "yes"}.get(text, text) for text in untimed)
    ]  # fmt: skip
    assert len(read) == 1 + sum(text != "False" for text in words_in(data))
    cards = {card["text"] for step in data["sessions"][0]["steps"] for card in step["written"]}
    assert cards == stored
    rows = read_table(taken(cast.checkout, cast.ines, Form.ACTIONS))
    assert {(row["action"], row["if"], row["because"]) for row in rows} == {(t.strip(), t, t) for t in ODD}


@given(st.lists(st.fixed_dictionaries({"text": TEXTS, "earlier_words": st.lists(TEXTS, max_size=3)}), max_size=3))
def test_markdown_is_read_back_to_the_same_texts(written: list[dict[str, Any]]) -> None:
    text = "\n\n".join(["# Twofold", *readable({"written": written}, 2, UTC)]) + "\n"
    assert read_markdown(text) == words_in(written)


def test_a_rhythm_says_when_it_is(cast: Cast) -> None:
    day = timezone.localdate() + timedelta(days=30)
    rule = Rule.starting(day, PRESETS["every_2_weeks"], time(14), "Asia/Kolkata")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    (held,) = json.loads(taken(cast.checkout, cast.ines, Form.JSON))["rhythm"]
    assert (held["every"], held["time_zone"]) == (f"Every 2 weeks, on {day:%A}, 14:00", "Asia/Kolkata")


def test_an_action_says_whose_since_when_and_where_from(cast: Cast) -> None:
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    card = play.Participant(cast.tom, session.pk).fold("We never sketch")
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind) if kind == "pulse" else None
    play.agree(cast.checkout, session=session, entry=card, owners="ab", is_experiment=True)
    rows = read_table(taken(cast.checkout, cast.ines, Form.ACTIONS))
    assert [row["owner"] for row in rows] == ["Ines Okafor", "Tom Lindqvist"]
    assert {(row["from_session"], row["from_card"], row["experiment"]) for row in rows} == {
        ("Retro 1", "We never sketch", "yes")
    }
    assert all(row["added"] < row["due"] for row in rows)
    card.soft_delete(by=cast.tom)
    rows = read_table(taken(cast.checkout, cast.ines, Form.ACTIONS))
    assert {row["from_card"] for row in rows} == {""}
    (action, _twin) = Action.objects.visible_to(cast.ines)
    action.finish(by=cast.ines, helped="helped")
    first = read_table(taken(cast.checkout, cast.tom, Form.ACTIONS))[0]
    assert (first["closed_as"], first["helped"], first["closed_on"]) == ("done", "helped", first["added"])


def test_made_twice_it_is_the_same(cast: Cast) -> None:
    play.hold(cast.checkout)
    play.agree(cast.checkout, owners="ab")
    for form in (Form.MARKDOWN, Form.JSON, Form.ACTIONS):
        assert taken(cast.checkout, cast.ines, form) == taken(cast.checkout, cast.ines, form)
    assert take(cast.checkout, by=cast.ines, form=Form.PRINT) == take(cast.checkout, by=cast.ines, form=Form.PRINT)


def signed_in(person: Person) -> Client:
    client = client_of(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_it_is_asked_for_with_the_password_and_written_down(cast: Cast) -> None:
    url = reverse("partnership_export", args=[cast.checkout.pk])
    client = client_of(cast.ines)
    assert "You are asked for your password first" in client.get(url).text
    answer = client.post(url, {"form": "json"})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Audit.objects.filter(act="partnership_exported").exists()
    wrong = client.post(answer["Location"], {"password": "not the one I know"})
    assert "This is not your current password." in wrong.text
    back = client.post(answer["Location"], {"password": PASSWORD})
    assert back["Location"] == f"{url}?again=1"  # a file would leave the page with the password as it was
    assert "Choose it once more" in client.get(back["Location"]).text
    names = {"json": "partnership.json", "markdown": "partnership.md", "actions": "actions.csv"}
    for form, name in names.items():
        file = client.post(url, {"form": form})
        assert file["Content-Disposition"] == f'attachment; filename="{name}"'
        assert set(file["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    printed = client.post(url, {"form": "print"})
    assert "data-print-page" in printed.text
    assert "style-src 'self'" in printed["Content-Security-Policy"]
    lines = Audit.objects.filter(act="partnership_exported", by_id=cast.ines.pk, partnership_id=cast.checkout.pk)
    assert lines.count() == 4
    assert not Audit.objects.for_admins().filter(act="partnership_exported").exists()
    assert client.post(url, {"form": "all"}).status_code == 422


def test_on_paper_stands_what_the_file_says(cast: Cast) -> None:
    for text in ODD:
        play.agree(cast.checkout, text)
    printed = signed_in(cast.tom).post(reverse("partnership_export", args=[cast.checkout.pk]), {"form": "print"})
    shown = [
        html.unescape(text)
        for text in re.findall(r'<p class="typed" hx-disable dir="auto">(.*?)</p>', printed.text, re.S)
    ]
    assert shown == read_markdown(taken(cast.checkout, cast.tom, Form.MARKDOWN))
    assert {text.strip() for text in ODD} <= set(shown)


def test_days_and_times_are_read_in_words_by_the_clock_of_the_reader(cast: Cast) -> None:
    typed = "2027-02-09T10:00:00+00:00"
    action = play.agree(cast.checkout, typed)
    created, due = datetime(2027, 1, 1, 23, 30, tzinfo=UTC), date(2027, 2, 9)
    Action.objects.filter(pk=action.pk).update(created_at=created, due=due)
    Person.objects.filter(pk=cast.tom.pk).update(timezone="Asia/Kolkata")
    client, url = signed_in(cast.tom), reverse("partnership_export", args=[cast.checkout.pk])
    first, second = (client.post(url, {"form": "print"}).text for _time in range(2))
    assert "2 January 2027, 05:00</p>" in first
    assert "9 February 2027</p>" in first
    assert re.findall(r">(\d{4}-\d\d-\d\d[^<]*)<", first) == [typed]
    assert "Asia/Kolkata</p>" in first
    cast.tom.refresh_from_db()
    written = taken(cast.checkout, cast.tom, Form.MARKDOWN)
    for words in ("Times as in:\n> Asia/Kolkata", "> 2 January 2027, 05:00", "> 9 February 2027"):
        assert f"\n{words}\n" in written
    assert re.findall(r"\d{4}-\d\d-\d\d.*", written) == [typed]
    assert created.isoformat() in taken(cast.checkout, cast.tom, Form.JSON)
    assert first.split("<main")[1].split("</main>")[0] == second.split("<main")[1].split("</main>")[0]


def test_too_many_in_an_hour_are_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_HOUR", 2)
    client, url = signed_in(cast.ines), reverse("partnership_export", args=[cast.checkout.pk])
    assert [client.post(url, {"form": "json"}).status_code for _n in range(3)] == [200, 200, 429]


def test_only_its_members_take_it_along(cast: Cast) -> None:
    """A lead, an admin, somebody of another pair: there is no such thing. Who left reads on, and so takes it along."""
    url = reverse("partnership_export", args=[cast.checkout.pk])
    for person in (cast.sara, cast.ada, cast.priya, cast.mei):
        client = signed_in(person)
        assert client.get(url).status_code == client.post(url, {"form": "json"}).status_code == 404
    client = signed_in(cast.tom)
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    assert client.post(url, {"form": "json"}).status_code == 200
    Person.objects.filter(pk=cast.tom.pk).update(is_active=False)
    assert client.post(url, {"form": "json"}).status_code == 302
    assert Client().post(url, {"form": "json"}).status_code == 302
    assert Audit.objects.filter(act="partnership_exported").count() == 1


def test_both_take_their_own_at_once(cast: Cast) -> None:
    """What one has folded stands in that one's file only, whoever of the two is first."""
    session = play.start(cast.checkout)
    for person in (cast.ines, cast.tom):
        play.Participant(person, session.pk).fold(f"Folded by {person.pk}")
    clients = [signed_in(person) for person in (cast.ines, cast.tom)]
    url = reverse("partnership_export", args=[cast.checkout.pk])
    first, second = (client.post(url, {"form": "json"}).text for client in clients)
    assert (f"Folded by {cast.tom.pk}" in first, f"Folded by {cast.ines.pk}" in second) == (False, False)
    assert f"Folded by {cast.ines.pk}" in first
    assert f"Folded by {cast.tom.pk}" in second
