"""The floor: the same shape as a card on its way to the other screen, by a bare server without a database."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.served import free_port

PAGE = b"""<!doctype html><meta charset=utf-8><title>floor</title><textarea aria-label="New card"></textarea><ul></ul>
<script>
document.querySelector("textarea").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  fetch("/card", {method: "POST", body: event.target.value});
  event.target.value = "";
});
new EventSource("/events").addEventListener("version", async () => {
  const list = document.createElement("ul");
  list.innerHTML = await (await fetch("/list")).text();
  document.querySelector("ul").replaceWith(list);
});
</script>"""

cards: list[bytes] = []
streams: set[asyncio.Event] = set()


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/events":
        await events(receive, send)
    elif scope["path"] == "/card":
        cards.append((await receive())["body"])
        for wake in streams:
            wake.set()
        await answer(send, b"")
    elif scope["path"] == "/list":
        await answer(send, b"".join(b'<li class="card"><p>%s</p>' % card for card in cards[-30:]))
    else:
        await answer(send, PAGE)


async def events(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    wake = asyncio.Event()
    streams.add(wake)
    gone = asyncio.create_task(left(receive, wake))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b"event: version\ndata: 0\n\n", "more_body": True})
    while not gone.done():
        await wake.wait()
        wake.clear()
        line = b"event: version\ndata: %d\n\n" % len(cards)
        await send({"type": "http.response.body", "body": line, "more_body": True})
    streams.discard(wake)


async def left(receive: Callable[[], Awaitable[Any]], wake: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    wake.set()


async def answer(send: Callable[[Any], Awaitable[None]], body: bytes) -> None:
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def bare() -> Iterator[tuple[int, int]]:
    """Serves it; gives the port and the process."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "tests.bench.floor:app", "--port", str(port), "--http", "h11"]
    process = subprocess.Popen([*command, "--log-level", "critical", "--timeout-graceful-shutdown", "1"])
    try:
        reachable(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def reachable(port: int) -> None:
    """Waits until somebody listens there. Raises OSError after twenty seconds."""
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
