"""The application in a process of its own, as `bin/run` starts it, with a database of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg

ROOT = Path(__file__).resolve().parent.parent
SESSION_COOKIE, CSRF_COOKIE = "session", "csrf"  # as they are called over plain http
STARTS_IN = 60.0  # seconds
# Where the tests of a run keep a prepared folder of SQLite, for one at a time (tests/conftest.py).
shared: list[Callable[[], AbstractContextManager[Path]]] = []


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Served:
    """`with Served(folder) as served:` serves an empty, migrated database at its `url`.

    `database` is the address of an empty PostgreSQL database; without it the folder gets one of SQLite. There, more
    `workers` than one can share the port.
    """

    def __init__(self, folder: Path, *, database: str = "", port: int = 0, workers: int = 1, **variables: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWOFOLD_", "DATABASE_URL"))}
        self.env = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "TWOFOLD_DATA_DIR": str(folder / "data"),
            "TWOFOLD_BASE_URL": self.url,
            **({"DATABASE_URL": database} if database else {}),
            **variables,
        }
        self.workers = workers
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Served:
        self.be_ready()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def be_ready(self) -> None:
        """As after `prepare` in an empty folder. On SQLite it is a copy of one that another test has prepared."""
        if "DATABASE_URL" in self.env or not shared:
            self.prepare()
            return
        with shared[0]() as ready:
            if not ready.exists():
                first = Served(ready.with_suffix(".new"))
                first.prepare()
                Path(first.env["TWOFOLD_DATA_DIR"]).rename(ready)
        shutil.copytree(ready, self.env["TWOFOLD_DATA_DIR"])

    def prepare(self) -> None:
        self._run("manage.py", "prepare")

    def start(self) -> None:
        several = ["--workers", str(self.workers)] if self.workers > 1 else []
        command = [sys.executable, "-m", "config.serve", "--port", str(self.port), *several]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        until = time.monotonic() + STARTS_IN
        while True:
            try:
                with urlopen(f"{self.url}/healthz", timeout=STARTS_IN):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.process.kill()
                    self.process.wait()
                    raise RuntimeError(f"The server did not start. {self.log.read_text()[-2000:]}") from None
                time.sleep(0.05)

    def stop(self) -> float:
        """Asks it to stop; returns the seconds it took. Raises TimeoutExpired after thirty."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        return time.monotonic() - began

    @contextmanager
    def beside(self) -> Iterator[Served]:
        """One more server of the same database, with the same keys, at a port of its own."""
        other = copy(self)
        other.port = free_port()
        other.url = f"http://127.0.0.1:{other.port}"
        other.env = {**self.env, "TWOFOLD_BASE_URL": other.url}
        other.start()
        try:
            yield other
        finally:
            other.__exit__()

    def processes(self) -> list[int]:
        """The ids of those that answer requests."""
        assert self.process is not None
        if self.workers == 1:
            return [self.process.pid]
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [pid for pid in map(int, children.split()) if b"spawn_main" in _command(pid)]

    def ask(self, code: str) -> Any:
        """Runs a piece of Python beside the server, in its settings; gives back what it prints, as JSON."""
        printed = self._run("-c", f"import django; django.setup()\n{code}")
        return json.loads(printed)

    def sql(self, statement: str) -> list[Any]:
        """What the database answers, beside anything and without a Python that loads Django first; a change is kept."""
        if address := self.env.get("DATABASE_URL"):
            with psycopg.connect(address) as connection:
                return connection.execute(statement).fetchall()
        with closing(sqlite3.connect(Path(self.env["TWOFOLD_DATA_DIR"]) / "twofold.sqlite3")) as file, file:
            return file.execute(statement).fetchall()

    def manage(self, *arguments: str, fails: bool = False) -> str:
        """`manage.py …` beside the server, to its end; gives back what it says: on failure the last line of its errors.

        Raises AssertionError when it ends otherwise than expected.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stderr
        return done.stderr.strip().splitlines()[-1] if fails else done.stdout.strip()

    def _run(self, *arguments: str) -> bytes:
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE
        ).stdout


def _command(pid: int) -> bytes:
    """Empty when there is no such process any more."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
