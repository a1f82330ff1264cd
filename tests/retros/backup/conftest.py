"""Databases that are ready and empty, on whichever server the tests run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import pytest

from tests import postgres
from tests.retros.backup.places import Place, at
from tests.served import Served


@pytest.fixture(scope="module")
def server() -> str:
    """Where the tests run on PostgreSQL, the address of the server; empty on SQLite."""
    return os.environ.get("DATABASE_URL", "")


@pytest.fixture(scope="module")
def prepared(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A database that is ready and empty. On PostgreSQL nobody stays connected, so that it can be copied."""
    folder = tmp_path_factory.mktemp("prepared")
    with postgres.database(server, f"twofold_empty_{os.getpid()}") if server else nullcontext("") as database:
        made = at(folder, database)
        made.be_ready()
        yield made


@pytest.fixture
def place(server: str, prepared: Served, tmp_path: Path) -> Iterator[Place]:
    """Makes databases that are ready and empty; each call another one."""
    numbers, dropped = count(), []

    def make() -> Served:
        folder = tmp_path / f"place{next(numbers)}"
        shutil.copytree(Path(prepared.env["TWOFOLD_DATA_DIR"]).parent, folder)
        address = ""
        if server:
            opened = postgres.database(
                server, f"twofold_{folder.name}_{os.getpid()}", template=f"twofold_empty_{os.getpid()}"
            )
            address = opened.__enter__()
            dropped.append(opened)
        return at(folder, address)

    yield make
    for opened in dropped:
        opened.__exit__(None, None, None)
