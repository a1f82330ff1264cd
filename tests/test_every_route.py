"""Every route, with every method, for each of the cast: what they get, and that a look changes nothing."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse

from partnerships import limits
from partnerships.models import Person
from retros.lifecycle import ending
from retros.models import Entry
from tests.routes import ADMINS, ANYBODYS, INSIDE, MEMBERS, OF_PAIR, OTHERS, PHASES, PUBLIC, STRANGERS, TABLE
from tests.rows import checksum
from tests.world import World, leave, parameters, routes

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 10**6)
    monkeypatch.setattr(limits, "INVITATIONS_PER_HOUR", 10**6)
    logging.disable(logging.ERROR)  # a line for each of thousands of answers
    yield
    logging.disable(logging.NOTSET)


def object_routes() -> list[tuple[str, str]]:
    """The routes and methods that lead to something of the pair: to others there is no such thing."""
    rows = [(name, method, row) for name, row in TABLE.items() if not row.admin for method in ("GET", "POST")]
    return [
        (name, method)
        for name, method, row in rows
        if (row.other_get if method == "GET" else row.other_post) == 404 and not name.startswith(ANYBODYS)
    ]


def observed(world: World, client: Client, method: str, name: str, who: str) -> Any:
    """One request, and whatever it changed taken back: in the database, and in the browser's cookies."""
    data = {} if who in STRANGERS or method == "GET" else world.data(name, who)
    cookies = client.cookies.output()
    with transaction.atomic():
        answer = getattr(client, method.lower())(world.url(name, who), data)
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer


def asked(who: str, name: str, method: str, phase: str) -> bool:
    """Whether the table is tried here. What no phase can change is tried in one of them, where all is open: a method
    that the route does not take, whoever comes; and what names nothing of the pair, to those whom it does not concern.
    """
    row = TABLE[name]
    refused = row.expected(who, method, phase) == 405
    if who in INSIDE and method == "GET" and row.get != "405":
        return False  # tests/test_canary.py
    concerned = row.lead if who == "sara" else row.admin if who in ADMINS else who in MEMBERS and not row.admin
    return phase == "revealed" or not (refused or (not concerned and OF_PAIR.keys().isdisjoint(parameters(name))))


def client_of(world: World, who: str) -> Client:
    client = world.client(who)
    if who == "suspended":
        Person.objects.filter(pk=world.cast.tom.pk).update(is_active=False)
    return client


def masked(answer: Any) -> tuple[int, str, dict[str, str]]:
    """Without what is new in each answer: nonces and tokens."""
    hidden = re.compile(r"nonce-[\w+/=-]+|nonce=\"[^\"]*\"|name=\"csrfmiddlewaretoken\" value=\"[^\"]*\"")
    headers = {name: hidden.sub("~", value) for name, value in answer.items()}
    return answer.status_code, hidden.sub("~", answer.text), headers


def test_every_route_has_a_row() -> None:
    assert set(TABLE) == set(routes())


def test_the_public_list_is_exact() -> None:
    public = {name for name, route in routes().items() if not getattr(route.callback, "login_required", True)}
    own = {name for name in public if not name.startswith("account_")}
    assert own == {
        "invitation_detail", "sign_in_here", "sign_in_undo", "sign_in_link", "unsubscribe", "calendar_feed", "healthz",
        "metrics", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login", "openid_connect_callback",
    }  # fmt: skip
    closed_by_allauth = {"account_reauthenticate", "account_email", "account_change_password", "account_set_password"}
    assert public - closed_by_allauth == PUBLIC


@pytest.mark.parametrize("made_world", PHASES, indirect=True)
def test_the_table(world: World) -> None:
    """Everybody, everywhere: the statuses, no word that is not theirs to read, and no look changes another table."""
    phase, wrong = world.phase, []

    def judge(answer: Any, who: str, method: str, name: str) -> None:
        if answer.status_code != TABLE[name].expected(who, method, phase):
            wrong.append(f"{who} {method} {name}: {answer.status_code}")
        wrong.extend(f"{who} {method} {name}: {mark}" for mark in world.marks(answer) if who not in world.words[mark])

    for who in MEMBERS + OTHERS + STRANGERS:
        client = client_of(world, who)
        before = checksum()
        for name in TABLE:
            if asked(who, name, "GET", phase):
                judge(client.get(world.url(name, who)), who, "GET", name)
        assert checksum() == before, f"A look by {who} changed something."
        client = client_of(world, who)
        for name in TABLE:
            if asked(who, name, "POST", phase):
                judge(observed(world, client, "POST", name, who), who, "POST", name)
    assert wrong == []


def test_strangers_are_led_to_the_sign_in(world: World) -> None:
    client = client_of(world, "nobody")
    login = reverse("account_login")
    for name in set(routes()) - PUBLIC:
        url = world.url(name)
        assert client.get(url)["Location"] == f"{login}?next={quote(url)}"
        assert client.get(url, headers={"HX-Request": "true"}).status_code == 401
        kept = client.post(url, {"text": "what I typed"})
        assert (kept.status_code, "what I typed</textarea>" in kept.text) == (401, True)
    assert client.get("/no/such/page/").status_code == 404


@pytest.mark.parametrize("made_world", ["folded"], indirect=True)
@pytest.mark.parametrize(
    "who",
    [
        "priya",
        "sara",
        "mei",
        "ada",
        "ines",
        *(pytest.param(who, marks=pytest.mark.deep) for who in ("lena", "former_lead")),
    ],
)
def test_unknown_and_forbidden_look_the_same(world: World, who: str) -> None:
    """The pair's own things, and things that never were: the same 404, byte for byte. To Ines, what Tom folded."""
    client = client_of(world, who)
    owner = "tom" if who == "ines" else "ines"
    seen = 0
    for name, method in object_routes():
        if who == "sara" and TABLE[name].lead:
            continue
        keys = set(parameters(name)) - {"position"} if who != "ines" else set(parameters(name)) & {"entry_id"}
        data = world.data(name, owner) if method == "POST" else {}
        send = getattr(client, method.lower())
        real = send(world.url(name, owner), data) if keys else None
        for key in keys:
            none = send(world.url(name, owner, **{key: uuid.uuid4()}), data)
            assert real is not None
            assert real.status_code == 404, f"{who} {method} {name}"
            assert masked(none) == masked(real), f"{who} {method} {name} {key}"
            seen += 1
        if "position" in parameters(name):
            assert masked(send(world.url(name, owner, position=99), data))[0] == 404
    assert seen > (5 if who == "ines" else 60)


def test_what_the_other_deleted_or_keeps_to_themselves_does_not_exist(world: World) -> None:
    client = client_of(world, "ines")
    hidden = Entry.unrestricted.filter(author=world.cast.tom).exclude(opened_at__isnull=False, deleted_at=None)
    assert hidden.count() >= 4
    for entry in hidden.filter(step__session=world.session):
        url = reverse("entry_update", args=[world.session.pk, entry.pk])
        none = reverse("entry_update", args=[world.session.pk, uuid.uuid4()])
        assert masked(client.get(url)) == masked(client.get(none))


def test_a_superuser_is_nobody_special(world: World) -> None:
    """Nowhere in the pair's things, and there is no other site where rows could be read."""
    assert not apps.is_installed("django.contrib.admin")
    Person.objects.filter(pk=world.cast.mei.pk).update(is_superuser=True)
    client = client_of(world, "mei")
    for name, method in object_routes():
        assert observed(world, client, method, name, "mei").status_code == 404, f"{method} {name}"


def test_other_methods_are_refused_everywhere(world: World) -> None:
    """PUT, for which a form's view of Django has a way of its own, and by turns one of those for which none has."""
    client = client_of(world, "ines")
    for number, name in enumerate(routes()):
        if not name.startswith("account_"):
            for method in ("PUT", ("PATCH", "DELETE")[number % 2]):
                assert client.generic(method, world.url(name)).status_code == 405, f"{method} {name}"


def world_removed(world: World) -> None:
    leave(world.cast.checkout, world.cast.tom)


def suspend(world: World) -> None:
    Person.objects.filter(pk=world.cast.tom.pk).update(is_active=False)


@pytest.mark.both_databases
@pytest.mark.parametrize("end", [world_removed, suspend])
def test_who_left_or_is_suspended_sees_nothing_of_the_pair(world: World, end: Callable[[World], None]) -> None:
    """Their own account, and no more; at once, in a browser that is signed in. Who left reads on (the next test)."""
    client = world.client("tom")
    assert client.get(world.url("step_detail")).status_code == 200
    end(world)
    for name, method in object_routes():
        if not TABLE[name].own:
            answer = getattr(client, method.lower())(world.url(name, "tom"))
            assert answer.status_code == (404 if end is world_removed else 302), f"{method} {name}"


@pytest.mark.parametrize("who", ["tom", "ines"])
@pytest.mark.parametrize("made_world", ["closed", "folded", "revealed"], indirect=True)
def test_after_one_left_both_read_and_nobody_writes(world: World, who: str) -> None:
    """As in an ended partnership, only that nobody takes it up again, and nothing new is shown to a lead.

    What was folded on that day stays folded, for both, for ever.
    """
    ending.end(world.cast.checkout, by=world.cast.tom, leaving=True)
    client = world.client(who)
    wrong = []
    for name, method in object_routes():
        hidden = TABLE[name].expected(who, method, world.phase) == 404
        expected = 404 if hidden else TABLE[name].left.get(method, TABLE[name].expected(who, method, "archived"))
        if (name, method, world.phase, hidden) == ("entry_clause", "POST", "folded", False):
            expected = 409
        status = observed(world, client, method, name, who).status_code
        if status != expected:
            wrong.append(f"{method} {name}: {status}, not {expected}")
    assert wrong == []
