"""From a clone to the first page, with the packages in pip's cache; and from a stop to the next page."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.bench.figures import Figure, percentile
from tests.bench.floor import bare
from tests.served import ROOT, Served, free_port

RESTARTS = 3
PATIENCE = 120.0  # seconds


def measure(served: Served, database: str) -> list[Figure]:
    """What `bin/run` does, with the database that the part was given."""
    served.stop()
    with tempfile.TemporaryDirectory(prefix="twofold-start-") as folder:
        clone = Path(folder) / "twofold"
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        subprocess.run(["bin/setup", "--runtime"], cwd=clone, check=True, stderr=subprocess.DEVNULL)
        installed = time.monotonic() - began
        with running(clone, served):
            first = time.monotonic() - began
        found = []
        for _ in range(RESTARTS):
            began = time.monotonic()
            with running(clone, served):
                found.append(time.monotonic() - began)
    floors = []
    for _ in range(RESTARTS):
        began = time.monotonic()
        with bare():
            floors.append(time.monotonic() - began)
    return [
        Figure(f"start.clone.{database}.max", first, "s", installed),
        Figure(f"start.again.{database}.p50", percentile(found, 50), "s", percentile(floors, 50)),
    ]


@contextmanager
def running(clone: Path, served: Served) -> Iterator[None]:
    """`bin/run`, from when its first page is there."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("TWOFOLD_")}
    env |= {name: value for name, value in served.env.items() if name == "DATABASE_URL"}
    process = subprocess.Popen(
        ["bin/run", "--port", str(port)],
        cwd=clone,
        env={**env, "TWOFOLD_WORKER_ELSEWHERE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        first_page(port, process)
        yield
    finally:
        process.terminate()
        process.wait(30)


def first_page(port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits for it. Raises OSError when it does not come."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/account/login/", timeout=PATIENCE):
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.02)
