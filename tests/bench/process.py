"""The server that is measured, and what its processes have used, as the kernel counts it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.served import Served


def serving(folder: Path, database: str = "") -> Served:
    """With the bare view beside the pages, and no worker."""
    return Served(
        folder, database=database, DJANGO_SETTINGS_MODULE="tests.bench.settings", TWOFOLD_WORKER_ELSEWHERE="1"
    )


def cpu(pids: Iterable[int]) -> float:
    """Milliseconds of processor time until now, of all their threads."""
    return sum(time.clock_gettime(_clock(pid)) for pid in pids) * 1000


def backends(data: Path) -> list[int]:
    """The processes of the PostgreSQL server with its data there; none where none runs."""
    with suppress(OSError):
        server = (data / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()]
    return []


def since(before: dict[int, float], pids: Iterable[int]) -> float:
    """Milliseconds of processor time of these processes, since each had what `each_cpu` said before."""
    return sum(now - before.get(pid, 0) for pid, now in each_cpu(pids).items())


def each_cpu(pids: Iterable[int]) -> dict[int, float]:
    found = {}
    for pid in pids:
        with suppress(OSError):  # it has ended
            found[pid] = cpu([pid])
    return found


def _clock(pid: int) -> int:
    """The processor clock of another process, as `clock_getcpuclockid` makes it on Linux."""
    return (~pid << 3) | 2


def memory(pid: int) -> float:
    """Resident, in kB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def count(pid: int, what: str) -> int:
    return len(os.listdir(f"/proc/{pid}/{what}"))
