"""Somebody erases themselves between any two questions of a press: of their own in another tab, of the partner, a lead
or an admin. And on PostgreSQL any press comes between any two questions of the erasure. Afterwards, and after the next
round, the rows are as if one had come before the other: what an erasure takes is gone, and nothing is half done.

What failed stands in tests/retros/lifecycle/test_erasure.py. Here is the crawl: one in EVERY press by turns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from partnerships.models import Person
from retros.lifecycle import erasure
from tests.between import Between, Writes, moments
from tests.queries import asked
from tests.routes import TABLE
from tests.rows import traces
from tests.scenes import ANSWERS, SENT, Scene

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases, pytest.mark.deep]

EVERY = 25  # 1 tries all of them: hours
EACH = 6  # of the moments within the erasure
WORDS = re.compile(rf"zq[a-z_]+\d+zq|zzz[a-z]+|{SENT}|\b[Ii]nes\b|\b[Oo]kafor\b|\b[Ss]ara\b")
# Written by nearly every request, and none of what is looked for here hangs on it.
BESIDE = {"partnerships_audit", "partnerships_ratecounter", "partnerships_signin", "partnerships_person"}


class Press:
    """One press in the world as it was made."""

    def __init__(self, scene: Scene, who: str, name: str) -> None:
        self.scene, self.who, self.name = scene, who, name
        self.url, self.data = scene.world.url(name, who), scene.world.data(name, who)
        if keeps := TABLE[name].keeps:
            self.data[keeps] = SENT

    def begin(self) -> Client:
        """Puts the world back, and gives who presses."""
        return self.scene.client(self.who)

    def do(self, client: Client) -> Any:
        return client.post(self.url, self.data)

    def __call__(self) -> Any:
        return self.do(self.begin())

    def __str__(self) -> str:
        return f"{self.who} {self.name}"


def erasing(scene: Scene, who: str) -> Callable[[], None]:
    return lambda: erasure.erase(Person.objects.get(pk=scene.world.people[who].pk))


def rows() -> Counter[tuple[str, str]]:
    erasure.finish(timezone.now())
    return traces(WORDS)


def one_by_one(press: Press, erase: Callable[[], None]) -> list[Counter[tuple[str, str]]]:
    """What is there when one comes after the other, in both orders."""
    press()
    erase()
    found = [rows()]
    client = press.begin()
    erase()
    press.do(client)
    return [*found, rows()]


def erased_meanwhile(press: Press, erase: Callable[[], None], tables: frozenset[str]) -> Iterator[str]:
    """What is wrong when the erasure comes in the middle of the press."""
    allowed = None
    for number in moments(press.scene.questions(press), tables, to_the_end=True):
        between, client = Between(press.scene.other, number, erase), press.begin()
        with connection.execute_wrapper(between):
            answer = press.do(client)
        if between.done:
            now = rows()
            allowed = allowed or one_by_one(press, erase)
            if answer.status_code not in ANSWERS:
                yield f"{press}, after {number}: {answer.status_code}"
            if now not in allowed:
                yield f"{press}, after {number}: {[(now - known, known - now) for known in allowed]}"


def pressed_meanwhile(press: Press, erase: Callable[[], None], within: list[str]) -> Iterator[str]:
    """What is wrong when the press comes in the middle of the erasure, which asks these."""
    written, allowed = Writes(), None
    client = press.begin()
    with connection.execute_wrapper(written.note):
        press.do(client)
    for number in moments(within, written.tables - BESIDE, to_the_end=True)[len(str(press)) % EACH :: EACH]:
        client = press.begin()
        between = Between(press.scene.other, number, partial(_pressed, press, client))
        with connection.execute_wrapper(between):
            erase()
        if between.done:
            now = rows()
            allowed = allowed or one_by_one(press, erase)
            if now not in allowed:
                yield f"{press}, after {number}: {[(now - known, known - now) for known in allowed]}"


def _pressed(press: Press, client: Client) -> None:
    answer = press.do(client)
    if answer.status_code == 503:
        raise DatabaseError  # it would have to wait
    assert answer.status_code in ANSWERS


def presses(scene: Scene, turn: int) -> list[Press]:
    """By turns, those that go through in this phase."""
    phase, everybody = scene.world.phase, ("ines", "tom", "sara", "ada")
    known = [(who, name, row.expected(who, "POST", phase)) for who in everybody for name, row in TABLE.items()]
    through = [(who, name) for who, name, status in known if status in {200, 302} and not TABLE[name].public]
    return [Press(scene, who, name) for who, name in through[turn % EVERY :: EVERY]]


@pytest.mark.parametrize("who", ["ines", "sara"])
@pytest.mark.parametrize("scene", ["folded", "revealed", "closed"], indirect=True)
def test_an_erasure_in_the_middle_of_any_press(scene: Scene, who: str) -> None:
    erase, tables = erasing(scene, who), scene.writes(f"{who}_is_erased").tables
    turns = presses(scene, len(who + scene.world.phase))
    wrong = [fault for press in turns for fault in erased_meanwhile(press, erase, tables)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", ["ines", "sara"])
@pytest.mark.parametrize("scene", ["revealed", "closed"], indirect=True)
def test_any_press_in_the_middle_of_an_erasure(scene: Scene, who: str) -> None:
    """An erasure is one transaction, and SQLite lets nobody write beside one."""
    erase, inside = erasing(scene, who), list[bool]()

    def noted(execute: Callable[..., Any], *question: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return execute(*question)

    scene.kept.back()
    with asked() as within, connection.execute_wrapper(noted):
        erase()
    assert inside.count(False) <= 2  # who it is; on SQLite the beginning of the transaction
    turns = presses(scene, len(who + scene.world.phase)) if connection.vendor == "postgresql" else []
    wrong = [fault for press in turns for fault in pressed_meanwhile(press, erase, within)]
    assert not wrong, "\n".join(wrong)
