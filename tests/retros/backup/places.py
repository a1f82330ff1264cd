"""Servers of their own, on both databases, that are backed up, restored and killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import postgres
from tests.served import Served

Place = Callable[..., Served]


def at(folder: Path, database: str = "", **variables: str) -> Served:
    variables |= {"PATH": f"{postgres.clients()}:{os.environ['PATH']}", "TWOFOLD_WORKER_ELSEWHERE": "1"}
    served = Served(folder, database=database)
    served.env |= variables
    return served


def all_of(served: Served, statement: str) -> list[Any]:
    """What a database that is whole answers."""
    if "DATABASE_URL" not in served.env:
        assert served.sql("PRAGMA integrity_check") == [("ok",)]
    return served.sql(statement)
