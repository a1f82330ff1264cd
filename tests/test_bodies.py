"""Bodies on their way: how large, how slow, and how many bytes of all of them at once."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from config import bodies
from config.bodies import Bodies, Gone, Refused
from config.pages import Pages
from partnerships import limits
from tests import loop

pytestmark = pytest.mark.one_database

PART = bytes(65_536)  # as much as the server hands over at once


class Upload:
    """A client that sends so many bytes of a body, and then no more; `end` says that this was all of it."""

    def __init__(self, size: int, *, end: bool = False) -> None:
        self.left = size
        self.end = end
        self.told: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self.left or self.end:
            part = PART[: min(self.left, len(PART))]
            self.left -= len(part)
            await asyncio.sleep(0)
            return {"type": "http.request", "body": part, "more_body": not (self.end and not self.left)}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Any) -> None:
        self.told.append(dict(message))

    @property
    def status(self) -> int | None:
        return self.told[0]["status"] if self.told else None


class Plain(Pages):
    """Pages that say how long the body was."""

    def page(self, scope: Any, body: bytes) -> list[Any]:
        start = {"type": "http.response.start", "status": 200, "headers": []}
        return [start, {"type": "http.response.body", "body": str(len(body)).encode()}]


def ask(pages: Pages, upload: Upload) -> asyncio.Task[None]:
    return asyncio.create_task(pages({"headers": []}, upload.receive, upload.send))


async def end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_four_hundred_unfinished_bodies_keep_to_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 bodies of 990 KB that never end; in between, and after all of them, an ordinary form is answered."""
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0)

    async def scenario() -> tuple[int, list[int | None], list[Upload]]:
        pages = Plain()
        slow: list[tuple[asyncio.Task[None], Upload]] = []
        forms: list[int | None] = []
        for number in range(400):
            upload = Upload(990_000)
            slow.append((ask(pages, upload), upload))
            while upload.left:
                await asyncio.sleep(0)
                assert pages.bodies.held <= limits.BODIES_BYTES
            if number % 50 == 49:
                form = Upload(20_000, end=True)
                await asyncio.wait_for(ask(pages, form), 10)
                forms.append(form.status)
        held = pages.bodies.held
        measured = tracemalloc.get_traced_memory()[0]
        await end(*[task for task, _upload in slow])
        assert pages.bodies.held == 0
        assert measured < 1.2 * limits.BODIES_BYTES + 10_000_000
        return held, forms, [upload for _task, upload in slow]

    tracemalloc.start()
    try:
        held, forms, slow = loop.run(scenario())
    finally:
        tracemalloc.stop()
    assert limits.BODIES_BYTES - 2_000_000 < held <= limits.BODIES_BYTES
    assert forms == [200] * 8
    statuses = [upload.status for upload in slow]
    kept = limits.BODIES_BYTES // 990_000
    assert statuses.count(None) == kept
    assert statuses[:-kept] == [503] * (400 - kept)  # the first to come have held most for longest
    assert (b"retry-after", b"2") in slow[0].told[0]["headers"]


def run(scenario: Callable[[Bodies], Any], budget: int) -> Any:
    async def started() -> Any:
        return await scenario(Bodies(budget))

    return loop.run(started())


def test_small_bodies_outlast_large_ones_of_the_same_age() -> None:
    async def scenario(held: Bodies) -> list[str]:
        ends: list[str] = []

        async def read(name: str, upload: Upload) -> None:
            try:
                with held.one() as body:
                    await body.read({"headers": []}, upload.receive)
                    ends.append(f"{name} whole")
            except Refused as refused:
                ends.append(f"{name} {refused.status}")

        small, large = Upload(10_000), Upload(90_000)
        waiting = [asyncio.create_task(read("small", small)), asyncio.create_task(read("large", large))]
        while small.left or large.left:
            await asyncio.sleep(0.01)
        await read("new", Upload(50_000, end=True))
        await asyncio.sleep(0.01)
        await end(*waiting)
        return ends

    assert run(scenario, 100_000) == ["new whole", "large 503"]


def test_what_is_whole_and_waits_for_its_page_is_not_taken_away() -> None:
    async def scenario(held: Bodies) -> list[Any]:
        with held.one() as first:
            found: list[Any] = [len(await first.read({"headers": []}, Upload(80_000, end=True).receive))]
            with pytest.raises(Refused) as refused, held.one() as second:
                await second.read({"headers": []}, Upload(30_000, end=True).receive)
            found += [refused.value.status, held.held]
        with held.one() as third:
            found.append(len(await third.read({"headers": []}, Upload(100_000, end=True).receive)))
        return [*found, held.held]

    assert run(scenario, 100_000) == [80_000, 503, 80_000, 100_000, 0]


def test_a_body_that_gives_way_just_as_its_last_part_comes_is_refused() -> None:
    """Half of a form must not pass for the whole one."""

    async def scenario(held: Bodies) -> int:
        parts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        parts.put_nowait({"type": "http.request", "body": b"x" * 60, "more_body": True})
        with held.one() as body:
            reading = asyncio.create_task(body.read({"headers": []}, parts.get))
            await asyncio.sleep(0.01)
            parts.put_nowait({"type": "http.request", "body": b"", "more_body": False})
            body.give_way()
            with pytest.raises(Refused) as refused:
                await reading
            return refused.value.status

    assert run(scenario, 100) == 503


def test_who_goes_away_leaves_nothing_behind() -> None:
    async def scenario(held: Bodies) -> int:
        messages: list[dict[str, Any]] = [
            {"type": "http.disconnect"},
            {"type": "http.request", "body": b"x" * 60, "more_body": True},
        ]

        async def receive() -> dict[str, Any]:
            return messages.pop()

        with pytest.raises(Gone), held.one() as body:
            await body.read({"headers": []}, receive)
        return held.held + len(held.arriving)

    assert run(scenario, 100) == 0


def test_a_body_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SECONDS", 0.01)
    monkeypatch.setattr(bodies, "DRAIN_SECONDS", 0)

    async def scenario(_held: Bodies) -> Upload:
        upload = Upload(10)
        await ask(Plain(), upload)
        return upload

    upload = run(scenario, 100)
    assert upload.status == 408
    assert upload.told[1]["body"] == b"That took too long to arrive. Your text is here."
    assert upload.told[-1] == {"type": "http.response.body", "body": b""}
