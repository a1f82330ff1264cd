"""Servers of their own, on both databases, that are backed up, restored and killed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from tests import postgres
from tests.served import Served

Place = Callable[..., Served]


def at(folder: Path, database: str = "", **variables: str) -> Served:
    variables |= {"PATH": f"{postgres.clients()}:{os.environ['PATH']}", "TWOFOLD_WORKER_ELSEWHERE": "1"}
    served = Served(folder, database=database)
    served.env |= variables
    return served


def all_of(served: Served, statement: str) -> list[Any]:
    """What the database answers, without Django: it may be asked beside anything."""
    if address := served.env.get("DATABASE_URL"):
        with psycopg.connect(address) as connection:
            return connection.execute(statement).fetchall()
    path = Path(served.env["TWOFOLD_DATA_DIR"]) / "twofold.sqlite3"
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return file.execute(statement).fetchall()
