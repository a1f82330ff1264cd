"""Serves Twofold: one process, every limit of RELIABILITY.md 5.3. `python -m config.serve --port 8000`."""

from __future__ import annotations

import argparse
import socket

import uvicorn
from django.conf import settings

from config.asgi import application
from retros.live.hub import hub

SPARE = 512  # connections beyond the streams, for pages


class Server(uvicorn.Server):
    """Says where it is, and ends the streams before it waits for connections: they would hold up the stop."""

    announce = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.announce:
            print(f"Twofold is at {settings.BASE_URL} (Ctrl+C stops it)", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await hub.stop()
        await super().shutdown(sockets)


def server(*, host: str = "127.0.0.1", port: int = 8000) -> Server:
    return Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            http="h11",
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
    application.server.take()
    serving = server(host=chosen.host, port=chosen.port)
    serving.announce = True
    serving.run()
    if not serving.started:
        raise SystemExit(3)


if __name__ == "__main__":
    main()
