"""Serves Twofold: one process, every limit of docs/rules/reliability.md R19. `python -m config.serve --port 8000`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
import sys
import threading

import h11
import uvicorn
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

from config.asgi import Application, application
from retros.live.hub import hub
from retros.worker import work

HEADER_SECONDS = 10
STUCK_SECONDS = 20  # until a connection is cut that takes nothing of what was sent, or has silently gone
SPARE = 512  # connections beyond the streams, for pages
YOUNG = 10_000  # new objects until the first collection: a page makes a few thousand, and most go with it
TURN = 0.0005  # seconds that a page in work keeps the interpreter while the loop, or another page, waits for it


class Patient(H11Protocol):
    """Closes a connection whose request has not said all of its headers in time; uvicorn itself would wait for ever."""

    late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.late = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        whole = self.conn.their_state is not h11.IDLE
        if whole and self.late is not None:
            self.late.cancel()
            self.late = None
        elif not whole and self.late is None and self.timeout_keep_alive_task is None:
            self.late = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.late is not None:
            self.late.cancel()


class Server(uvicorn.Server):
    """Says where it is, and ends the streams before it waits for connections: they would hold up the stop."""

    announce = False
    with_worker = False

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop_worker = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in [each for server in getattr(self, "servers", []) for each in server.sockets]:
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; every accepted connection inherits it
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
        if self.started and self.announce:
            print(f"Twofold is at {settings.BASE_URL} (Ctrl+C stops it)", flush=True)
        if self.started and self.with_worker:  # a daemon: whatever it is at, it can be killed there
            threading.Thread(target=work, args=[self.stop_worker], name="worker", daemon=True).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.stop_worker.set()
        await hub.stop()
        await super().shutdown(sockets)


def server(app: Application = application, *, host: str = "127.0.0.1", port: int = 8000) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=Patient,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,  # it would print paths, and paths can hold a key
            server_header=False,
            proxy_headers=bool(settings.PROXIES),
            forwarded_allow_ips=settings.PROXIES or None,
            limit_concurrency=settings.STREAM_LIMIT + SPARE,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=16_384,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves Twofold.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000)
    chosen = parser.parse_args()
    sys.setswitchinterval(TURN)
    gc.freeze()  # what was loaded stays: no collection has to look at it again, in the middle of a page
    gc.set_threshold(YOUNG, 10, 10)
    application.server.take()
    serving = server(host=chosen.host, port=chosen.port)
    serving.announce = True
    serving.with_worker = not settings.WORKER_ELSEWHERE
    serving.run()
    if not serving.started:
        raise SystemExit(3)


if __name__ == "__main__":
    main()
