"""GET /live/<session>/?step=…&version=…&shown=…&person=…: tells a browser what changed in its view of a session, or
that it did. `person` is whose view that is: nobody else is told.

An application of its own beside Django's, because a stream from a view pins a thread and a connection. It lets in by
the same cookie, and checks everything itself that Django's middleware checks elsewhere. The server adds the headers of
every answer.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError

from retros.live.hub import Full, Stream, TooManyStreams, hub

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PATH = re.compile(r"/live/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
SEND_TIMEOUT = 10  # seconds until a reader that takes nothing is cut

NOT_KEPT = [(b"cache-control", b"private, no-store, no-transform"), (b"vary", b"Cookie")]
STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]

log = logging.getLogger("twofold.live")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if (found := PATH.fullmatch(scope["path"])) is None:
        return await refuse(send, 404)
    if scope["method"] != "GET":
        return await refuse(send, 405, (b"allow", b"GET"))
    request = ASGIRequest(scope, BytesIO())
    try:
        host = request.get_host()
    except DisallowedHost:
        return await refuse(send, 400)
    # An EventSource of the same origin sends none.
    if request.headers.get("Origin", f"{request.scheme}://{host}") != f"{request.scheme}://{host}":
        return await refuse(send, 403)
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    if not (cookie and cookie.isascii() and cookie.isalnum()):  # every key is; PostgreSQL takes no NUL in a text
        return await refuse(send, 204)
    asked, version, shown, whose = (request.GET.get(name, "") for name in ("step", "version", "shown", "person"))
    del request  # a stream is open for long, and what was parsed for it is several kB
    try:
        with hub.open(UUID(found[1]), cookie, asked, shown) as stream:
            if not await hub.admit(stream) or whose not in {"", str(stream.person_id)}:
                return await refuse(send, 204)  # tells a browser not to come back
            await serve(stream, version, receive, send)
    except TooManyStreams:
        await refuse(send, 429, (b"retry-after", b"60"))
    except (Full, DatabaseError):
        await refuse(send, 503, (b"retry-after", b"10"))


async def serve(stream: Stream, version: str, receive: Receive, send: Send) -> None:
    leaving = asyncio.create_task(until_left(stream, receive))
    arriving = asyncio.create_task(hub.announce(stream)) if hub.has_arrived(stream) else None
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await send({"type": "http.response.start", "status": 200, "headers": [*STREAM, *NOT_KEPT]})
        await tell(stream, version, send)
    except TimeoutError:
        log.info("A stream was cut: its reader took nothing.")
    finally:
        leaving.cancel()
        if arriving is not None:
            await arriving


async def tell(stream: Stream, told: str, send: Send) -> None:
    """Each version after `told` once, again with every heartbeat, until the stream ends."""
    while not stream.ended:
        await stream.wake.wait()
        stream.wake.clear()
        told = await tell_once(stream, told, send)
    await push(send, b"", more=False)


async def tell_once(stream: Stream, told: str, send: Send) -> str:
    """What there is to tell since the version `told`, if anything; returns the version that it told.

    What was sent is gone with this call: while a stream waits, it holds none of it.
    """
    lines = ""
    if stream.resync:
        lines += "event: resync\ndata: resync\n\n"
    is_new, is_beat = str(stream.version) != told, stream.beat
    told = str(stream.version)
    stream.resync = stream.beat = False
    if is_new and (news := await hub.news(stream)):
        lines += f"event: regions\nid: {told}\ndata: {news}\n\n"
    elif is_new or is_beat:
        lines += f"event: version\nid: {told}\ndata: {told}\n\n"
    if lines and not stream.ended:
        await push(send, lines.encode(), more=True)
    return told


async def push(send: Send, body: bytes, *, more: bool) -> None:
    async with asyncio.timeout(SEND_TIMEOUT):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def until_left(stream: Stream, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


async def refuse(send: Send, status: int, *more: tuple[bytes, bytes]) -> None:
    length = [] if status == 204 else [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": [*NOT_KEPT, *length, *more]})
    await send({"type": "http.response.body", "body": b""})
