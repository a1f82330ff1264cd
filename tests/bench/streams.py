"""What many open streams cost: memory, threads, connections to the database, the way of a change, a stop."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable

import psycopg

from tests.bench.figures import Figure, percentile
from tests.bench.floor import bare
from tests.bench.process import count, memory
from tests.bench.rooms import Room, rooms
from tests.served import SESSION_COOKIE, Served
from tests.visitor import Visitor

STREAMS = 500
PER_PAIR = 8  # four for each of the two
CHANGES = 40
WARM_UP = 4


def measure(served: Served, database: str) -> list[Figure]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    with bare() as (port, pid):
        memory_floor, opening_floor, plain = open_all(pid, [(port, "/events", "")] * STREAMS)
        with Visitor(port, "") as visitor:
            floors = changes(
                port, "/events", "", CHANGES, lambda number: visitor.post("/card", text=str(number)).status
            )
        close(plain)

    made = rooms(served, *[0] * -(-STREAMS // PER_PAIR))
    stop_floor = served.stop()
    served.start()
    (pid,) = served.processes()
    for room in made[:4]:
        for cookie in (room.ines, room.tom):
            opened(served.port, f"/live/{room.session}/", cookie).close()
    time.sleep(1)
    threads = count(pid, "task")
    wanted = [
        (served.port, f"/live/{room.session}/", cookie)
        for room in made
        for cookie in (room.ines, room.tom) * (PER_PAIR // 2)
    ]
    each, opening, streams = open_all(pid, wanted[:STREAMS])
    more, held, room = count(pid, "task") - threads, connections(served, pid, database), made[-1]
    found = presses(served, room, CHANGES)
    took = served.stop()
    close(streams)
    return [
        Figure(f"streams.memory.{database}.each", each, "kB", memory_floor),
        Figure(f"streams.threads.{database}.more", more, "threads"),
        Figure(f"streams.connections.{database}.open", held, "connections"),
        Figure(f"streams.open.{database}.each", opening, "ms", opening_floor),
        Figure(f"streams.change.{database}.p50", percentile(found, 50), "ms", percentile(floors, 50)),
        Figure(f"streams.change.{database}.p95", percentile(found, 95), "ms", percentile(floors, 95)),
        Figure(f"streams.stop.{database}.max", took, "s", stop_floor),
    ]


def open_all(pid: int, wanted: list[tuple[int, str, str]]) -> tuple[float, float, list[socket.socket]]:
    """The memory of each in kB, the milliseconds that each took to open, and the streams.

    Everybody had one open before: what is remembered of their page (`load` measures it) is no part of a stream.
    """
    for each in dict.fromkeys(wanted):
        opened(*each).close()
    before, began = memory(pid), time.monotonic()
    streams = [opened(*each) for each in wanted]
    took = time.monotonic() - began
    time.sleep(5)  # a round of rights goes by
    return (memory(pid) - before) / len(wanted), took / len(wanted) * 1000, streams


def opened(port: int, path: str, cookie: str) -> socket.socket:
    """A stream that has said its first word."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=30)
    line = f"Cookie: {SESSION_COOKIE}={cookie}\r\n" if cookie else ""
    stream.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{line}\r\n".encode())
    said = b""
    while b"\n\n" not in said:
        more = stream.recv(65536)
        if not more or b" 200 " not in (said + more)[:20]:
            raise RuntimeError(f"No stream: {(said + more)[:100]!r}")
        said += more
    return stream


def close(streams: list[socket.socket]) -> None:
    for stream in streams:
        stream.close()


def presses(served: Served, room: Room, number: int) -> list[float]:
    """Milliseconds from a press of one person (pause, resume) until the partner's stream has heard of it."""
    with Visitor(served.port, room.ines) as ines:

        def press(at: int) -> int:
            return ines.post(f"{room.path}{('pause', 'resume')[at % 2]}/", reason="another_day").status

        return changes(served.port, f"/live/{room.session}/", room.tom, number, press)


def changes(port: int, path: str, cookie: str, number: int, press: Callable[[int], int]) -> list[float]:
    """Milliseconds from sending a press until a stream has heard of it."""
    found = []
    with opened(port, path, cookie) as stream:
        for at in range(WARM_UP + number):
            drain(stream)
            began = time.perf_counter()
            status = press(at)
            while b"data:" not in stream.recv(65536):
                pass
            found.append((time.perf_counter() - began) * 1000)
            if status not in {200, 302, 303}:
                raise RuntimeError(f"A press answers {status}")
    return found[WARM_UP:]


def drain(stream: socket.socket) -> None:
    """Takes what is there, until nothing came for a while."""
    stream.settimeout(0.3)
    try:
        while stream.recv(65536):
            pass
    except TimeoutError:
        stream.settimeout(30)


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
