"""The one application: streams to their own endpoint, everything else to Django behind a bound.

A page is worked on only when its whole body is here, and sent only when it is made, so neither a slow upload nor a slow
reader holds a place in the bound; and streams never wait for pages (docs/rules/reliability.md R19).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.translation import gettext as _

from partnerships import limits
from retros.live import endpoint
from retros.live.hub import hub

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

AT_ONCE = 3  # pages in work; more threads than cores make each page slower and none faster
WAITING = 200  # pages that wait for their turn; beyond it a quick "busy" is kinder than a slow answer
BODY_SECONDS = 60  # for a whole body to arrive
DRAIN_BYTES = 64 * limits.BODY_BYTES  # how much of a refused body is read so that the browser sees the answer
DRAIN_SECONDS = 5


class TooLarge(Exception):
    pass


class Gone(Exception):
    """The client went away before its request was whole."""


class Pages(ASGIHandler):
    """Django's handler, with a whole request in one of a few threads that stay: one hop, and SQLite stays open in each.

    Asked only by `Bounded`, so the first message is the whole body.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        for message in await asyncio.get_running_loop().run_in_executor(self.threads, self.page, scope, body):
            await send(message)

    def page(self, scope: Scope, body: bytes) -> list[Message]:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, BytesIO(body))
        response = cast(HttpResponseBase, self.get_response(request) if request else refused)
        try:
            return written(response)
        finally:
            response.close()


def written(response: HttpResponseBase) -> list[Message]:
    """What is sent for an answer, all of it: headers with their cookies, then the body."""
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = [(b"Set-Cookie", each.output(header="").strip().encode("ascii")) for each in response.cookies.values()]
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return [
        {"type": "http.response.start", "status": response.status_code, "headers": headers + cookies},
        {"type": "http.response.body", "body": content},
    ]


class Bounded:
    """Lets in whole requests of at most BODY_BYTES, AT_ONCE at a time, and answers 413 or 503 to the rest."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app
        self.places = asyncio.Semaphore(AT_ONCE)
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive)
        except TooLarge:
            await refuse_body(scope, receive, send)
            return
        except TimeoutError:
            await answer(send, 408, _("That took too long to arrive. Your text is here."))
            return
        except Gone:
            return
        if self.waiting >= WAITING:
            await answer(send, 503, _("Busy. We try again."), (b"retry-after", b"2"))
            return
        self.waiting += 1
        try:
            await self.places.acquire()
        finally:
            self.waiting -= 1
        # A slow reader must not hold a place either: the answer is made here and sent afterwards.
        made: list[Message] = []

        async def keep(message: Message) -> None:
            made.append(message)

        try:
            await self.app(scope, replay(body, receive), keep)
        finally:
            self.places.release()
        for message in made:
            await send(message)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises TooLarge, Gone, or TimeoutError; never trusts the announced length alone."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limits.BODY_BYTES:
        raise TooLarge
    body = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body += message.get("body", b"")
            if len(body) > limits.BODY_BYTES:
                raise TooLarge
            if not message.get("more_body", False):
                return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then whatever comes after it (the disconnect)."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def refuse_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 413 at once, then reads on for a moment: a connection closed in mid-upload hides the answer."""
    text = _("Too large. Your text is here.").encode()
    await send(start(413, text))
    await send({"type": "http.response.body", "body": text, "more_body": True})
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while read < DRAIN_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    break
    await send({"type": "http.response.body", "body": b""})


async def answer(send: Send, status: int, sentence: str, *headers: tuple[bytes, bytes]) -> None:
    text = sentence.encode()
    await send(start(status, text, *headers))
    await send({"type": "http.response.body", "body": text})


def start(status: int, text: bytes, *headers: tuple[bytes, bytes]) -> Message:
    """Plain text: htmx puts it into the form's notice, a browser without script shows it as it is."""
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(text)).encode()),
            (b"cache-control", b"private, no-store"),
            (b"x-content-type-options", b"nosniff"),
            *headers,
        ],
    }


class OneServer:
    """SQLite is served by one process, because only that process hears of its own writes at once."""

    def __init__(self) -> None:
        self.handle: int | None = None

    def take(self) -> None:
        """Raises SystemExit with the way out when another process serves this database."""
        database = settings.DATABASES["default"]
        if self.handle is not None or not database["ENGINE"].endswith("sqlite3"):
            return
        path = Path(f"{database['NAME']}.serving")
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.handle)
            self.handle = None
            raise SystemExit(
                f"Another process serves {database['NAME']} already, and SQLite is for one. "
                "Stop the other, or give DATABASE_URL the address of a PostgreSQL database."
            ) from None

    def give_back(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


class Application:
    def __init__(self) -> None:
        self.pages = Bounded(Pages())
        self.server = OneServer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live_and_die(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/live/"):
            await endpoint.app(scope, receive, send)
        elif scope["type"] == "http":
            await self.pages(scope, receive, send)

    async def live_and_die(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.server.take()
            await hub.start()
        except (Exception, SystemExit) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hub.stop()
        self.server.give_back()
        await send({"type": "lifespan.shutdown.complete"})


application = Application()
