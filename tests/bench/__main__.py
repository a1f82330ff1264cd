"""`bin/bench`: runs the parts that are named, all without a name, and prints what they found."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests import postgres
from tests.bench import latency, streams, tick
from tests.bench.figures import Figure
from tests.served import Served

DATABASES = ("sqlite", "postgresql")
PARTS: dict[str, Callable[[Served, str], list[Figure]]] = {
    "latency": latency.measure,
    "streams": streams.measure,
    "tick": tick.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures Twofold on this machine.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of: {', '.join(PARTS)}; all without one")
    parser.add_argument("--database", choices=DATABASES, action="append", help="one only; both without it")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}. There are: {', '.join(PARTS)}")
    figures = []
    for part in chosen.parts or PARTS:
        for database in chosen.database or DATABASES:
            sys.stderr.write(f"bin/bench: {part} on {database}\n")
            with served(database) as server:
                figures += PARTS[part](server, database)
    if chosen.json:
        told = json.dumps({"machine": machine(), "figures": [figure.as_json() for figure in figures]}, indent=1)
    else:
        told = "\n".join([machine(), *map(str, figures)])
    sys.stdout.write(f"{told}\n")


@contextmanager
def served(database: str) -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="twofold-bench-") as folder:
        if database == "sqlite":
            with Served(Path(folder), TWOFOLD_WORKER_ELSEWHERE="1") as server:
                yield server
        else:
            with postgres.server() as address:
                with psycopg.connect(address, autocommit=True) as connection:
                    connection.execute("DROP DATABASE IF EXISTS twofold_bench")
                    connection.execute("CREATE DATABASE twofold_bench")
                own = urlsplit(address)._replace(path="/twofold_bench").geturl()
                with Served(Path(folder), database=own, TWOFOLD_WORKER_ELSEWHERE="1") as server:
                    yield server


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
