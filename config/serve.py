"""Serves Twofold with every limit of docs/rules/reliability.md R19: one process, on PostgreSQL several if asked for.

    python -m config.serve --port 8000 [--workers N]

Several share one listening socket, under uvicorn's own manager: it starts them, and another one for each that died. The
worker (retros/worker.py) runs once, in the process that was started here.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from django.conf import settings
from django.db import connections
from django.urls import reverse
from django.utils import autoreload
from uvicorn.supervisors import Multiprocess

from config import counters
from config.asgi import Application, application
from config.protocol import StrictProtocol
from partnerships.compiled import word_all
from retros.backup.start import refuse_unready
from retros.backup.trouble import Trouble, in_words
from retros.worker import work

STUCK_SECONDS = 20  # until a connection is cut that takes nothing of what was sent, or has silently gone
CONNECTIONS_FOR_PAGES = 512  # beyond the streams
MOST_WORKERS = 64
# Until the manager kills a process that does not answer it, and its connections with it. One that starts answers when
# all is imported: on a busy machine that is near to the five seconds that uvicorn would give it.
SILENT_SECONDS = 20
SWITCH_INTERVAL_SECONDS = 0.0005  # that a page keeps the interpreter while the loop or another page waits


def configured(
    app: Any = application, *, host: str = "127.0.0.1", port: int = 8000, workers: int = 1
) -> uvicorn.Config:
    """How uvicorn serves it."""
    return uvicorn.Config(
        app,
        factory=app is one_of_several,
        host=host,
        port=port,
        workers=workers,
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
        timeout_worker_healthcheck=SILENT_SECONDS,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves Twofold.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="so many processes; needs PostgreSQL")
    parser.add_argument("--reload", action="store_true", help="start again when a file changes (bin/dev)")
    chosen = parser.parse_args()
    if not 1 <= chosen.workers <= MOST_WORKERS:
        parser.error(f"--workers is {chosen.workers}. Allowed: a number from 1 to {MOST_WORKERS}.")
    if chosen.reload and chosen.workers > 1:
        parser.error("--reload is for one process. Leave out --workers or --reload.")
    if chosen.reload:
        autoreload.run_with_reloader(serve, chosen.host, chosen.port)
    else:
        serve(chosen.host, chosen.port, chosen.workers)


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serves until it is stopped. Raises SystemExit when it cannot start."""
    try:
        with in_words(settings.DATA_DIR):
            application.server.take(workers)
            refuse_unready()
    except Trouble as trouble:
        raise SystemExit(str(trouble)) from trouble
    connections.close_all()
    config = configured(one_of_several if workers > 1 else application, host=host, port=port, workers=workers)
    listening = bound(config)
    listening.listen(config.backlog)
    print(f"Twofold is at {settings.BASE_URL} (Ctrl+C stops it)", flush=True)
    stop = threading.Event()
    if not settings.WORKER_ELSEWHERE:  # a daemon: whatever it is at, it can be killed there
        threading.Thread(target=work, args=[stop], name="worker", daemon=True).start()
    try:
        if workers > 1:
            with TemporaryDirectory(prefix="twofold-counters-") as folder:
                counters.share(folder)
                Multiprocess(config, [listening]).run()
        else:
            settle()
            uvicorn.Server(config).run([listening])
    finally:
        stop.set()


def bound(config: uvicorn.Config) -> socket.socket:
    """The socket to listen on. What is accepted there inherits its options."""
    listening = config.bind_socket()
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it for sockets of its own only
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_SECONDS * 1000)
    return listening


def one_of_several() -> Application:
    """The application, in a process that the manager has made, and which ends when the manager is gone."""
    counters.share()
    settle()
    if manager := multiprocessing.parent_process():
        threading.Thread(target=end_with, args=[manager], daemon=True).start()
    return application


def settle() -> None:
    """Sets the interpreter up for answering, with what the first page would wait for: the views, the table of all
    addresses, the words of its questions. All that stays, so full collections pass over it: one took 70 ms, in every
    tenth page of fifty rows.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    reverse("home")
    word_all()
    gc.collect()
    gc.freeze()


def end_with(manager: BaseProcess) -> None:
    """Stops this process after the other one. Nothing else would stop it any more, and no mail would leave."""
    manager.join()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
