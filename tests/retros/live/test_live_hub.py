"""The hub and the endpoint by themselves: readers that take nothing, databases that do not answer, the stop."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError

from partnerships.models.partnership import Seat
from retros.live import endpoint, rights
from retros.live.hub import Full, Hub, Stream, TooManyStreams
from retros.live.rights import Right
from tests import loop

pytestmark = pytest.mark.one_database

SESSION, INES = uuid.uuid4(), uuid.uuid4()
RIGHT = Right(presence_id=1, seat=Seat.A, versions=(3, 8), password="hashed")


class Quick(Hub):
    RECHECK = 0.02


@pytest.fixture
def known() -> Iterator[dict[str, Any]]:
    """What the database would say, to be changed by the test; `fails` makes it say nothing."""
    said: dict[str, Any] = {"right": RIGHT, "alive": True, "fails": False}

    def authorise(session_id: uuid.UUID, cookie: str) -> tuple[uuid.UUID, Right] | None:
        return (INES, said["right"]) if said["right"] else None

    def recheck(session_ids: Any, cookies: Any) -> tuple[dict[Any, Right], set[str]]:
        if said["fails"]:
            raise DatabaseError
        right = {(SESSION, INES): said["right"]} if said["right"] else {}
        return right, set(cookies) if said["alive"] else set()

    with (
        mock.patch.object(rights, "authorise", authorise),
        mock.patch.object(rights, "recheck", recheck),
        mock.patch.object(rights, "announce"),
        mock.patch("retros.live.listener.listen", mock.AsyncMock()),
    ):
        yield said


def payload(a: int, b: int, by: str = "") -> str:
    return json.dumps([str(SESSION), a, b, by])


def test_a_stream_knows_only_the_version_of_its_own_seat() -> None:
    async def versions() -> list[int]:
        stream = Stream(SESSION, "cookie", 0)
        stream.offer((3, 8))
        stream.right = RIGHT
        seat_a = stream.version
        stream.right = RIGHT._replace(seat=Seat.B)
        return [seat_a, stream.version]

    assert loop.run(versions()) == [3, 8]


def test_the_newest_version_wins_whatever_comes_late(known: dict[str, Any]) -> None:
    async def version() -> int:
        running = Hub()
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            running.receive(payload(9, 9))  # after the subscription, before the right is read
            await running.admit(stream)
            running.receive(payload(7, 7))
            await asyncio.sleep(0.05)
            found = stream.version
        await running.stop()
        return found

    assert loop.run(version()) == 9


def test_ones_own_press_is_told_after_everybody_elses(known: dict[str, Any]) -> None:
    """Its answer is on its way already: what is drawn first is what the partner waits for."""

    async def versions() -> list[int]:
        running = Hub()
        running.OWN = 0.2
        await running.start()
        found = []
        with running.open(SESSION, "cookie") as stream:
            await running.admit(stream)
            for by in ("b", "a"):  # the other one, then this one
                running.receive(payload(stream.version + 1, 0, by))
                await asyncio.sleep(0.05)
                found.append(stream.version)
            await asyncio.sleep(0.3)
            found.append(stream.version)
        await running.stop()
        return found

    assert loop.run(versions()) == [4, 4, 5]


def test_the_answer_to_a_press_waits_for_what_is_drawn_for_the_other_page(
    known: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until that is sent, as long as it takes, up to a limit."""
    monkeypatch.setattr(rights, "seen_by", lambda _cookie, look: look(None))

    async def waited(takes: float, most: float) -> tuple[list[str], int]:
        running, done = Hub(), []
        running.FIRST = most

        def look(*_: object) -> None:
            time.sleep(takes)
            done.append("drawn")

        async def tell(stream: Stream) -> None:
            await running.news(stream)
            done.append("told" if running._drawing else "late")

        running.push = look
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            drawing = asyncio.create_task(tell(stream))
            await asyncio.sleep(0)
            await asyncio.to_thread(running.let_others_go_first)
            done.append("answered")
            await drawing
        await running.stop()
        return done, running._drawing

    assert loop.run(waited(0.1, 30)) == (["drawn", "told", "answered"], 0)
    assert loop.run(waited(0.5, 0.01)) == (["answered", "drawn", "told"], 0)


@pytest.mark.parametrize("error", [RuntimeError, StopIteration, KeyError, DatabaseError])
def test_whatever_fails_in_a_thread_leaves_no_stream_waiting(
    known: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Rows may go while a page reads them. What `next` raises then, asyncio would hand to nobody."""

    def gone(*_: object) -> None:
        raise error

    monkeypatch.setattr(rights, "seen_by", lambda _cookie, look: look(None))

    async def told() -> str | None:
        running = Hub()
        running.push = gone
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            async with asyncio.timeout(10):
                found = await running.news(stream)
                monkeypatch.setattr(rights, "authorise", gone)
                with pytest.raises(RuntimeError if error is StopIteration else error):
                    await running.admit(stream)
        await running.stop()
        return found

    assert loop.run(told()) is None


def test_what_is_published_before_the_version_is_read_is_not_lost(known: dict[str, Any]) -> None:
    """Subscribe, then read: a verb may commit between the two."""

    async def version() -> int:
        running = Hub()
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            running.receive(payload(4, 8))
            await running.admit(stream)  # reads the third version, as it was before that commit
            found = stream.version
        await running.stop()
        return found

    assert loop.run(version()) == 4


@pytest.mark.parametrize(
    "loss", [{"right": None}, {"alive": False}, {"right": RIGHT._replace(password="another")}, {"fails": True}]
)
def test_a_right_that_is_gone_or_unknown_ends_the_stream(known: dict[str, Any], loss: dict[str, Any]) -> None:
    async def ended() -> list[bool]:
        running = Quick()
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            await running.admit(stream)
            await asyncio.sleep(0.1)
            before = stream.ended
            known.update(loss)
            async with asyncio.timeout(5):
                while not stream.ended:
                    await stream.wake.wait()
                    stream.wake.clear()
            found = [before, stream.ended]
        await running.stop()
        return found

    assert loop.run(ended()) == [False, True]


def test_one_unanswered_question_ends_nothing(known: dict[str, Any]) -> None:
    async def ended() -> bool:
        running = Hub()
        await running.start()
        with running.open(SESSION, "cookie") as stream:
            await running.admit(stream)
            for fails in (True, False, True):
                known["fails"] = fails
                try:
                    await running.recheck()
                except DatabaseError:
                    assert fails
            found = stream.ended
        await running.stop()
        return found

    assert loop.run(ended()) is False


def test_a_stopped_hub_takes_no_stream_and_has_none(known: dict[str, Any]) -> None:
    async def scenario() -> tuple[int, bool]:
        running = Hub()
        await running.start()
        opened = asyncio.Event()

        async def stay() -> bool:
            with running.open(SESSION, "cookie") as stream:
                await running.admit(stream)
                opened.set()
                while not stream.ended:
                    await stream.wake.wait()
                    stream.wake.clear()
                return True

        staying = asyncio.create_task(stay())
        await opened.wait()
        async with asyncio.timeout(5):
            await running.stop()
        await running.stop()
        with pytest.raises(Full), running.open(SESSION, "cookie"):
            pass
        running.receive(payload(1, 1))
        return running.count, await staying

    assert loop.run(scenario()) == (0, True)


def test_a_refused_stream_leaves_nothing_behind(known: dict[str, Any]) -> None:
    async def scenario() -> int:
        running = Hub()
        await running.start()
        with running.open(SESSION, "1") as a, running.open(SESSION, "2") as b, running.open(SESSION, "3") as c:
            with running.open(SESSION, "4") as d:
                for stream in (a, b, c, d):
                    assert await running.admit(stream)
                with pytest.raises(TooManyStreams), running.open(SESSION, "5") as fifth:
                    await running.admit(fifth)
            known["right"] = None
            with running.open(SESSION, "6") as sixth:
                assert not await running.admit(sixth)
            assert running.count == 3
        left = running.count
        await running.stop()
        return left

    assert loop.run(scenario()) == 0


def test_a_reader_that_takes_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "SEND_TIMEOUT", 0.05)
    monkeypatch.setattr(endpoint, "hub", Hub())

    async def scenario() -> list[str]:
        sent: list[str] = []
        stream = Stream(SESSION, "cookie", 0)
        stream.right = RIGHT
        stream.offer(RIGHT.versions)

        async def send(message: Any) -> None:
            sent.append(message["type"])
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            return {}

        async with asyncio.timeout(5):
            await endpoint.serve(stream, "", receive, send)
        return sent

    assert loop.run(scenario()) == ["http.response.start", "http.response.body"]
