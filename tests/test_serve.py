"""The application as it is served: the bound on bodies and pages, and the browser that the fixtures start."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from django.conf import settings

from config import pages, protocol
from config.deferred import Deferred, defer
from config.one_server import OneServer
from config.pages import Pages
from config.serve import bound, configured
from partnerships import limits
from tests import loop
from tests.conftest import LiveServer
from tests.served import ROOT

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
def test_a_file_that_is_too_large_is_refused_in_words_of_its_own(live_server: LiveServer) -> None:
    body = b"x" * (limits.BODY_BYTES + 1)
    kind = "Content-Type: multipart/form-data; boundary=x"
    answer = raw(live_server.port, head(live_server.port, kind, f"Content-Length: {len(body)}"), body)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Too large. A file has at most 1 MB." in answer
    assert b"Your text" not in answer


@pytest.mark.browser
def test_a_body_without_a_length_is_counted(live_server: LiveServer) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    body = chunk * (limits.BODY_BYTES // 0x10000 + 2) + b"0\r\n\r\n"
    answer = raw(live_server.port, head(live_server.port, "Transfer-Encoding: chunked"), body)
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.browser
@pytest.mark.parametrize("before", [b"", b"GET /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
def test_headers_that_never_end_are_not_waited_for(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.3)
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


class Counting(Pages):
    """Pages that are made when `free` is set, and count how many are at it at once."""

    def __init__(self, *, free: bool = False) -> None:
        super().__init__()
        self.free = threading.Event()
        if free:
            self.free.set()
        self.lock = threading.Lock()
        self.running = self.most = 0
        self.served: list[int] = []

    def page(self, scope: Any, body: bytes) -> list[Any]:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.served.append(scope["number"])
        self.free.wait(10)
        with self.lock:
            self.running -= 1
        start = {"type": "http.response.start", "status": 200, "headers": []}
        return [start, {"type": "http.response.body", "body": b"done"}]


def ask(served: Pages, number: int, *, slow_body: bool = False, slow_reader: bool = False) -> tuple[Any, Messages]:
    """A request under way, and what was sent to it so far."""
    told: Messages = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60 if slow_body else 0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        told.append(dict(message))
        await asyncio.sleep(60 if slow_reader else 0)

    return asyncio.create_task(served({"headers": [], "number": number}, receive, send)), told


async def end(tasks: list[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_pages_wait_for_their_turn_and_are_told_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAITING", 2)
    served = Counting()

    async def scenario() -> list[Messages]:
        asked = [ask(served, number) for number in range(pages.AT_ONCE + 3)]
        while served.running < pages.AT_ONCE:
            await asyncio.sleep(0.01)
        served.free.set()
        await asyncio.gather(*[task for task, _told in asked])
        return [told for _task, told in asked]

    answers = loop.run(scenario())
    assert served.most == pages.AT_ONCE
    assert [answer[0]["status"] for answer in answers] == [200] * (pages.AT_ONCE + 2) + [503]
    assert (b"retry-after", b"2") in answers[-1][0]["headers"]


def test_a_slow_body_holds_no_place() -> None:
    served = Counting(free=True)

    async def scenario() -> None:
        slow = [ask(served, -number, slow_body=True)[0] for number in range(1, 20)]
        await asyncio.sleep(0)
        await asyncio.wait_for(ask(served, 1)[0], 5)
        await end(slow)

    loop.run(scenario())
    assert served.served == [1]


def test_a_slow_reader_holds_no_place() -> None:
    served = Counting(free=True)

    async def scenario() -> None:
        slow = [ask(served, number, slow_reader=True)[0] for number in range(20)]
        await asyncio.sleep(0.05)
        await asyncio.wait_for(ask(served, 20)[0], 5)
        await end(slow)

    loop.run(scenario())
    assert sorted(served.served) == list(range(21))


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


@pytest.mark.parametrize("option", ["TCP_NODELAY", "TCP_USER_TIMEOUT"])
def test_a_connection_has_the_options_of_the_socket_that_listens(option: str) -> None:
    """Without the first, an answer in two parts waits for the reader's system to acknowledge the first of them."""
    with bound(configured(port=0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)) > 0


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


def test_a_process_that_is_slow_to_start_is_not_killed() -> None:
    """uvicorn's manager kills who is silent for so long, with every connection; to import all takes seconds."""
    assert configured(workers=2).timeout_worker_healthcheck >= 20


# By themselves a third of what a process would hold: each is imported where it is used, by few requests.
RARE = {"charset_normalizer", "cryptography", "django_stubs_ext", "fido2", "holidays", "python_calamine", "requests"}


@pytest.mark.parametrize(
    ("database", "besides"), [("", {"psycopg"}), ("postgresql://nobody@localhost/nothing", set[str]())]
)
def test_what_few_requests_need_is_not_imported_at_the_start(tmp_path: Any, database: str, besides: set[str]) -> None:
    """As `config.serve` starts and a first address is found, which imports every view."""
    code = "import json, sys; import config.serve; from django.urls import reverse; reverse('account_login')"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TWOFOLD_", "DATABASE_URL"))}
    env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "TWOFOLD_DATA_DIR": str(tmp_path), "DATABASE_URL": database}
    command = [sys.executable, "-W", "ignore", "-c", f"{code}; print(json.dumps(sorted(sys.modules)))"]
    imported = json.loads(subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True).stdout)
    assert "partnerships.accounts.factor_views" in imported
    rare = {*RARE, *besides}
    assert [name for name in imported if name.partition(".")[0] in rare or name == "django.contrib.admin"] == []
    # An app of a provider is there where one is named.
    assert [name for name in imported if name.endswith("openid_connect.provider")] == []


def test_what_is_loaded_at_the_start_is_not_looked_at_by_full_collections(tmp_path: Any) -> None:
    """With the views, the table of addresses and worded questions: to look at all of it stops a page for 70 ms."""
    code = "import gc, sys; from config.serve import settle; settle()"
    code += "; from django.urls import get_resolver; from retros.home.page import _sessions"
    told = "print(gc.get_freeze_count(), len(gc.get_objects()), get_resolver()._populated and bool(_sessions._worded))"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TWOFOLD_", "DATABASE_URL"))}
    env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "TWOFOLD_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", f"{code}; {told}"]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    frozen, looked_at, is_ready = done.stdout.split()
    assert int(frozen) > 50 * int(looked_at)
    assert is_ready == "True"


def test_a_deferred_module_becomes_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    defer("wave")
    import wave as early

    assert isinstance(early, Deferred)
    assert early.WAVE_FORMAT_PCM == 1
    assert not isinstance(sys.modules["wave"], Deferred)
    defer("wave")
    assert not isinstance(sys.modules["wave"], Deferred), "what is there stays"
    with pytest.raises(AttributeError):
        early.no_such_name  # type: ignore[attr-defined] # noqa: B018
