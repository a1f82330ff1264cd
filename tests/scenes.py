"""A world that is committed, and requests in it with something between any two of their questions to the database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from partnerships import limits
from tests.between import Between, Kept, Other, Writes, moments
from tests.changes import PRESSED, Refused, changes
from tests.queries import asked
from tests.routes import TABLE
from tests.world import World, make_world

ANSWERS = {200, 302, 401, 403, 404, 409, 422}
SENT = "qqtypedqq"


Ask = Callable[[], Any]  # one request, in the world as it was


class Scene:
    """A world that is committed, and as it was made before each request."""

    def __init__(self, phase: str) -> None:
        self.world: World = make_world(phase)
        self.clients = {who: self.world.client(who) for who in PRESSED}
        self.cookies = {who: client.cookies.output(header="") for who, client in self.clients.items()}
        for client in self.clients.values():
            client.raise_request_exception = False  # a 500 shall be seen as one
        self.changes = changes(self.world, {who: self.world.client(who) for who in PRESSED})
        self.other = Other()
        self.kept = Kept()
        self._written: dict[str, Writes] = {}
        self._asked: dict[Ask, list[str]] = {}

    def close(self) -> None:
        self.kept.forget()
        self.other.close()

    def writes(self, change: str) -> Writes:
        """What this change writes; nothing, where the phase has none."""
        if change not in self._written:
            self.kept.back()
            try:
                self._written[change] = self.other.writes(self.changes[change])
            except Refused:
                self._written[change] = Writes()
        return self._written[change]

    def client(self, who: str) -> Client:
        """As it was signed in, with the database as it was."""
        self.kept.back()
        client = self.clients[who]
        client.cookies.clear()
        client.cookies.load(self.cookies[who])
        return client

    def questions(self, ask: Ask) -> list[str]:
        """What is asked where nothing comes in between, once it was asked before."""
        if ask not in self._asked:
            ask()
            with asked() as self._asked[ask]:
                ask()
        return self._asked[ask]

    def met(self, ask: Ask, change: str, *, presses: bool = False) -> Iterator[Any]:
        """The answers, one for each moment at which this change can come."""
        if not (writes := self.writes(change)).tables:
            return
        for number in moments(self.questions(ask), writes.tables, to_the_end=presses):
            between = Between(self.other, number, writes.again)
            with connection.execute_wrapper(between):
                answer = ask()
            if between.done:
                yield answer

    def opening(self, who: str, name: str, **headers: str) -> Ask:
        return lambda: self.client(who).get(self.world.url(name, who), headers=headers)

    def pressing(self, who: str, name: str, **headers: str) -> Ask:
        data = self.world.data(name, who)
        if keeps := TABLE[name].keeps:
            data[keeps] = SENT
        return lambda: self.client(who).post(self.world.url(name, who), data, headers=headers)

    def hidden(self, who: str, answer: Any, ask: Ask, change: str) -> set[str]:
        """What the answer shows and this reader may not read, neither before the change nor after it."""
        marks = {mark for mark in self.world.marks(answer) if who not in self.world.words[mark]}
        if marks:  # it may be for them once it is done; that is before anything but the sign-in is asked
            with connection.execute_wrapper(Between(self.other, 1, self.writes(change).again)):
                marks -= self.world.marks(ask())
            marks -= self.world.marks(self.clients[who].get(self.world.url("step_detail", who)))
        return marks

    def wrong(
        self, who: str, name: str, change: str, ask: Ask, *, presses: bool = False, scripted: bool = False
    ) -> list[str]:
        """What is wrong with the answers, wherever in the middle of it this change comes.

        A script leaves what was typed in its box, and whoever erases themselves wants none of it back.
        """
        found = []
        keeps = presses and not scripted and TABLE[name].keeps and change != f"{who}_is_erased"
        for answer in self.met(ask, change, presses=presses):
            if answer.status_code not in ANSWERS:
                found.append(f"{who} {name}, {change}: {answer.status_code}")
            if hidden := self.hidden(who, answer, ask, change):
                found.append(f"{who} {name}, {change}: shows {hidden}")
            if keeps and answer.status_code >= 400 and SENT not in answer.text:
                found.append(f"{who} {name}, {change}: {answer.status_code}, and what was typed is lost")
        return found


@pytest.fixture
def scene(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in ("WRITES_PER_MINUTE", "DRAFT_SAVES_PER_MINUTE", "INVITATIONS_PER_HOUR"):
        monkeypatch.setattr(limits, name, 10**6)
    logging.disable(logging.CRITICAL)
    scene = Scene(getattr(request, "param", "revealed"))
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)  # what passes meanwhile is no change
    yield scene
    scene.close()
    logging.disable(logging.NOTSET)
