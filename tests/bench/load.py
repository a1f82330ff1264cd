"""How many pages a second are answered while eight ask: by one process, by two on one port, by two behind a proxy.

And how long a change takes to a stream meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from tests.bench import nginx
from tests.bench.figures import Figure, percentile
from tests.bench.process import memory
from tests.bench.rooms import Room, rooms
from tests.bench.streams import presses
from tests.served import Served
from tests.visitor import Visitor

CONNECTIONS = 8
CARDS = 30
ROUNDS = 3
SECONDS = 3.0
CHANGES = 16


def measure(served: Served, database: str) -> list[Figure]:
    *boards, apart = rooms(served, *[CARDS] * (CONNECTIONS // 2), CARDS)
    served.stop()
    served.start()
    idle = memory(served.processes()[0])
    figures = [
        per_second(f"load.one.{database}.per_second", served.port, boards),
        Figure(f"load.memory.{database}.idle", idle / 1024, "MiB"),
        Figure(f"load.memory.{database}.loaded", memory(served.processes()[0]) / 1024, "MiB"),
    ]
    figures += change(served, database, boards, apart)
    if database == "postgresql":
        served.stop()
        served.workers = 2
        served.start()
        figures.append(per_second(f"load.two.{database}.per_second", served.port, boards))
        served.stop()
        served.workers = 1
        served.start()
        with served.beside() as other, nginx.before(served.port, other.port) as port:
            if port:
                figures.append(per_second(f"load.proxy.{database}.per_second", port, boards))
    return figures


def per_second(name: str, port: int, boards: Sequence[Room]) -> Figure:
    """The page and its floor in turn; all rounds of each together."""
    answered = {"board": 0, "floor": 0}
    for at in range(ROUNDS + 1):
        for what in answered:
            number = ask(port, paths(boards, what))
            answered[what] += number if at else 0  # the first round fills what is remembered
    found, floor = (number / ROUNDS / SECONDS for number in answered.values())
    return Figure(name, found, "pages/s", floor)


def change(served: Served, database: str, boards: Sequence[Room], apart: Room) -> list[Figure]:
    """A press in a room apart, until the partner's stream has heard of it; its floor is the same without the load."""
    quiet = presses(served, apart, CHANGES)
    seconds = 3 * sum(quiet) / 1000 + CHANGES
    load = threading.Thread(target=ask, args=[served.port, paths(boards, "board"), seconds])
    load.start()
    found = presses(served, apart, CHANGES)
    load.join()
    return [
        Figure(f"load.change.{database}.p{each}", percentile(found, each), "ms", percentile(quiet, each))
        for each in (50, 95)
    ]


def paths(boards: Sequence[Room], what: str) -> list[tuple[str, str]]:
    return [(getattr(room, what), cookie) for room in boards for cookie in (room.ines, room.tom)]


def ask(port: int, wanted: Sequence[tuple[str, str]], seconds: float = SECONDS) -> int:
    """Each path by a connection of its own, over and over; how many were answered in time."""
    answered: list[int] = []
    until = time.monotonic() + seconds

    def asking(path: str, cookie: str) -> None:
        number = 0
        with Visitor(port, cookie) as visitor:
            while True:
                if (status := visitor.get(path).status) != 200:
                    raise RuntimeError(f"{path} answers {status}")
                if time.monotonic() > until:
                    break
                number += 1
        answered.append(number)

    threads = [threading.Thread(target=asking, args=each) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(answered) < len(wanted):
        raise RuntimeError("A page was not answered.")
    return sum(answered)
