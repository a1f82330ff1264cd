"""`bin/bench`: runs the parts that are named, all without a name, and prints what they found."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import postgres
from tests.bench import compare, latency, load, many, page, scale, search, start, streams, tick, visit, years
from tests.bench.figures import Figure
from tests.bench.process import serving
from tests.served import Served

DATABASES = ("sqlite", "postgresql")
PARTS: dict[str, Callable[[Served, str], list[Figure]]] = {
    "page": page.measure,
    "load": load.measure,
    "latency": latency.measure,
    "visit": visit.measure,
    "streams": streams.measure,
    "many": many.measure,
    "years": years.measure,
    "tick": tick.measure,
    "start": start.measure,
}
NAMES = (*PARTS, "scale", "search")
MINUTES = 3  # for a part, on both databases together


class TooLong(Exception):
    """A part has had its time. What it measured before stays."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measures Twofold on this machine.",
        epilog="bin/bench compare REV [part ...]: this tree and another revision in turn, with the ratios.",
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of: {', '.join(NAMES)}; all without one")
    parser.add_argument("--database", choices=DATABASES, action="append", help="one only; both without it")
    parser.add_argument(
        "--pairs", type=int, help="the size of `scale` and `search`; without it 200 on SQLite, 2000 on PostgreSQL"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of `compare`, for each of the two (3)")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    revision = ""
    if chosen.parts[:1] == ["compare"]:
        _compare, revision, *chosen.parts = [*chosen.parts, ""][: max(2, len(chosen.parts))]
        if not revision:
            parser.error("compare needs a revision, such as main or HEAD~1.")
    parts = NAMES if chosen.parts in ([], ["all"]) else chosen.parts
    if unknown := set(parts) - set(NAMES):
        parser.error(f"no part {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}, or all")
    databases = chosen.database or DATABASES
    if revision:
        arguments = [*parts, *(f"--database={each}" for each in databases)]
        arguments += [f"--pairs={chosen.pairs}"] if chosen.pairs else []
        told(chosen.json, compare.compare(revision, arguments, chosen.rounds), revision=revision)
        return
    figures: list[Figure] = []
    late = []
    for part in parts:
        try:
            for figure in measured(part, databases, chosen.pairs):
                figures.append(figure)
        except TooLong:
            late.append(part)
    told(chosen.json, figures)
    if late:
        raise SystemExit(f"bin/bench: longer than {MINUTES} minutes: {', '.join(late)}. Is the machine idle?")


def measured(part: str, databases: Sequence[str], pairs: int | None) -> Iterator[Figure]:
    if part == "scale":
        for database in databases:
            scale.prepare(database, scale.rows(scale.FEW), scale.rows(pairs or scale.PAIRS[database]))
    if part == "search":
        for database in databases:
            scale.prepare(database, search.rows(database, pairs))
    with bounded():
        for database in databases:
            sys.stderr.write(f"bin/bench: {part} on {database}\n")
            if part == "scale":
                yield from scale.measure(database, pairs or scale.PAIRS[database])
            elif part == "search":
                yield from search.measure(database, pairs)
            else:
                with served(database) as server:
                    yield from PARTS[part](server, database)


@contextmanager
def bounded() -> Iterator[None]:
    def too_long(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MINUTES * 60)
    try:
        yield
    finally:
        signal.alarm(0)


@contextmanager
def served(database: str) -> Iterator[Served]:
    with ExitStack() as stack:
        own = ""
        if database == "postgresql":
            own = stack.enter_context(postgres.database(stack.enter_context(postgres.server()), "twofold_bench"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="twofold-bench-")))
        yield stack.enter_context(serving(folder, own))


def told(as_json: bool, figures: list[Figure], **more: str) -> None:
    if as_json:
        found = {"machine": machine(), **more, "figures": [figure.as_json() for figure in figures]}
        sys.stdout.write(f"{json.dumps(found, indent=1)}\n")
    else:
        sys.stdout.write("\n".join([machine(), *(f"floor: {each}" for each in more.values()), *map(str, figures), ""]))


def machine() -> str:
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next((int(line.split()[1]) // 2**20 for line in _lines("/proc/meminfo") if "MemTotal" in line), 0)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cpu}, {cores} cores, {memory} GB, {platform.system()}, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


if __name__ == "__main__":
    main()
