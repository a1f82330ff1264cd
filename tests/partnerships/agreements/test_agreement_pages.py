"""The pages of agreements: who may, what stands where, and that no typed word is lost."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships import limits
from partnerships.agreements.page import next_look
from partnerships.models import Agreement, Audit, Clause, Person, Signature, Version
from partnerships.templatetags.agreement_text import visible
from partnerships.wording import Wording
from retros.models import ClauseLink
from tests.cast import Cast, client_of
from tests.factories import PASSWORD
from tests.partnerships.steps import counted, swapped_clause

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ONE, TWO, THREE = (
    Wording("We decide scope together.", "How we work"),
    Wording("Tom answers within a day."),
    Wording("We sleep on it.", "When it gets hard"),
)


def text_of(answer: Any) -> str:
    return unescape(answer.content.decode())


def get(person: Person, name: str, *args: object, status: int = 200, **query: Any) -> str:
    answer = client_of(person).get(reverse(name, args=args), query)
    assert answer.status_code == status
    return text_of(answer)


def post(person: Person, name: str, *args: object, status: int = 302, query: str = "", **data: Any) -> Any:
    answer = client_of(person).post(reverse(name, args=args) + query, data)
    assert answer.status_code == status, text_of(answer)[:3000]
    return answer


def propose(agreement: Agreement, by: Person, *wordings: Wording, reason: str = "Because") -> Version:
    agreement.reread()
    return agreement.propose(wordings, by=by, reason=reason, base=agreement.in_force)


def agree(agreement: Agreement, *wordings: Wording, reason: str = "Because") -> Version:
    a, b = (m.person for m in agreement.partnership.memberships.order_by("seat"))
    version = propose(agreement, a, *wordings, reason=reason)
    assert version.sign(by=b, digest=version.digest)
    return version


def words(agreement: Agreement, **more: Any) -> dict[str, Any]:
    agreement.reread()
    base = agreement.in_force
    return {"client_id": uuid.uuid4(), "version": base.pk if base else "", "why": "It fits better"} | more


def rows(*wordings: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """The fields of the whole text: key, heading, words of each clause."""
    data: dict[str, Any] = {"row": [key for key, _heading, _text in wordings], **more}
    for key, heading, text in wordings:
        data |= {f"heading-{key}": heading, f"text-{key}": text}
    return data


def texts(version: Version) -> list[str]:
    return [c.text for c in Clause.objects.filter(version=version)]


@pytest.fixture
def contract(cast: Cast) -> Agreement:
    return Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")


# --- who -------------------------------------------------------------------------------------------------------------


def routes(agreement: Agreement, version: Version) -> list[tuple[str, str]]:
    of_pair = ["agreement_list", "agreement_create"]
    of_agreement = [
        "agreement_detail", "version_create", "agreement_review", "agreement_close", "agreement_reopen",
        "agreement_print", "agreement_export",
    ]  # fmt: skip
    of_version = [
        "version_detail", "version_sign", "version_unsign", "version_counter", "version_defer", "version_withdraw",
        "version_update",
    ]  # fmt: skip
    return [
        *((name, reverse(name, args=[agreement.partnership_id])) for name in of_pair),
        *((name, reverse(name, args=[agreement.pk])) for name in of_agreement),
        *((name, reverse(name, args=[version.pk])) for name in of_version),
    ]


def fresh_login(person: Person) -> Client:
    """As after the password was entered once more, which an export asks for."""
    client = client_of(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.mark.parametrize("name", ["sara", "ada", "mei", "priya"])
def test_for_everybody_else_there_is_nothing(cast: Cast, contract: Agreement, name: str) -> None:
    agree(contract, ONE)
    version = propose(contract, cast.ines, ONE, TWO)
    client = fresh_login(getattr(cast, name))
    before = Version.objects.values("pk", "number", "ended_at", "deferred_at"), Signature.objects.count()
    found = [list(before[0]), before[1]]
    for route, url in routes(contract, version):
        for answer in (client.get(url), client.post(url, {"digest": version.digest})):
            assert answer.status_code in {404, 405}, route
            assert "Relaunch" not in text_of(answer)
        assert 404 in {client.get(url).status_code, client.post(url).status_code}, route
    assert [list(before[0]), Signature.objects.count()] == found


def test_signed_out_everything_asks_to_sign_in(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.ines, ONE)
    for route, url in routes(contract, version):
        answer = Client().get(url)
        assert answer.status_code == 302, route
        assert answer["Location"].startswith(reverse("account_login")), route


def test_get_changes_nothing(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE)
    version = propose(contract, cast.ines, ONE, TWO)
    tables = (Agreement, Version, Clause, Signature)
    before = [list(model.objects.values()) for model in tables]
    client = fresh_login(cast.tom)
    for route, url in routes(contract, version):
        assert client.get(url).status_code in {200, 405}, route
    assert [list(model.objects.values()) for model in tables] == before


# --- begin -----------------------------------------------------------------------------------------------------------


def test_the_list_begins_empty_and_sorts_by_state(cast: Cast, contract: Agreement) -> None:
    text = get(cast.priya, "agreement_list", cast.search.pk)
    assert "Nothing is agreed yet" in text
    agree(contract, ONE)
    propose(contract, cast.tom, TWO)
    Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Second")
    Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Third").close(by=cast.tom)
    text = get(cast.tom, "agreement_list", cast.checkout.pk)
    order = ["In force", "Relaunch", "1 change proposed", "Being written", "Second", "Closed", "Third"]
    places = [text.index(f">{word}") if word != "1 change proposed" else text.index(word) for word in order]
    assert places == sorted(places)


def test_agreement_create_begins_a_contract_once(cast: Cast) -> None:
    data: dict[str, Any] = {"client_id": uuid.uuid4(), "kind": "contract", "title": "  Relaunch "}
    answer = post(cast.tom, "agreement_create", cast.checkout.pk, **data)
    made = Agreement.objects.get()
    assert (made.title, made.kind) == ("Relaunch", "contract")
    assert answer["Location"] == reverse("version_create", args=[made.pk])
    post(cast.tom, "agreement_create", cast.checkout.pk, **data)
    assert Agreement.objects.count() == 1


def test_agreement_create_begins_the_dream_team_once(cast: Cast) -> None:
    assert "Dream Team agreement" in get(cast.tom, "agreement_create", cast.checkout.pk)
    for person in (cast.tom, cast.ines):
        post(person, "agreement_create", cast.checkout.pk, client_id=uuid.uuid4(), kind="dream_team",
             status=302 if person == cast.tom else 422)  # fmt: skip
    assert Agreement.objects.get().title == "Our Dream Team agreement"


@pytest.mark.parametrize("title", ["", "Two\nlines", "Re\u202elaunch", "x" * 121])
def test_agreement_create_gives_a_refused_title_back(cast: Cast, title: str) -> None:
    answer = post(cast.tom, "agreement_create", cast.checkout.pk, client_id=uuid.uuid4(), kind="contract", title=title,
                  status=422)  # fmt: skip
    assert not Agreement.objects.exists()
    if title.startswith("x"):
        assert title in text_of(answer)


# --- the first version -----------------------------------------------------------------------------------------------


def test_the_first_version_is_written_as_a_list(cast: Cast, contract: Agreement) -> None:
    assert "Purpose and success" in get(cast.ines, "version_create", contract.pk)
    post(
        cast.ines, "version_create", contract.pk,
        **words(contract, why=""),
        **rows(("new-0", "Purpose and success", "To ship."), ("new-1", "Roles", ""), ("new-2", "", "We talk.")),
    )  # fmt: skip
    version = Version.objects.get()
    assert [(c.heading, c.text) for c in version.clauses.all()] == [
        ("Purpose and success", "To ship."), ("", "We talk."),
    ]  # fmt: skip
    assert version.proposed_by == cast.ines
    text = get(cast.tom, "agreement_detail", contract.pk)
    assert "First version, proposed by Ines" in text
    assert "Waiting for you" in text
    assert "Sign it" in text
    assert "Sign it" not in get(cast.ines, "agreement_detail", contract.pk)
    post(cast.tom, "version_sign", version.pk, digest=version.digest)
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert "Version 1, in force since" in text
    assert "Tom Lindqvist" in text


def test_a_heading_of_ones_own_is_never_dropped_in_silence(cast: Cast, contract: Agreement) -> None:
    answer = post(
        cast.ines, "version_create", contract.pk, status=422,
        **words(contract), **rows(("new-0", "My heading", ""), ("new-1", "", "We talk.")),
    )  # fmt: skip
    text = text_of(answer)
    assert "A clause needs words." in text
    assert "My heading" in text
    assert "We talk." in text


def test_rows_move_and_grow_without_a_word_lost(cast: Cast, contract: Agreement) -> None:
    typed = rows(("new-0", "H", "First"), ("new-1", "", "Second"), out="new-1")
    answer = post(cast.ines, "version_create", contract.pk, status=200, **words(contract), **typed, edit="down:new-0")
    text = text_of(answer)
    assert text.index("Second</textarea>") < text.index("First</textarea>")
    assert re.search(r'value="new-1"[^>]*checked', text)
    assert "It fits better" in text
    answer = post(cast.ines, "version_create", contract.pk, status=200, **words(contract), **typed, edit="add")
    assert 'name="text-new-2"' in text_of(answer)
    for odd in ("up:new-0", "down:nobody", "sideways:new-0", "up"):
        post(cast.ines, "version_create", contract.pk, status=200, **words(contract), **typed, edit=odd)
    assert not Version.objects.exists()


def test_a_page_never_has_more_fields_than_a_form_may_send(cast: Cast, contract: Agreement) -> None:
    text = get(cast.ines, "version_create", contract.pk, new=500)
    assert text.count("<textarea") == limits.CLAUSES_AT_ONCE + 1
    fields = re.findall(r"<(?:input|textarea|select)[^>]* name=", text)
    assert len(fields) + 1 <= 200  # all boxes checked, and the button
    agree(contract, *(Wording(f"Clause {n}") for n in range(limits.CLAUSES_AT_ONCE + 1)))
    assert "change them one by one" in get(cast.ines, "version_create", contract.pk)


# --- propose a change ------------------------------------------------------------------------------------------------


def test_one_clause_gets_other_words(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO, THREE)
    text = get(cast.tom, "version_create", contract.pk, line=TWO.line)
    assert "Change clause 2" in text
    assert TWO.text in text
    post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}",
         **words(contract, text="Tom answers the same day.", heading=""))  # fmt: skip
    version = Version.objects.get(number=None)
    assert texts(version) == [ONE.text, "Tom answers the same day.", THREE.text]
    assert version.line == TWO.line
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert "Tom proposes other words" in text
    assert "<del>within a</del><ins>the same</ins>" in text
    assert "“It fits better”" in text
    assert text.index(TWO.text) < text.index("Tom proposes other words") < text.index(THREE.text)


def test_a_clause_is_added_where_it_belongs_and_taken_out(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    get(cast.tom, "version_create", contract.pk, add=1)
    sent = words(contract, text="New words", heading="", after=ONE.line)
    post(cast.tom, "version_create", contract.pk, query="?add=1", **sent)
    post(cast.tom, "version_create", contract.pk, query="?add=1", **sent)  # the same press twice
    version = Version.objects.get(number=None)
    assert texts(version) == [ONE.text, "New words", TWO.text]
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert text.index(ONE.text) < text.index("Tom proposes a new clause here") < text.index(TWO.text)
    post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}",
         **words(contract, text=TWO.text, heading="", take_out="on"))  # fmt: skip
    assert texts(Version.objects.order_by("proposed_at").last()) == [ONE.text]  # type: ignore[arg-type]
    assert "Tom proposes to take this clause out" in get(cast.ines, "agreement_detail", contract.pk)
    post(cast.tom, "version_create", contract.pk, query="?add=1", **words(contract, text="First of all", after=""))
    assert "Proposed for the whole text" in get(cast.ines, "agreement_detail", contract.pk)


def test_several_clauses_and_their_order(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO, THREE)
    post(
        cast.tom, "version_create", contract.pk,
        **words(contract),
        **rows(
            (str(TWO.line), "", TWO.text), (str(ONE.line), "How we work", "We decide it."),
            (str(THREE.line), "", THREE.text), out=str(THREE.line),
        ),
    )  # fmt: skip
    version = Version.objects.get(number=None)
    assert [(c.line, c.text) for c in version.clauses.all()] == [(TWO.line, TWO.text), (ONE.line, "We decide it.")]
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert "Proposed for the whole text" in text
    assert "Clause 3 taken out" in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"text": ""}, "A clause needs words."),
        ({"why": " "}, "Say why."),
        ({"text": "No\x00"}, "not text"),
        ({"text": "x" * 10_001}, "1 character too many"),
        ({"heading": "Two\nlines"}, "one line"),
        ({"text": TWO.text}, "This is the wording in force already."),
    ],
)
def test_what_is_refused_stands_at_the_form(cast: Cast, contract: Agreement, more: dict[str, str], said: str) -> None:
    agree(contract, ONE, TWO)
    sent = words(contract, text="My new words", heading="", why="My reason") | more
    answer = post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}", status=422, **sent)
    text = text_of(answer)
    assert said in text
    for word in (str(sent["text"]), str(sent["why"])):
        assert word.replace("\x00", "") in text.replace("\x00", "")
    assert Version.objects.count() == 1


def test_a_version_that_came_in_between_is_shown_and_kept(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    old = words(contract, text="Tom answers the same day.", heading="")
    agree(contract, replace(ONE, text="We decide it early."), TWO)
    answer = post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}", status=409, **old)
    text = text_of(answer)
    assert "Another version came into force in between." in text
    assert "<ins>it early</ins>" in text
    assert "Tom answers the same day.</textarea>" in text
    again = {name: re.findall(rf'name="{name}" value="([^"]+)"', text)[0] for name in ("version", "client_id")}
    assert again["client_id"] != str(old["client_id"])
    post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}", **old | again)
    version = Version.objects.get(number=None)
    assert texts(version) == ["We decide it early.", "Tom answers the same day."]
    assert not version.is_outdated


def test_a_whole_text_catches_up_with_what_came_in_between(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    sent = words(contract) | rows(
        (str(ONE.line), "How we work", ONE.text), (str(TWO.line), "", "Tom answers at once."), ("new-0", "", "Mine.")
    )
    agree(contract, ONE, TWO, THREE)
    text = text_of(post(cast.tom, "version_create", contract.pk, status=409, **sent))
    for word in (ONE.text, "Tom answers at once.", "Mine.", THREE.text):
        assert f"{word}</textarea>" in text
    assert not Version.objects.filter(number=None).exists()


def test_a_clause_that_is_gone_can_come_back_with_new_words(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    old = words(contract, text="Tom answers the same day.", heading="")
    agree(contract, ONE)
    post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}", status=409, **old)
    post(cast.tom, "version_create", contract.pk, query=f"?line={TWO.line}",
         **old | words(contract))  # fmt: skip
    assert texts(Version.objects.get(number=None)) == [ONE.text, "Tom answers the same day."]


@pytest.mark.parametrize("broken", ["nonsense", "' OR 1=1", "\u202e", "0" * 300])
def test_odd_input_is_never_an_error(cast: Cast, contract: Agreement, broken: str) -> None:
    agree(contract, ONE)
    client = client_of(cast.tom)
    create = reverse("version_create", args=[contract.pk])
    for asked in ({"line": broken}, {"new": broken}, {"add": broken}):
        assert client.get(create, asked).status_code == 200
    fields = {"version": broken, "client_id": broken, "row": [broken, broken], f"text-{broken}": "T", "why": "W"}
    for data in (fields, {**fields, "edit": broken}, {}, {"text": broken, "after": broken, "why": "W"}):
        for query in ("", "?add=1", f"?line={uuid.uuid4()}"):
            assert client.post(create + query, data).status_code in {200, 302, 409, 422}
    version = agree(contract, THREE)
    detail = reverse("version_detail", args=[version.pk])
    assert client.get(detail, {"against": broken}).status_code == 404
    assert client.post(reverse("version_sign", args=[version.pk]), {"digest": broken}).status_code in {302, 409, 422}
    look = reverse("agreement_review", args=[contract.pk])
    for data in ({"until": broken}, {"until": "2026-13-45"}, {"until": "9999-12-31", "line": broken}):
        assert client.post(look, data).status_code == 422
    assert '<input type="date" name="until" value="2001-02-03"' in client.post(look, {"until": "2001-02-03"}).text


# --- sign, answer, later, back ---------------------------------------------------------------------------------------


def test_an_edit_under_somebody_who_signs_shows_both_texts(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    version = propose(contract, cast.tom, ONE, replace(TWO, text="Tom answers when he can."))
    version.counter([ONE, replace(TWO, text="Tom answers at noon.")], by=cast.tom, reason="Clearer")
    text = text_of(post(cast.ines, "version_sign", version.pk, status=409, digest=version.digest))
    assert "Tom changed these words in between." in text
    assert "Tom answers when he can." in text
    assert "Tom answers at noon." in text
    assert Version.objects.filter(number__gt=1).count() == 0


def test_other_words_are_suggested_in_one_box(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    version = contract_change(contract, cast.tom, TWO, "Tom answers when he can.")
    text = get(cast.ines, "version_counter", version.pk)
    assert "Tom’s words" in text
    assert TWO.text in text
    post(cast.ines, "version_counter", version.pk, **words(contract, text="Tom answers at noon.", heading=""))
    newer = Version.objects.get(answers=version)
    assert texts(newer) == [ONE.text, "Tom answers at noon."]
    text = get(cast.tom, "agreement_detail", contract.pk)
    assert "Ines proposes other words" in text
    assert "Taken back or answered" in text
    late = words(contract, text="Tom answers in March.", heading="")
    text = text_of(post(cast.tom, "version_counter", version.pk, status=409, **late))
    assert "Tom answers in March." in text
    assert "Tom answers at noon." in text


def contract_change(agreement: Agreement, by: Person, wording: Wording, text: str) -> Version:
    agreement.reread()
    base = agreement.in_force
    assert base is not None
    new = [replace(w, text=text) if w.line == wording.line else w for w in base.wordings]
    return agreement.propose(new, by=by, reason="Because", base=base, line=wording.line)


def test_other_words_for_several_clauses_are_a_list(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.tom, ONE, TWO)
    assert f"{TWO.text}</textarea>" in get(cast.ines, "version_counter", version.pk)
    sent = rows((str(ONE.line), "How we work", ONE.text), (str(TWO.line), "", "Tom answers at noon."))
    post(cast.ines, "version_counter", version.pk, **words(contract), **sent)
    newer = Version.objects.get(answers=version)
    assert [c.line for c in newer.clauses.all()] == [ONE.line, TWO.line]


def test_defer_take_back_and_unsign(cast: Cast, contract: Agreement) -> None:
    version = propose(contract, cast.tom, ONE)
    post(cast.ines, "version_defer", version.pk)
    assert "For the next retro" in get(cast.tom, "agreement_detail", contract.pk)
    post(cast.ines, "version_withdraw", version.pk, status=403)
    post(cast.tom, "version_unsign", version.pk)
    assert "Waiting for you both" in get(cast.ines, "agreement_detail", contract.pk)
    post(cast.tom, "version_withdraw", version.pk)
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert "Tom’s proposal of" in text
    page = get(cast.ines, "version_detail", version.pk)
    assert ONE.text in page
    assert f"Twofold {version.pk}" not in page  # the foot is of the program


def test_version_update_shows_the_text_that_is_signed(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    version = contract_change(contract, cast.tom, TWO, "Tom answers when he can.")
    agree(contract, ONE, TWO, THREE)
    assert "Proposed before the last change" in get(cast.ines, "agreement_detail", contract.pk)
    text = get(cast.ines, "version_update", version.pk)
    assert THREE.text in text
    digest = re.search(r'name="digest" value="(\w+)"', text)[1]  # type: ignore[index]
    post(cast.ines, "version_update", version.pk, status=409, digest=version.digest)
    post(cast.ines, "version_update", version.pk, digest=digest)
    newer = Version.objects.get(answers=version)
    assert texts(newer) == [ONE.text, "Tom answers when he can.", THREE.text]
    assert "There is nothing to bring up to date." in get(cast.ines, "version_update", newer.pk)


def test_what_ended_says_how_and_asks_nobody_to_sign(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    back = contract_change(contract, cast.tom, TWO, "Tom answers when he can.")
    back.withdraw(by=cast.tom)
    answered = contract_change(contract, cast.tom, TWO, "Tom answers in March.")
    post(cast.ines, "version_counter", answered.pk, **words(contract, text="Tom answers at noon.", heading=""))
    newer = Version.objects.get(answers=answered)
    link = f'href="{reverse("version_detail", args=[newer.pk])}"'
    for version, ended in ((back, "Taken back on "), (answered, "Other words took its place on ")):
        text = get(cast.ines, "version_detail", version.pk).partition("<main")[2]
        assert ended in text.partition("<aside")[0]
        assert (link in text.partition("<aside")[0]) is (version == answered)
        assert "Not signed yet" not in text
        assert 'class="open"' not in text
        assert ended in get(cast.ines, "agreement_detail", contract.pk)
        assert ended in fresh_login(cast.tom).post(reverse("agreement_export", args=[contract.pk])).text
    assert "Not signed yet" in get(cast.tom, "version_detail", newer.pk)
    contract.close(by=cast.ines)
    text = get(cast.tom, "version_detail", newer.pk)
    assert "Not signed yet" not in text
    assert "This contract is closed. You can both read it." in text


# --- versions --------------------------------------------------------------------------------------------------------


def wording_of(page: str) -> list[str]:
    """The element that holds the words, byte by byte."""
    return re.findall(r'<ol class="clauses".*?</ol>|<h2>[^<]*</h2>', page, re.DOTALL)


def test_the_old_wording_never_changes(cast: Cast, contract: Agreement) -> None:
    first = agree(contract, ONE, TWO, THREE)
    ended = propose(contract, cast.tom, ONE, Wording("Never agreed."))
    ended.withdraw(by=cast.tom)
    second = agree(contract, replace(ONE, text="We decide it early."), THREE)
    shown = {v.pk: wording_of(get(cast.ines, "version_detail", v.pk)) for v in (first, ended, second)}
    assert all(TWO.text in "".join(shown[v.pk]) for v in (first,))
    digests = {v.pk: v.digest for v in Version.objects.all()}
    for n in range(3):
        agree(contract, replace(ONE, text=f"Another text {n}."), replace(THREE, heading=f"Another heading {n}"))
    contract_change(contract, cast.tom, ONE, "Proposed now.")
    contract.still_true(by=cast.tom, until=timezone.localdate() + timedelta(50))
    Agreement.objects.update(title="Another title")
    Person.objects.filter(pk=cast.tom.pk).update(
        name="Thomas Other", role_label="Something else", timezone="Asia/Tokyo"
    )
    Person.objects.filter(pk=cast.ines.pk).update(theme="dark", shortcuts=False)
    for key, before in shown.items():
        assert wording_of(get(cast.ines, "version_detail", key)) == before
        assert wording_of(get(cast.tom, "version_detail", key)) == before
    assert {v.pk: v.digest for v in Version.objects.filter(pk__in=digests)} == digests
    assert Version.objects.get(pk=first.pk).title == "Relaunch"


def test_any_two_versions_are_compared(cast: Cast, contract: Agreement) -> None:
    first = agree(contract, ONE, TWO)
    second = agree(contract, ONE, replace(TWO, text="Tom answers the same day."), reason="It was too slow")
    text = get(cast.tom, "version_detail", second.pk, against=first.pk)
    assert "<del>within a</del><ins>the same</ins>" in text
    assert "It was too slow" in text
    turned = client_of(cast.tom).get(
        reverse("version_detail", args=[first.pk]), {"against": str(second.pk)}, follow=True
    )
    assert "<del>within a</del><ins>the same</ins>" in text_of(turned)
    assert "What changed since: Version 1." in text_of(turned)
    other = agree(Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Theirs"), THREE)
    assert THREE.text not in get(cast.tom, "version_detail", first.pk, status=404, against=other.pk)


def test_a_comparison_reads_from_the_older_to_the_newer(cast: Cast, contract: Agreement) -> None:
    """A proposal that waits is newer than all that is in force, even when it was written before."""
    first = agree(contract, ONE)
    waiting = contract_change(contract, cast.tom, ONE, "Tom decides scope.")
    second = agree(contract, ONE, TWO)
    for one, other in ((first, second), (second, waiting), (first, waiting)):
        forwards = {"target": reverse("version_detail", args=[other.pk]) + f"?against={one.pk}", "status": 302}
        answer = client_of(cast.ines).get(reverse("version_detail", args=[one.pk]), {"against": str(other.pk)})
        assert {"target": answer.headers["Location"], "status": answer.status_code} == forwards
        get(cast.ines, "version_detail", other.pk, against=one.pk)


def test_what_is_unseen_is_written_out_and_escaped(cast: Cast, contract: Agreement) -> None:
    agree(contract, Wording("Pay \u202e001 <b>now</b>\u200b"))
    raw = client_of(cast.tom).get(reverse("agreement_detail", args=[contract.pk])).content.decode()
    assert "Pay ⟨U+202E⟩001 &lt;b&gt;now&lt;/b&gt;⟨U+200B⟩" in raw
    assert visible("a\u200db") == "a\u200db"  # a joiner: emoji and scripts need it


# --- the next look, the end ------------------------------------------------------------------------------------------


def test_agreement_review_sets_the_next_look(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    Agreement.objects.update(review_on=timezone.localdate() - timedelta(days=2))
    Clause.objects.filter(line=TWO.line).update(review_on=timezone.localdate() - timedelta(days=2))
    text = get(cast.tom, "agreement_detail", contract.pk)
    assert "Is it still right?" in text
    assert "Is this clause still right?" in text
    assert "Needs a look" in get(cast.tom, "agreement_list", cast.checkout.pk)
    ahead = timezone.localdate() + timedelta(days=60)
    post(cast.tom, "agreement_review", contract.pk, until=ahead)
    post(cast.tom, "agreement_review", contract.pk, until=ahead, line=TWO.line)
    text = get(cast.tom, "agreement_detail", contract.pk)
    assert "still right?" not in text.replace("Still right?", "")
    post(cast.tom, "agreement_review", contract.pk, until="2001-01-01", status=422)


def test_a_closed_contract_only_offers_to_be_opened(cast: Cast, contract: Agreement) -> None:
    version = agree(contract, ONE)
    waiting = propose(contract, cast.tom, ONE, TWO)
    post(cast.ines, "agreement_close", contract.pk)
    text = get(cast.tom, "agreement_detail", contract.pk)
    assert ONE.text in text
    for word in ("Sign it", "Propose a change", "Still right"):
        assert word not in text
    post(cast.tom, "version_sign", waiting.pk, status=409, digest=waiting.digest)
    post(cast.tom, "agreement_reopen", contract.pk)
    assert "Propose a change" in get(cast.ines, "agreement_detail", contract.pk)
    assert ONE.text in get(cast.ines, "version_detail", version.pk)


def test_the_dream_team_cannot_be_closed(cast: Cast) -> None:
    dream_team = Agreement.begin(cast.checkout, by=cast.ines, kind="dream_team", title="Dream Team")
    assert "Close this contract" not in get(cast.ines, "agreement_detail", dream_team.pk)
    post(cast.ines, "agreement_close", dream_team.pk, status=409)


def test_an_ended_partnership_reads_and_writes_no_more(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE)
    waiting = propose(contract, cast.tom, ONE, TWO)
    type(cast.checkout).objects.filter(pk=cast.checkout.pk).update(archived_at=timezone.now())
    text = get(cast.ines, "agreement_detail", contract.pk)
    assert ONE.text in text
    for word in ("Sign it", "Propose a change", "Close this contract"):
        assert word not in text
    post(cast.ines, "version_sign", waiting.pk, status=403, digest=waiting.digest)
    sent = words(contract, text="Kept words", heading="")
    text = text_of(post(cast.ines, "version_create", contract.pk, query=f"?line={ONE.line}", status=403, **sent))
    assert "Kept words" in text


# --- paper and file --------------------------------------------------------------------------------------------------


def test_agreement_print_has_the_words_the_names_and_the_date(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, TWO)
    contract_change(contract, cast.tom, TWO, "Proposed only.")
    text = get(cast.tom, "agreement_print", contract.pk)
    for word in ("Relaunch", ONE.text, TWO.text, "Ines Okafor", "Tom Lindqvist", "Version 1, in force since"):
        assert word in text
    assert "Proposed only." not in text


def test_agreement_export_is_a_file_with_the_history(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE, Wording("# not a heading\n- not a list"))
    agree(contract, ONE, TWO, reason="Because of\nthis")
    waiting = contract_change(contract, cast.tom, TWO, "Proposed only.")
    gone = contract_change(contract, cast.tom, TWO, "Taken back.")
    gone.withdraw(by=cast.tom)
    answer = fresh_login(cast.ines).post(reverse("agreement_export", args=[contract.pk]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="agreement.md"'
    assert set(answer["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"
    text = answer.content.decode()
    assert text.startswith("# Relaunch\n")
    for word in (
        ONE.text,
        TWO.text,
        "Proposed only.",
        "Taken back.",
        "> Because of\n> this",
        "Signed by Tom Lindqvist",
        f"Times as in {cast.ines.timezone}.",
    ):
        assert word in text
    assert "2. # not a heading\n   - not a list" in text
    assert (
        text.index("The wording in force") < text.index(waiting.plain_text.split("\n")[-1]) < text.index("## History")
    )


def test_agreement_export_asks_who_it_is_and_how_often(cast: Cast, contract: Agreement) -> None:
    agree(contract, ONE)
    url = reverse("agreement_export", args=[contract.pk])
    client = client_of(cast.ines)
    answer = client.post(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    resumed = client.post(answer["Location"], {"password": PASSWORD})  # back to the page, which offers it again
    assert "Choose it once more, and the file comes." in client.get(resumed["Location"]).text
    assert client.post(url)["Content-Disposition"] == 'attachment; filename="agreement.md"'
    assert {client.post(url).status_code for _n in range(limits.EXPORTS_PER_HOUR - 1)} == {200}
    answer = client.post(url)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert fresh_login(cast.tom).post(url).status_code == 200


def test_every_export_is_written_down(cast: Cast, contract: Agreement) -> None:
    """Who took what along, for the pair's record; without a word of it, and not for admins."""
    agree(contract, ONE)
    fresh_login(cast.tom).post(reverse("agreement_export", args=[contract.pk]))
    (line,) = Audit.objects.filter(act="agreement_exported")
    assert (line.by_id, line.about_id, line.partnership_id) == (cast.tom.pk, contract.pk, cast.checkout.pk)
    assert not Audit.objects.for_admins().filter(act="agreement_exported").exists()
    assert client_of(cast.tom).get(reverse("agreement_export", args=[contract.pk])).status_code == 405


# --- size ------------------------------------------------------------------------------------------------------------


def big(cast: Cast, *, clauses: int, versions: int, proposals: int) -> Agreement:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title=f"Big {clauses}")
    texts = [Wording(f"Clause {n} says what both of us do about it, and when.") for n in range(clauses)]
    for n in range(versions):
        texts[n % clauses] = replace(texts[n % clauses], text=f"Version {n} says it better.")
        agree(agreement, *texts)
    for n in range(proposals):
        contract_change(agreement, cast.tom, texts[n], f"Proposal {n}.")
    return agreement


def queries(person: Person, url: str) -> int:
    client = fresh_login(person)
    client.get(url)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_a_clause_moves_alone_in_a_text_of_any_length(cast: Cast) -> None:
    """Longer texts than one page takes are changed clause by clause: other words, another place, or both."""
    contract = big(cast, clauses=200, versions=1, proposals=0)
    lines = [w.line for w in contract.history[0].wordings]
    url = f"?line={lines[150]}"
    assert f'value="{lines[149]}" selected' in get(cast.tom, "version_create", contract.pk, line=lines[150])
    post(cast.tom, "version_create", contract.pk, query=url, **words(contract, text="Moved", after=lines[2]))
    contract.reread()
    (moved,) = contract.proposals
    assert [w.line for w in moved.wordings] == [*lines[:3], lines[150], *lines[3:150], *lines[151:]]
    assert moved.wordings[3].text == "Moved"
    post(cast.tom, "version_create", contract.pk, query=url, **words(contract, text="Stays"))
    contract.reread()
    assert [w.line for w in contract.proposals[-1].wordings] == lines


def test_a_big_agreement_takes_ten_queries_at_most(cast: Cast) -> None:
    small, large = big(cast, clauses=3, versions=2, proposals=1), big(cast, clauses=40, versions=15, proposals=12)
    for agreement in (small, large):
        newest = agreement.history[0]
        ClauseLink.objects.bulk_create(
            ClauseLink(agreement=agreement, line=w.line, tag=tag, by=cast.tom)
            for w in newest.wordings
            for tag in ("life", "company")
        )
        waiting = Version.objects.filter(agreement=agreement, number=None).first()
        assert waiting is not None
        urls = {
            "detail": reverse("agreement_detail", args=[agreement.pk]),
            "print": reverse("agreement_print", args=[agreement.pk]),
            "version": reverse("version_detail", args=[newest.pk]) + f"?against={agreement.history[-1].pk}",
            "proposal": reverse("version_detail", args=[waiting.pk]),
            "counter": reverse("version_counter", args=[waiting.pk]),
            "update": reverse("version_update", args=[waiting.pk]),
            "line": reverse("version_create", args=[agreement.pk]) + f"?line={newest.wordings[0].line}",
            "whole": reverse("version_create", args=[agreement.pk]),
        }
        found = {name: queries(cast.tom, url) for name, url in urls.items()}
        assert {name: count for name, count in found.items() if count > 10} == {}


def test_the_list_takes_as_many_queries_for_thirty_as_for_three(cast: Cast) -> None:
    url = reverse("agreement_list", args=[cast.checkout.pk])
    for n in range(3):
        agree(Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title=f"Few {n}"), ONE)
    few = queries(cast.tom, url)
    for n in range(27):
        agree(Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title=f"Many {n}"), ONE)
    assert queries(cast.tom, url) == few


@pytest.mark.parametrize(
    ("today", "look"),
    [
        (date(2026, 1, 15), date(2026, 4, 15)),
        (date(2026, 8, 31), date(2026, 11, 30)),
        (date(2026, 11, 29), date(2027, 2, 28)),
    ],
)
def test_the_next_look_is_proposed_three_months_on(today: date, look: date) -> None:
    assert next_look(today) == look


def test_every_page_of_hostile_proposals_has_one_budget(cast: Cast, contract: Agreement) -> None:
    """Four clauses of 9,800 characters, all words distinct, each two neighbours swapped; proposed three times."""
    pairs = [swapped_clause(n) for n in range(4)]
    first = agree(contract, *(Wording(text) for text, _swapped in pairs))
    turned = [replace(w, text=text) for w, (_text, text) in zip(first.wordings, pairs, strict=True)]
    proposals = [propose(contract, cast.ines, *turned[:n], *first.wordings[n:]) for n in (4, 3, 1)]
    detail = reverse("agreement_detail", args=[contract.pk])
    client = client_of(cast.tom)
    found = {}

    def look(name: str, url: str) -> None:
        with counted() as steps:
            assert client.get(url).status_code == 200
        found[name] = steps.count

    look("detail", detail)
    look("version", reverse("version_detail", args=[proposals[0].pk]) + f"?against={first.pk}")
    agree(contract, *first.wordings, Wording("One more."))
    look("outdated", detail)
    look("update", reverse("version_update", args=[proposals[0].pk]))
    assert {name: count for name, count in found.items() if not 0 < count <= 1_200_000} == {}
