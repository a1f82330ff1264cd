"""The pages where thousands of pairs have met for years: how long they take, and whether they ask more than with ten.

The databases are made once for a size and a state of the models, and kept (`KEPT`): at full size that takes minutes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psycopg

from tests import postgres
from tests.bench.figures import Figure, percentile
from tests.bench.page import queries_of
from tests.bench.process import backends, each_cpu, serving, since
from tests.served import ROOT, Served
from tests.visitor import Visitor

YEARS = 6
FEW = 10  # pairs
PAIRS = {"sqlite": 200, "postgresql": 2_000}
KEPT = Path(tempfile.gettempdir()) / f"twofold-bench-{os.getuid()}"
PLACES = 10  # pairs whose pages are looked at
COUNTED = 2  # of these, pairs of which the queries of a page are counted
SECONDS, LEAST, MOST = 0.6, 5, 20  # for each page, and requests: fifty pages on two databases within the bench's bound

FILL = "from tests.bench.size import fill\nfill({pairs}, {years})\nprint('true')"
VISITS = "import json\nfrom tests.bench.pages import visits\nprint(json.dumps(visits({pairs}, {places})))"
Visits = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Rows:
    """What a kept database holds: a name for it, and what fills an empty one."""

    what: str
    fill: str

    @property
    def name(self) -> str:
        """Another one for other models, or another way of filling."""
        folder = Path(__file__).parent
        sources = [folder / "size.py", folder / "texts.py", *sorted(ROOT.glob("*/migrations/*.py"))]
        digest = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
        return f"twofold_{self.what}_{digest[:8]}"


def rows(pairs: int) -> Rows:
    return Rows(f"{pairs}x{YEARS}", FILL.format(pairs=pairs, years=YEARS))


def measure(database: str, pairs: int) -> Iterator[Figure]:
    with filled(database, rows(FEW)) as served:
        few = {name: most_queries(served, ways) for name, ways in visits(served, FEW).items()}
    with filled(database, rows(pairs)) as served:
        ways = visits(served, pairs)
        floor = cost(served, ways.pop("bare"))
        yield Figure(f"scale.size.{database}", pairs, "pairs")
        for name, each in ways.items():
            own = cost(served, each)
            yield Figure(f"scale.{name}.{database}.p95", own.clock, "ms", floor.clock)
            yield Figure(f"scale.{name}.cpu.{database}.p95", own.processor, "ms", floor.processor)
            yield Figure(f"scale.{name}.queries.{database}", most_queries(served, each), "queries", few[name])


def visits(served: Served, pairs: int) -> Visits:
    found: Visits = served.ask(VISITS.format(pairs=pairs, places=PLACES))
    return found


def most_queries(served: Served, ways: list[tuple[str, str]]) -> int:
    """Of the pages at these addresses; each is asked for twice, so that nothing is counted that happens once."""
    found = []
    for path, cookie in ways[:COUNTED]:
        with Visitor(served.port, cookie) as visitor:
            visitor.get(path)
            found.append(queries_of(visitor, path))
    return max(found)


class Took(NamedTuple):
    """Milliseconds of a request: by the clock, and of processor time, PostgreSQL's own with it where it is ours."""

    clock: float
    processor: float


def cost(served: Served, ways: list[tuple[str, str]]) -> Took:
    """The 95th percentile of each."""
    found = took(served, ways)
    return Took(percentile([each.clock for each in found], 95), percentile([each.processor for each in found], 95))


def took(served: Served, ways: list[tuple[str, str]], seconds: float = SECONDS, most: int = MOST) -> list[Took]:
    """What each request took, from one address to the next, as long as there is time."""
    found: list[Took] = []
    visitors = [(Visitor(served.port, cookie), path) for path, cookie in ways]
    until = time.monotonic() + seconds
    while len(found) < LEAST or (len(found) < most and time.monotonic() < until):
        visitor, path = visitors[len(found) % len(visitors)]
        before, began = each_cpu(at_work(served)), time.perf_counter()
        if (status := visitor.get(path).status) != 200:
            raise RuntimeError(f"{path} answers {status}")
        clock = (time.perf_counter() - began) * 1000
        found.append(Took(clock, since(before, at_work(served))))
    for visitor, _path in visitors:
        visitor.close()
    return found


def at_work(served: Served) -> list[int]:
    return [*served.processes(), *backends(KEPT / "postgresql")]


# --- the databases ---------------------------------------------------------------------------------------------------


def prepare(database: str, *wanted: Rows) -> None:
    """Makes what is not kept yet. Not part of what is measured, nor of its time."""
    for each in wanted:
        if database == "sqlite":
            prepare_file(each)
        else:
            with kept_server() as address:
                prepare_database(address, each)


@contextmanager
def filled(database: str, kept: Rows) -> Iterator[Served]:
    """Serves a copy of the one that is kept."""
    with tempfile.TemporaryDirectory(prefix="twofold-bench-") as name:
        folder = Path(name)
        if database == "sqlite":
            (folder / "data").mkdir(mode=0o700)
            shutil.copy(KEPT / f"{kept.name}.sqlite3", folder / "data" / "twofold.sqlite3")
            with serving(folder) as served:
                yield served
        else:
            with (
                kept_server() as address,
                postgres.database(address, "twofold_bench", template=kept.name) as own,
                serving(folder, own) as served,
            ):
                yield served


@contextmanager
def kept_server() -> Iterator[str]:
    KEPT.mkdir(mode=0o755, exist_ok=True)
    with postgres.server(KEPT / "postgresql") as address:
        yield address


def prepare_file(wanted: Rows) -> None:
    file = KEPT / f"{wanted.name}.sqlite3"
    if file.exists():
        return
    KEPT.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="twofold-fill-", dir=KEPT) as folder:
        fill(serving(Path(folder)), wanted)
        (Path(folder) / "data" / "twofold.sqlite3").rename(file)


def prepare_database(address: str, wanted: Rows) -> None:
    name = wanted.name
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        with tempfile.TemporaryDirectory(prefix="twofold-fill-") as folder:
            draft = f"{name}_draft"
            connection.execute(f"DROP DATABASE IF EXISTS {draft}")
            connection.execute(f"CREATE DATABASE {draft}")
            own = urlsplit(address)._replace(path=f"/{draft}").geturl()
            fill(serving(Path(folder), own), wanted)
        connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")


def fill(served: Served, wanted: Rows) -> None:
    sys.stderr.write(f"bin/bench: making {wanted.what}, kept in {KEPT}\n")
    served.prepare()
    served.ask(wanted.fill)
