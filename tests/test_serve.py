"""The application as it is served: the bound on bodies and pages, and the browser that the fixtures start."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from django.conf import settings

from config import asgi, serve
from config.asgi import Bounded, OneServer
from partnerships import limits
from tests import loop
from tests.conftest import LiveServer

pytestmark = pytest.mark.one_database

Messages = list[dict[str, Any]]


def raw(port: int, head: str, body: bytes = b"") -> bytes:
    """Sends bytes as they are and reads the answer until the server closes or is done."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
            if b"\r\n\r\n" in answer and b"Your text is here." in answer:
                break
        return answer


def head(port: int, *headers: str) -> str:
    return "\n".join(["POST /account/login/ HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *headers])


@pytest.mark.browser
def test_a_body_that_says_it_is_too_large_is_refused(live_server: LiveServer) -> None:
    body = b"x" * (limits.BODY_BYTES + 1)
    answer = raw(live_server.port, head(live_server.port, f"Content-Length: {len(body)}"), body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Too large. Your text is here." in answer


@pytest.mark.browser
def test_a_body_without_a_length_is_counted(live_server: LiveServer) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    body = chunk * (limits.BODY_BYTES // 0x10000 + 2) + b"0\r\n\r\n"
    answer = raw(live_server.port, head(live_server.port, "Transfer-Encoding: chunked"), body)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.browser
def test_headers_beyond_their_limit_are_refused(live_server: LiveServer) -> None:
    answer = raw(live_server.port, head(live_server.port, *[f"X-{n}: {'y' * 1000}" for n in range(40)]))
    assert answer.startswith(b"HTTP/1.1 4")


@pytest.mark.browser
@pytest.mark.parametrize("before", [b"", b"GET /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
def test_headers_that_never_end_are_not_waited_for(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(serve, "HEADER_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", live_server.port), timeout=5) as connection:
        connection.sendall(before)
        if before:
            assert connection.recv(65536).startswith(b"HTTP/1.1 ")
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        began = time.monotonic()
        while connection.recv(65536):
            pass
    assert time.monotonic() - began < 4


@pytest.mark.browser
def test_the_server_does_not_name_itself(live_server: LiveServer) -> None:
    answer = raw(
        live_server.port, f"GET /account/login/ HTTP/1.1\nHost: 127.0.0.1:{live_server.port}\nConnection: close"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nserver:" not in answer.lower()


@pytest.mark.browser
def test_an_unknown_host_is_refused(live_server: LiveServer) -> None:
    answer = raw(live_server.port, "GET /account/login/ HTTP/1.1\nHost: elsewhere.example.org\nConnection: close")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_pages_wait_for_their_turn_and_are_told_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "WAITING", 2)

    async def scenario() -> tuple[int, list[Messages]]:
        most = running = 0
        free = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            nonlocal most, running
            running += 1
            most = max(most, running)
            await free.wait()
            running -= 1
            await asgi.answer(send, 200, "done")

        bounded = Bounded(app)

        async def ask(answers: Messages) -> None:
            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message: Any) -> None:
                answers.append(dict(message))

            await bounded({"type": "http", "headers": []}, receive, send)

        answers: list[Messages] = [[] for _ in range(asgi.AT_ONCE + 3)]
        asked = [asyncio.create_task(ask(answer)) for answer in answers]
        await asyncio.sleep(0.05)
        free.set()
        await asyncio.gather(*asked)
        return most, answers

    most, answers = loop.run(scenario())
    assert most == asgi.AT_ONCE
    assert [answer[0]["status"] for answer in answers] == [200] * (asgi.AT_ONCE + 2) + [503]
    assert (b"retry-after", b"2") in answers[-1][0]["headers"]


def test_a_slow_body_holds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> list[int]:
        served: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            served.append(scope["number"])

        bounded = Bounded(app)

        async def never() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def whole() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None: ...

        slow = [asyncio.create_task(bounded({"headers": [], "number": -n}, never, send)) for n in range(1, 20)]
        await asyncio.sleep(0)
        await asyncio.wait_for(bounded({"headers": [], "number": 1}, whole, send), 1)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return served

    assert loop.run(scenario()) == [1]


def test_a_slow_reader_holds_no_place() -> None:
    async def scenario() -> list[int]:
        served: list[int] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            served.append(scope["number"])
            await asgi.answer(send, 200, "done")

        bounded = Bounded(app)

        async def whole() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def never(message: Any) -> None:
            await asyncio.Event().wait()

        async def send(message: Any) -> None: ...

        slow = [asyncio.create_task(bounded({"headers": [], "number": n}, whole, never)) for n in range(20)]
        await asyncio.sleep(0.05)
        await asyncio.wait_for(bounded({"headers": [], "number": 20}, whole, send), 1)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return served

    assert loop.run(scenario()) == list(range(21))


def test_sqlite_is_served_by_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "x.sqlite3")}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    first, second = OneServer(), OneServer()
    first.take()
    with pytest.raises(SystemExit, match=r"serves .*x\.sqlite3 already, and SQLite is for one\. .*DATABASE_URL"):
        second.take()
    first.give_back()
    second.take()
    second.give_back()


@pytest.mark.browser
def test_chromium_shows_a_page(live_server: LiveServer, page: Any) -> None:
    page.goto("/account/login/")
    assert page.locator("h1").count() == 1


def test_what_the_browser_complains_of_fails_a_test(watched: Any) -> None:
    watched.complaints += ["Failed to load resource: the server responded with a status of 422 ()", "other"]
    watched.expect(422)
    with pytest.raises(AssertionError, match="other"):
        watched.complain()
    watched.complaints.clear()
