"""Serves Twofold: one process, every limit of docs/rules/reliability.md R19. `python -m config.serve --port 8000`."""

from __future__ import annotations

import argparse
import gc
import socket
import sys
import threading

import uvicorn
from django.conf import settings
from django.utils import autoreload

from config.asgi import Application, application
from config.protocol import StrictProtocol
from retros.live.hub import hub
from retros.worker import work

STUCK_SECONDS = 20  # until a connection is cut that takes nothing of what was sent, or has silently gone
CONNECTIONS_FOR_PAGES = 512  # beyond the streams
COLLECT_AFTER_OBJECTS = 10_000  # a page makes a few thousand new objects, and most go with it
SWITCH_INTERVAL_SECONDS = 0.0005  # that a page keeps the interpreter while the loop or another page waits


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
            http=StrictProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,  # it would print paths, and paths can hold a key
            server_header=False,
            proxy_headers=bool(settings.PROXIES),
            forwarded_allow_ips=settings.PROXIES or None,
            limit_concurrency=settings.STREAM_LIMIT + CONNECTIONS_FOR_PAGES,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=5,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves Twofold.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--reload", action="store_true", help="start again when a file changes (bin/dev)")
    chosen = parser.parse_args()
    if chosen.reload:
        autoreload.run_with_reloader(serve, chosen.host, chosen.port)
    else:
        serve(chosen.host, chosen.port)


def serve(host: str, port: int) -> None:
    """Serves until it is stopped. Raises SystemExit when it cannot start."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    gc.freeze()  # what was loaded stays: no collection has to look at it again, in the middle of a page
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 10, 10)
    application.server.take()
    serving = server(host=host, port=port)
    serving.announce = True
    serving.with_worker = not settings.WORKER_ELSEWHERE
    serving.run()
    if not serving.started:
        raise SystemExit(3)


if __name__ == "__main__":
    main()
