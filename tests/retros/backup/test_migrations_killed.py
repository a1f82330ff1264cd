"""A migration killed at any statement: every text is there, and run again it ends where the whole one would have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import postgres
from tests.retros.backup.places import Place, all_of, at
from tests.served import ROOT, Served

pytestmark = pytest.mark.deep

KILLS = 20
WRITE = """
from tests.retros import play
from tests.retros.play import make_pair
pair = make_pair()
session = play.start(pair.partnership)
for number in range(30):
    play.Participant(pair.ines, session.pk).fold(f"Card {number}")
print("null")
"""
# Back to an earlier step. The way from the beginning to the present is one step, unless it is left out.
GO_BACK = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from retros.search import index
index.remove(connection)
executor = MigrationExecutor(connection)
for key, migration in executor.loader.disk_migrations.items():
    if migration.replaces:
        executor.recorder.record_unapplied(*key)
executor.loader.replace_migrations = False
executor.loader.build_graph()
executor.migrate({targets!r})
index.install(connection)
print("null")
"""
# For each number that it reads it migrates, in a process that is killed at this statement or commit; 0: at none. It
# says how many there were, 0 for a process that was killed. Django is loaded once for all of them.
MIGRATE = """
import os, signal, sys
import django; django.setup()
from django.core.management import call_command
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
commit, last, done = BaseDatabaseWrapper._commit, 0, 0
def count():
    global done
    done += 1
    if done == last:
        os.kill(os.getpid(), signal.SIGKILL)
def run(execute, *statement):
    count()
    return execute(*statement)
def committed(self):
    count()
    return commit(self)
BaseDatabaseWrapper._commit = committed
for line in sys.stdin:
    last = int(line)
    if not os.fork():
        with connection.execute_wrapper(run):
            call_command("migrate", interactive=False, verbosity=0)
        print(done, flush=True)
        os._exit(0)
    if os.WIFSIGNALED(os.wait()[1]):
        print(0, flush=True)
"""
SHAPE = {
    True: """
        SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT tgrelid::regclass::text, tgname, '' FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        ORDER BY 1, 2, 3""",
    False: "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2",
}


class Migrated:
    """A process that migrates one database again and again, each time anew from `before`."""

    def __init__(self, before: Served, server: str, folder: Path) -> None:
        self.before, self.server = before, server
        self.name = f"twofold_migrated_{os.getpid()}"
        self.now = at(folder, before.env.get("DATABASE_URL", "") and address(server, self.name))
        self.process = subprocess.Popen(
            [sys.executable, "-c", MIGRATE],
            cwd=ROOT, env=self.now.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    @contextmanager
    def anew(self) -> Iterator[None]:
        here, there = (Path(one.env["TWOFOLD_DATA_DIR"]) for one in (self.now, self.before))
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(there, here)
        if not self.server:
            yield
            return
        template = urlsplit(self.before.env["DATABASE_URL"]).path.strip("/")
        with postgres.database(self.server, self.name, template=template):
            yield

    def run(self, kill_at: int = 0) -> int:
        """How many statements and commits it took; 0 when it was killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(kill_at, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def stored(self) -> Any:
        """What people wrote. On SQLite it is also asked whether the file is whole."""
        return all_of(self.now, "SELECT id, text FROM retros_entry ORDER BY id"), all_of(
            self.now, "SELECT id, name, email FROM partnerships_person ORDER BY id"
        )

    def made(self) -> Any:
        """Tables, columns, constraints, triggers, and the words that are found."""
        return all_of(self.now, SHAPE[bool(self.server)]), all_of(
            self.now, "SELECT shelf, words FROM retros_searchtext ORDER BY 1, 2"
        )

    def close(self) -> None:
        self.process.communicate()


def address(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


@pytest.mark.parametrize(
    "back",
    [
        pytest.param(
            [("retros", "0024_bulk_lines"), ("partnerships", "0019_person_country")], id="from the first release"
        ),
        pytest.param([("socialaccount", "0005_socialtoken_nullable_app")], id="with the triggers of the search"),
    ],
)
def test_killed_at_any_statement_it_loses_nothing_and_runs_again(
    server: str, place: Place, tmp_path: Path, back: list[tuple[str, str]]
) -> None:
    before = place()
    before.ask(WRITE)
    before.ask(GO_BACK.format(targets=back))
    migrated = Migrated(before, server, tmp_path / "migrated")
    try:
        with migrated.anew():
            stored = migrated.stored()
            assert len(stored[0]) == 30
            statements = migrated.run()
            assert statements > KILLS
            made = migrated.made()
            assert len(made[1]) == 30
        for kill in range(KILLS):
            with migrated.anew():
                assert migrated.run(1 + (statements - 1) * kill // (KILLS - 1)) == 0
                assert migrated.stored() == stored
                assert migrated.run() > 0
                assert migrated.stored() == stored
                assert [set(each) ^ set(its) for each, its in zip(migrated.made(), made, strict=True)] == [set(), set()]
    finally:
        migrated.close()
