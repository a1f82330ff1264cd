"""A browser's side of a stream, by hand: what was sent, byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.conf import settings

from partnerships.models import Person
from retros.live import rights
from retros.live.hub import hub
from tests.cast import client_of
from tests.conftest import LiveServer
from tests.served import Served

PATIENCE = 60.0  # seconds, as long as a slow machine needs; nothing here takes more than a few


class Event(NamedTuple):
    name: str
    data: str
    id: str | None


def cookie_of(person: Person) -> str:
    """Signs the person in and gives the cookie's value."""
    client = client_of(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def asked_again(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Fills with the cookies of the open streams, each time that the server asks whose right still holds."""
    asked: list[set[str]] = []
    recheck = rights.recheck

    def watched(sessions: Iterable[UUID], cookies: Iterable[str]) -> Any:
        asked.append(set(cookies))
        return recheck(sessions, cookies)

    monkeypatch.setattr(rights, "recheck", watched)
    return asked


class Answer:
    """A request to the stream's endpoint. `event()` gives the next event, `ended()` waits for the end.

    The server's heartbeat may repeat the last version at any moment: `heard()` gives that, too.
    """

    def __init__(
        self, server: LiveServer | Served, path: str, cookie: str | None, *, method: str = "GET", **headers: str
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        lines = {"Host": f"127.0.0.1:{server.port}", **headers}
        if cookie is not None:
            lines["Cookie"] = f"{settings.SESSION_COOKIE_NAME}={cookie}"
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"{method} {path} HTTP/1.0\r\n{head}\r\n".encode())  # 1.0: no chunks, the end is the end
        self._buffer = b""
        self._told: int | None = None
        self._last: str | None = None
        raw = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        self.status = int(raw[0].split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in raw[1:] if line)}
        self.headers.pop("date")

    def event(self) -> Event:
        """The next one that is no heartbeat."""
        last = self._last
        while (told := self.heard()).name == "version" and told.id == last:
            pass
        return told

    def heard(self) -> Event:
        fields = dict(line.split(": ", 1) for line in self._until(b"\n\n").decode().strip().split("\n"))
        self._last = fields.get("id", self._last)
        return Event(fields["event"], fields["data"], fields.get("id"))

    def version(self) -> int:
        """The next number that was not told before."""
        until = time.monotonic() + PATIENCE
        while (number := self._number()) == self._told:
            assert time.monotonic() < until, "Nothing new came."
        self._told = number
        return number

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing comes for so long, but heartbeats."""
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if self._number() != self._told:
                    return False
            return True
        except TimeoutError:
            return not self._buffer
        finally:
            self.socket.settimeout(PATIENCE)

    def ended(self) -> bool:
        """Waits for the end; what comes before it is thrown away."""
        while self.socket.recv(65536):
            pass
        return True

    def close(self) -> None:
        self.socket.close()

    def _number(self) -> int:
        event = self.heard()
        assert event.id is not None
        if event.name == "version":
            assert event.id == event.data
        else:
            assert event.name == "regions"
            assert json.loads(event.data)["version"] >= int(event.id)
        return int(event.id)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self._buffer)
            self._buffer += more
        part, _, self._buffer = self._buffer.partition(mark)
        return part


def eventually(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def on_loop(work: Coroutine[Any, Any, None]) -> None:
    """Runs it where the hub runs, in the thread of the live server."""
    assert hub._loop is not None
    asyncio.run_coroutine_threadsafe(work, hub._loop).result(PATIENCE)


def live(session_id: UUID | str) -> str:
    return f"/live/{session_id}/"
