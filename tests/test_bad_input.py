"""Broken input to every form: the answers of docs/rules/reliability.md R15, never a 500, and no text lost.

A text is kept when the answer leaves the form alone (htmx and autosave put it into the notice), or when the page that
comes instead gives back all that was typed.
"""

from __future__ import annotations

import html
import logging
import re
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from django.test import Client
from django.urls import reverse

from partnerships import limits
from retros.models import Action, Draft, Entry, Note, creation
from tests.forms import FORM, send, send_bytes
from tests.retros.play import CLOSE
from tests.routes import TABLE
from tests.world import AUTOSAVE, HTMX, World, routes

# What a database may refuse on its own (a length, a number, a character, a key that is there) is sent to both.
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

PARTS = "multipart/form-data"  # without the boundary that it needs
HEADERS: dict[str, dict[str, str]] = {"htmx": HTMX, "autosave": AUTOSAVE, "plain": {}}
# Where a text is typed and kept: route, and the field that takes it.
TEXTS = {name: route.keeps for name, route in TABLE.items() if route.keeps}
PRESSED = sorted(name for name, row in TABLE.items() if row.post != "405")
OURS = [name for name in PRESSED if not name.startswith("account_")]
# What htmx puts into the notice of the form (base.html); the rest leaves the page as it is.
INTO_NOTICE = {401, 403, 409, 413, 422, 429, 503, 507}


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("WRITES_PER_MINUTE", "DRAFT_SAVES_PER_MINUTE", "INVITATIONS_PER_HOUR"):
        monkeypatch.setattr(limits, name, 10**6)
    logging.disable(logging.ERROR)  # a line for each of thousands of answers
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def ines(world: World) -> Client:
    client = world.client("ines")
    client.raise_request_exception = False  # a 500 shall be seen as one
    return client


# A mail program presses it, without a sign-in or a token, and it reads no field (docs/rules/scheduling.md S21).
ONE_CLICK = "unsubscribe"


def gives_back(answer: Any, text: str) -> bool:
    boxes = re.findall(r"<textarea[^>]*>(.*?)</textarea>|<input[^>]*\bvalue=\"([^\"]*)\"", answer.text, re.DOTALL)
    return text in {html.unescape(part).removeprefix("\n") for box in boxes for part in box if part}


# --- one text box -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HEADERS)
def test_a_bad_text_is_refused_and_kept(world: World, ines: Client, how: str) -> None:
    for name in TEXTS:
        refused_and_kept(world, ines, name, how)


def refused_and_kept(world: World, ines: Client, name: str, how: str) -> None:
    url, field = world.url(name), TEXTS[name]
    over = "x" * (limits.CONTENT_LENGTH + 312)
    cases = [
        (over, "312 characters too many. Your text is here."),
        ("nul\x00 text", "not text"),
        ("bell\x07", "not text"),
    ]
    if TABLE[name].needed:
        cases += [("", ""), (" \n ", "")]
    for text, words in cases:
        answer = send(ines, url, {**world.data(name), field: text}, HEADERS[how])
        assert answer.status_code == 422, (name, text[:10], answer.text[:300])
        assert words in answer.text, (name, text[:10])
        if how == "plain":
            assert "<h1" in answer.text
            assert not text.strip() or gives_back(answer, text), (name, text[:10])
        elif name != "action_update" and (how, name) != ("autosave", "action_create"):  # pages of their own
            assert "<html" not in answer.text, (name, text[:10])


@pytest.mark.both_databases
def test_as_long_as_allowed_is_taken(world: World, ines: Client) -> None:
    text = "é" * (limits.CONTENT_LENGTH - 7) + " <b>&\n\t"
    for name, field in TEXTS.items():
        answer = send(ines, world.url(name), {**world.data(name), field: text.replace("\n", "\r\n")})
        assert answer.status_code in {200, 302}, name


@pytest.mark.parametrize("how", HEADERS)
def test_bytes_that_are_no_text_are_not_guessed_at(world: World, how: str) -> None:
    """Every form of a text in each way of sending it, the others in one of the three by turns."""
    client = Client(enforce_csrf_checks=True)  # as in life: the token is looked for in every form
    client.force_login(world.cast.ines)
    for name in sorted({*TEXTS, *PRESSED[list(HEADERS).index(how) :: len(HEADERS)]}):
        not_guessed_at(world, client, name, how)


def not_guessed_at(world: World, ines: Client, name: str, how: str) -> None:
    field = TEXTS.get(name, "email")
    fields = urlencode(world.data(name))
    parts = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--x--\r\n'
    lone, latin, seven = b"lone%ED%A0%80", b"caf%E9", b"+2AA-"
    bodies = [
        (f"{fields}&{field}=".encode() + lone, FORM),
        (f"{fields}&{field}=".encode() + latin, FORM),
        (f"{fields}&%ff=1".encode(), FORM),
        (parts % (field.encode(), b"caf\xe9"), "multipart/form-data; boundary=x"),
        (parts % (field.encode(), seven), "multipart/form-data; boundary=x; charset=utf-7"),
        (f"{fields}&{field}=a".encode(), f"{FORM}; charset=utf-16"),
    ]  # fmt: skip
    for body, kind in bodies:
        answer = send_bytes(ines, world.url(name), body, kind, HEADERS[how])
        assert (answer.status_code, "We could not read that" in answer.text) == (400, True), (name, body[-60:], kind)


def test_too_much_is_refused_at_once(world: World, ines: Client) -> None:
    """A megabyte that the server's own bound would let in, and more fields than any form has."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.cast.ines)
    many = urlencode([(f"f{n}", "1") for n in range(201)]).encode()
    for name in PRESSED:
        url, field = world.url(name), TEXTS.get(name, "email")
        for body in (f"{field}=".encode() + b"x" * (limits.BODY_BYTES + 1), many):
            refused = {400, 413} if name in OURS else {400, 404, 413}
            status = send_bytes(strict, url, body, FORM).status_code
            assert status in refused | ({200} if name == ONE_CLICK else set()), name
        if name not in TEXTS and "email" not in world.data(name):
            continue  # it has no such field
        long = send(ines, url, {**world.data(name), field: "x" * (limits.BODY_BYTES - 5000)}).status_code
        assert long in (
            {422} if name in TEXTS else {200, 302, 404, 409, 422, TABLE[name].expected("ines", "POST", world.phase)}
        ), name


# --- every field of every form ----------------------------------------------------------------------------------------

NASTY = [
    "", " ", "\x00", "\x1f", "\u202e\u2066", "\u2028", "\ufffe", "𝟙", "-1", "0", "1e309", "9" * 5000, "²", "١٢", "NaN",
    "None", "null", "[]", "{}", "../../x", "<script>alert(1)</script>", "{{ 7 }}", "%s%n", "' OR 1=1 --", "0001-01-01",
    "9999-12-31", "9999-12-31T23:59", "2030-02-31", "24:00", "a@b" + "c" * 300 + ".example",
    "x" * 300 + "@example.org",
    "é" * 61, "Mars/Olympus", "on", "both", "urn:uuid:00000000-0000-0000-0000-000000000000", "x\r\nBcc: y@example.org",
]  # fmt: skip


def broken_forms(good: dict[str, Any], fields: list[str]) -> Iterator[tuple[str, Any]]:
    """Each nasty text in each of the fields, in all at once, and in one of them three times."""
    for text in NASTY:
        for name in fields:
            yield text, {**good, name: text}
        yield text, dict.fromkeys(fields, text)
        yield text, [*good.items(), *[(fields[0], text)] * 3]


def fields_of(world: World, name: str) -> list[str]:
    extra = ["shown", "place", "alone", "entry", "prompt", "only_me", "tags", "value", "digest", "next", "email"]
    return [*world.data(name), *extra, *(["action_remove", "password", "code"] if name.startswith("account_") else [])]


def no_fault(world: World, ines: Client, name: str, *, every: int, number: int) -> None:
    """Of all broken forms of this route one in `every`, from `number` on; of the bodies that are no form one, or all
    if `every` form is sent.
    """
    url, good = world.url(name), world.data(name)
    for text, data in islice(broken_forms(good, fields_of(world, name)), number % every, None, every):
        answer = send(ines, url, data, HTMX if number % 2 else {})
        assert answer.status_code in {200, 302, 400, 403, 404, 409, 422, 429}, (name, answer.status_code, text, data)
    bodies = [
        (b"", FORM),
        (b"{}", "application/json"),
        (b"<a/>", "text/xml"),
        (b"\xff\xfe", "text/plain"),
        (b"x", PARTS),
    ]
    for body, kind in bodies if every == 1 else bodies[number % 5 :: 5]:
        answer = send_bytes(ines, url, body, kind)
        allowed = {200, 302, 400, 404, 409, 422, TABLE[name].expected("ines", "POST", world.phase)}
        assert answer.status_code in allowed, (name, kind, answer.status_code)


@pytest.mark.both_databases
def test_nothing_in_any_field_is_a_fault_of_ours(world: World, ines: Client) -> None:
    for number, name in enumerate(PRESSED):
        no_fault(world, ines, name, every=211, number=number)


@pytest.mark.both_databases
@pytest.mark.deep
@pytest.mark.parametrize("name", PRESSED)
def test_nothing_in_any_field_is_a_fault_of_ours_deep(world: World, ines: Client, name: str) -> None:
    for number in range(2):
        no_fault(world, ines, name, every=1, number=number)


@pytest.mark.both_databases
def test_nothing_in_an_address_is_a_fault_of_ours(world: World, ines: Client) -> None:
    live = reverse("session_live", args=[world.session.pk])
    for text in NASTY:
        queries = [
            f"step={quote_plus(text)}",
            f"shown={quote_plus(text)}&at={quote_plus(text)}&step=2",
            f"step=2&step={quote_plus(text)}",
        ]
        for query in queries:
            assert ines.get(f"{live}?{query}", headers=HTMX).status_code == 200, text[:40]
        for url in ("/", "/settings/", world.url("action_update"), "/account/login/"):
            assert ines.get(f"{url}?place={quote_plus(text)}&next={quote_plus(text)}").status_code in {200, 302}
        path = quote_plus(text) or "x"
        for url in (
            f"/drafts/{path}/",
            f"/invitations/{path}/accept/",
            f"/sessions/{path}/",
            f"/account/confirm-email/{path}/",
        ):
            for method in (ines.get, ines.post):
                assert method(url).status_code in {200, 302, 404, 405, 422}, (url[:60], method)
    position = reverse("step_detail", args=[world.session.pk, 0]).replace("/0/", f"/{'9' * 5000}/")
    assert ines.get(position).status_code == 404


@pytest.mark.both_databases
@pytest.mark.parametrize("typed", ["\x00", "a " * 2000], ids=["nul", "words"])
def test_no_words_that_a_list_is_searched_with_are_a_fault_of_ours(world: World, typed: str) -> None:
    for who, names in {"ada": ["person_list", "audit_list", "admin_partnership_list", "schedule", "mail_list"],
                       "sara": ["lead_list"], "ines": ["lead_list", "search"]}.items():  # fmt: skip
        client = world.client(who)
        client.raise_request_exception = False
        for name in names:
            sent = {"q": typed, "label": typed, "person": typed, "kind": typed}
            assert client.get(world.url(name), sent).status_code == 200, (who, name)


def test_a_header_is_never_a_fault_of_ours(world: World, ines: Client) -> None:
    url = world.url("entry_create")
    for value in (
        "http://[",
        "javascript:alert(1)",
        "//evil.example/",
        "x" * 8000,
        "\xe9\xff",
        "http://testserver\\@evil",
    ):
        for header in ("Referer", "HX-Current-URL", "HX-Target", "HX-Trigger", "Accept-Language"):
            answer = send(ines, url, {"text": ""}, {header: value})
            assert answer.status_code == 422
            assert "evil" not in answer.text
            assert "javascript:" not in answer.text


@pytest.mark.both_databases
def test_a_cookie_is_never_a_fault_of_ours() -> None:
    for cookie in ('"\\000aaaaaaaaaa"', '"\\012aaaaaaaaaa"', "x" * 5000, "é" * 40, ""):
        client = Client(raise_request_exception=False, headers={"Cookie": f"session={cookie}; csrf={cookie}"})
        assert client.get("/settings/").status_code in {302, 400}
        assert client.get("/account/login/").status_code in {200, 400}


# --- whose, which, again ----------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_id_of_somebody_else_changes_nothing_and_keeps_the_text(world: World, ines: Client) -> None:
    """Ids inside the form: of the other pair, of another session, of what is hidden."""
    other = creation.start_now(world.cast.search, by=world.cast.priya)
    foreign = {
        "prompt": other.steps[2].prompts[0].pk,
        "entry": world.ids["tom deleted"],
    }
    for name, field in (("entry_update", "prompt"), ("room_action_create", "entry")):
        answer = send(ines, world.url(name), {**world.data(name), field: foreign[field]})
        assert answer.status_code == 404
        assert gives_back(answer, "zzzplain")
    for name in ("entry_create", "answer_update"):
        url = world.url(name, prompt_id=foreign["prompt"])
        answer = send(ines, url, {**world.data(name), "text": "mine, and long"})
        assert answer.status_code == 404
        assert gives_back(answer, "mine, and long")


def test_a_text_for_what_is_gone_comes_back(world: World, ines: Client) -> None:
    """Deleted in another tab or by the other one, or a page from before: the words are on the page that says so."""
    Entry.unrestricted.filter(step__session=world.session).update(deleted_at=world.session.started_at, talk="")
    Note.objects.filter(step__session=world.session).update(deleted_at=world.session.started_at)
    Action.objects.update(deleted_at=world.session.started_at)
    gone = {"entry_update", "entry_note_update", "learning_update", "action_update", "review_update"}
    for name, field in TEXTS.items():
        answer = send(ines, world.url(name), {**world.data(name), field: "words for what is gone"})
        status = answer.status_code
        assert status in {200, 302} or gives_back(answer, "words for what is gone"), (name, status)
        assert (status in {404, 409}) is (name in gone), (name, status)


@pytest.mark.parametrize("made_world", ["closed", "archived"], indirect=True)
def test_a_text_for_a_closed_or_ended_retro_comes_back(world: World) -> None:
    client = world.client("tom")
    for name, field in TEXTS.items():
        answer = send(client, world.url(name, "tom"), {**world.data(name, "tom"), field: "late words"})
        assert answer.status_code in {200, 302} or gives_back(answer, "late words"), name


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["entry_create", "learning_create", "room_action_create", "action_create"])
def test_a_replay_adds_nothing_and_other_words_are_both_kept(world: World, ines: Client, name: str) -> None:
    url, data = world.url(name), world.data(name)
    models = (Entry.unrestricted, Note.objects, Action.objects)
    assert ines.post(url, data).status_code == 302
    after = [manager.count() for manager in models]
    assert ines.post(url, data).status_code == 302
    assert ines.post(url, data, headers=HTMX).status_code == 200
    for how, headers in HEADERS.items():
        other = ines.post(url, {**data, "text": "other words"}, headers=headers)
        assert other.status_code == 409
        assert "zzzplain</textarea>" in other.text
        assert how != "plain" or gives_back(other, "other words")
    assert [manager.count() for manager in models] == after


@pytest.mark.parametrize("how", HEADERS)
@pytest.mark.parametrize(
    "name",
    [
        "entry_update",
        "answer_update",
        "note_update",
        "entry_note_update",
        "learning_update",
        "sentence_update",
        "action_update",
        "review_update",
    ],
)
def test_a_lost_race_shows_both_texts(world: World, ines: Client, name: str, how: str) -> None:
    url, field = world.url(name), TEXTS[name]
    data = world.data(name)
    assert ines.post(url, {**data, field: "stored in between"}).status_code == 302
    stale = ines.post(url, {**data, field: "mine & <mine>"}, headers=HEADERS[how])
    assert stale.status_code == 409
    assert gives_back(stale, "stored in between")
    if how == "plain":
        assert gives_back(stale, "mine & <mine>")
        version = re.findall(r'name="version" value="(\d+)"', stale.text)[-1]
        again = ines.post(url, {**data, field: "mine & <mine>", "version": version})
        assert again.status_code == 302
    else:
        assert "<html" not in stale.text


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("entry_delete", "entry_restore"),
        ("learning_delete", "learning_restore"),
        ("action_delete", "action_restore"),
        ("room_action_delete", "room_action_restore"),
    ],
)
def test_pressed_twice_is_pressed_once(world: World, ines: Client, name: str, back: str) -> None:
    """A double click, or a retry after a lost answer: the current state, and no page that says “Not found”."""
    target = {key: value for key, value in world.args(name).items() if key != "session_id"}
    for pressed in (name, name, back, back):
        answer = ines.post(world.url(pressed, **target))
        assert answer.status_code == 302, pressed


def test_nobody_else_can_bring_a_card_back_or_delete_it(world: World) -> None:
    tom = world.client("tom")
    for name, what in (("entry_restore", "ines deleted"), ("entry_delete", "ines deleted")):
        assert tom.post(world.url(name, entry_id=world.ids[what])).status_code == 404
    assert tom.post(world.url("entry_delete", entry_id=world.ids["ines card"])).status_code == 403


def test_nothing_shared_is_written_on_a_step_that_is_folded(world: World, ines: Client) -> None:
    """Before the reveal the partner learns two things, and a note is neither of them."""
    url = reverse("note_update", args=[world.session.pk, CLOSE])
    answer = send(ines, url, {"text": "too early", "version": 0})
    assert answer.status_code == 409
    assert gives_back(answer, "too early")


@pytest.mark.both_databases
def test_an_address_that_no_column_holds_is_refused_in_its_form(world: World, ines: Client) -> None:
    long = "x" * 300 + "@example.org"
    for name in ("partnership_create", "partnership_invite"):
        url = world.url(name) if name == "partnership_create" else world.url(name, partnership_id=world.ids["half"])
        assert send(ines, url, {**world.data(name), "email": long}).status_code == 422


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HEADERS)
def test_an_old_token_says_press_again_and_brings_a_fresh_one(world: World, how: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.cast.ines)
    data = {**world.data("entry_create"), "csrfmiddlewaretoken": "x" * 64, "text": "typed for long"}
    answer = client.post(world.url("entry_create"), data, headers=HEADERS[how])
    assert answer.status_code == 403
    assert "Press again." in answer.text
    assert "twofold:fresh-token" in answer["HX-Trigger"]
    assert (how != "plain") or gives_back(answer, "typed for long")
    token = re.search(r'"value": "(\w{64})"', answer["HX-Trigger"])
    assert token
    again = client.post(world.url("entry_create"), {**data, "csrfmiddlewaretoken": token[1]}, headers=HEADERS[how])
    assert again.status_code in {200, 302}


@pytest.mark.parametrize("origin", ["http://evil.example", "http://testserver:8001", "null"])
def test_a_form_of_another_site_is_not_offered_for_one_more_press(world: World, origin: str) -> None:
    """Over plain http no browser says where a request comes from but by its origin, and the cookies do not come along:
    they would with the second press, from a page of ours and with a good token.
    """
    sent = {**world.data("entry_create"), "text": "somebody else's words"}
    answer = Client(enforce_csrf_checks=True).post(world.url("entry_create"), sent, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "Send it again" not in answer.text
    assert "somebody else" not in answer.text


def test_every_press_needs_its_token(world: World) -> None:
    for who in ("ines", "nobody"):
        client = Client(enforce_csrf_checks=True)
        if who == "ines":
            client.force_login(world.cast.ines)
        drafts = Draft.objects.count()
        for name in [name for name in PRESSED if name != ONE_CLICK]:
            assert client.post(world.url(name), world.data(name)).status_code == 403, f"{who} {name}"
        assert Draft.objects.count() == drafts


def test_the_browser_says_that_it_comes_from_elsewhere(world: World, ines: Client) -> None:
    for site in ("cross-site", "same-site"):
        for name in routes():
            assert ines.post(world.url(name), headers={"Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.both_databases
def test_the_limit_of_writes_keeps_the_text(world: World, ines: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 0)
    answer = send(ines, world.url("entry_create"), {**world.data("entry_create"), "client_id": uuid.uuid4()})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert gives_back(answer, "zzzplain")
    assert send(ines, world.url("entry_create"), world.data("entry_create"), HTMX).status_code in INTO_NOTICE
