"""What many open streams cost: memory, threads, connections to the database, and the time of a stop."""

from __future__ import annotations

import os
import resource
import socket
import time
from pathlib import Path

import psycopg

from tests.bench.figures import Figure, percentile
from tests.bench.floor import bare
from tests.served import CSRF_COOKIE, SESSION_COOKIE, Served

STREAMS = 500
PER_PAIR = 8  # four for each of the two
POINTERS = 40
WARM_UP = 4

ROOMS = f"""
import json
from django.test import override_settings
override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]).enable()
from tests.retros.model import make_pair
from tests.retros.streams import cookie_of
rooms = []
for _ in range({-(-STREAMS // PER_PAIR)}):
    pair = make_pair()
    session = pair.started()
    rooms.append([str(session.pk), cookie_of(pair.ines), cookie_of(pair.tom)])
print(json.dumps(rooms))
"""


def measure(served: Served, database: str) -> list[Figure]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    with bare() as (port, pid):
        for _ in range(20):
            opened(port, "/events").close()
        before = memory(pid)
        plain = [opened(port, "/events") for _ in range(STREAMS)]
        floor = (memory(pid) - before) / STREAMS
        close(plain)

    rooms = served.ask(ROOMS)
    stop_floor = served.stop()
    served.start()
    pid = served.process.pid if served.process else 0
    for session, *cookies in rooms[:4]:
        for cookie in cookies:
            opened(served.port, f"/live/{session}/", cookie).close()
    time.sleep(1)
    before, threads = memory(pid), count(pid, "task")
    began = time.monotonic()
    streams = [
        opened(served.port, f"/live/{session}/", cookie)
        for session, *cookies in rooms
        for cookie in cookies * (PER_PAIR // 2)
    ][:STREAMS]
    opening = time.monotonic() - began
    time.sleep(5)  # a round of rights goes by
    each, more = (memory(pid) - before) / STREAMS, count(pid, "task") - threads
    held = connections(served, pid, database)
    pointers = point(served, *rooms[-1])
    took = served.stop()
    close(streams)
    return [
        Figure(f"streams.memory.{database}.each", each, "kB", floor),
        Figure(f"streams.threads.{database}.more", more, "threads"),
        Figure(f"streams.connections.{database}.open", held, "connections"),
        Figure(f"streams.open.{database}.each", opening / STREAMS * 1000, "ms"),
        Figure(f"streams.pointer.{database}.p50", percentile(pointers, 50), "ms"),
        Figure(f"streams.pointer.{database}.p95", percentile(pointers, 95), "ms"),
        Figure(f"streams.stop.{database}.max", took, "s", stop_floor),
    ]


def opened(port: int, path: str, cookie: str = "") -> socket.socket:
    """A stream that has said its first word."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    line = f"Cookie: {SESSION_COOKIE}={cookie}\r\n" if cookie else ""
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{line}\r\n".encode())
    said = b""
    while b"event: version" not in said:
        more = stream.recv(65536)
        if not more or b" 200 " not in (said + more)[:20]:
            raise RuntimeError(f"No stream: {(said + more)[:100]!r}")
        said += more
    return stream


def close(streams: list[socket.socket]) -> None:
    for stream in streams:
        stream.close()


def point(served: Served, session: str, ines: str, tom: str) -> list[float]:
    """Milliseconds from sending a press (pause, resume) until the partner's stream has the pointer."""
    found = []
    with opened(served.port, f"/live/{session}/", tom) as stream:
        stream.settimeout(0.5)
        for number in range(WARM_UP + POINTERS):
            drain(stream)
            stream.settimeout(30)
            with socket.create_connection(("127.0.0.1", served.port), timeout=30) as press:
                began = time.perf_counter()
                press.sendall(pressed(served.port, f"/sessions/{session}/{('pause', 'resume')[number % 2]}/", ines))
                while b"event: version" not in stream.recv(65536):
                    pass
                found.append((time.perf_counter() - began) * 1000)
                if b" 303 " not in (said := press.recv(65536))[:20] and b" 302 " not in said[:20]:
                    raise RuntimeError(f"Not pressed: {said[:100]!r}")
            stream.settimeout(0.5)
    return found[WARM_UP:]


def drain(stream: socket.socket) -> None:
    try:
        while stream.recv(65536):
            pass
    except TimeoutError:
        return


def pressed(port: int, path: str, cookie: str) -> bytes:
    token = "c" * 32
    body = f"csrfmiddlewaretoken={token}&reason=another_day"
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
        f"Cookie: {SESSION_COOKIE}={cookie}; {CSRF_COOKIE}={token}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def memory(pid: int) -> float:
    """Resident, in kB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def count(pid: int, what: str) -> int:
    return len(os.listdir(f"/proc/{pid}/{what}"))


def connections(served: Served, pid: int, database: str) -> int:
    """Open at this moment: files of SQLite's database, or what PostgreSQL itself counts (pool and listener)."""
    if database == "sqlite":
        handles = [f"/proc/{pid}/fd/{handle}" for handle in os.listdir(f"/proc/{pid}/fd")]
        return sum(os.path.realpath(handle).endswith("twofold.sqlite3") for handle in handles)
    with psycopg.connect(served.env["DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        ).fetchone()
        return int(row[0]) if row else 0
