"""What a process counts for config/metrics.py.

Several processes on one port count in files of a folder that they share, so that any of them answers for all.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # the library's own name for it
UNKNOWN = "none"  # the route of an address that nothing answers

own = CollectorRegistry()
# With labels, so that a value is made when it is known whether the processes share.
requests = Counter("twofold_requests", "Answers, by route and status.", ["route", "status"], registry=own)
streams = Gauge("twofold_streams", "Open live streams.", ["page"], registry=own, multiprocess_mode="livesum")


def count(route: str | None, status: int) -> None:
    requests.labels(route or UNKNOWN, str(status)).inc()


def share(folder: str = "") -> None:
    """From now on count in this folder, and so does whoever is started; without one, in that of the parent."""
    if folder:
        os.environ[FOLDER] = folder
    if os.environ.get(FOLDER):
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]


def counted() -> CollectorRegistry:
    """All that was counted: by this process, or by those that share."""
    if not (folder := os.environ.get(FOLDER)):
        return own
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():  # it was killed, and its streams with it
            with suppress(FileNotFoundError):  # another process saw it too
                mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
