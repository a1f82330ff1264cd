"""Presses: several at once, and what the page after one gives to go on with."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections


class AtOnce:
    """Threads that stay, each with a database connection of its own, as requests have."""

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> AtOnce:
        return self

    def __exit__(self, *error: object) -> None:
        self.run(*[connections.close_all] * self.threads)
        self.pool.shutdown()

    def run(self, *jobs: Callable[[], Any]) -> list[Any]:
        """Start all of them at one barrier. Returns what each returned or raised, in their order."""
        barrier = threading.Barrier(len(jobs))

        def work(job: Callable[[], Any]) -> Any:
            barrier.wait(30)
            try:
                return job()
            except Exception as error:
                return error

        return [future.result(60) for future in [self.pool.submit(work, job) for job in jobs]]

    def press(self, *loads: Callable[[], Callable[[], Any]]) -> list[Any]:
        """Each loads what its verb needs, as a view does; then both press."""
        loaded = threading.Barrier(len(loads))

        def job(load: Callable[[], Callable[[], Any]]) -> Any:
            verb = load()
            loaded.wait(30)
            return verb()

        return self.run(*(partial(job, load) for load in loads))


class Gate:
    """Where one of two stands in the middle of its work, until the other one has pressed and waits, or is done."""

    def __init__(self) -> None:
        self._reached, self._passed = threading.Event(), threading.Event()

    def stop(self, *_of_a_call: object) -> None:
        """The first one is here. The other one may wait for a lock that it holds, so it goes on after a moment."""
        self._reached.set()
        self._passed.wait(0.5)

    def then(self, press: Callable[[], Any]) -> Callable[[], Any]:
        """This press, made while the first one stands there."""

        def pressed() -> Any:
            assert self._reached.wait(10)
            try:
                return press()
            finally:
                self._passed.set()

        return pressed


@pytest.fixture
def both(transactional_db: None) -> Iterator[AtOnce]:
    """The two, each in a thread of their own."""
    with AtOnce() as both:
        yield both


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    """All of them at one barrier. Returns what each returned or raised, in their order."""
    with AtOnce(len(presses)) as together:
        return together.run(*presses)


def token_in(page: str) -> str:
    return str(re.findall(r"/invitations/([\w-]{43})/", page)[0])
