"""A backup becomes the database, whole or not at all; then nobody is signed in, and no mail of the past leaves."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection, transaction

from partnerships.models import Person, SignIn
from retros.backup import archive, databases, postgresql
from retros.backup.archive import Manifest
from retros.backup.trouble import Trouble, in_words
from retros.models import Tick

IN_USE = "Something still uses the database. Stop the server and the worker, then run it again."
OTHER_ROWS = "Its tables do not hold as many rows as it says: {tables}. Nothing was changed. Take another backup."


def restore(path: Path, now: datetime, *, replace: bool = False) -> Manifest:
    """Raises Trouble, and has changed nothing then.

    `replace`: also where people have accounts already. Only for a command: "default" is another database meanwhile.
    """
    made = check(path)
    if new := databases.unknown(made.schema):
        raise Trouble(
            f"{path} comes from a newer program, version {made.version}: {', '.join(new)} is unknown here. "
            "Restore it with that version, or a later one."
        )
    if connection.vendor == "sqlite":
        _into_sqlite(path, made, now, replace=replace)
    else:
        with databases.as_default(databases.without_pool(databases.present())):
            _into_postgresql(path, made, now, replace=replace)
    return made


def check(path: Path) -> Manifest:
    """What it says of itself, when it is as it was made: every byte, and the rows of each table. Raises Trouble."""
    made = archive.check(path)
    with TemporaryDirectory(prefix="twofold-check-") as folder:
        content = Path(folder) / "content"
        archive.unpack(path, made, content)
        if made.database == "sqlite":
            _compare(made, databases.rows_of_file(content))
        else:
            postgresql.run("pg_restore", "--list", f"--file={os.devnull}", str(content), settings={"OPTIONS": {}})
    return made


def _compare(made: Manifest, rows: dict[str, int]) -> None:
    if others := sorted(table for table, count in made.rows.items() if rows.get(table) != count):
        raise Trouble(OTHER_ROWS.format(tables=", ".join(others)))


def _afterwards(now: datetime) -> list[str]:
    """SQL that both databases, and every schema since the first release, understand."""
    at = now.isoformat(sep=" ", timespec="seconds")
    sessions, ticks = SignIn._meta.db_table, Tick._meta.db_table
    return [
        f"DELETE FROM {sessions}",  # noqa: S608 (our own tables, our own moment)
        f"DELETE FROM {ticks}",  # noqa: S608
        f"INSERT INTO {ticks} (id, at) VALUES ({Tick.RESTORED}, '{at}')",  # noqa: S608
    ]


def _refuse_people(replace: bool) -> None:
    """Raises Trouble unless it is to be replaced: for a database of a newer program, and for one with people in it."""
    if (new := databases.unknown(databases.schema())) and not replace:
        raise Trouble(
            f"The database here is of a newer program: {', '.join(new)} is unknown. Use that version; or, to go back "
            "to this one and lose what was written since the backup, add --replace."
        )
    inhabited = Person._meta.db_table in connection.introspection.table_names() and Person.objects.exists()
    if inhabited and not replace:
        raise Trouble("People have accounts in the database here. Make a backup of it, then add --replace.")


# --- SQLite ---------------------------------------------------------------------------------------


def _into_sqlite(path: Path, made: Manifest, now: datetime, *, replace: bool) -> None:
    if made.database != "sqlite":
        raise Trouble(f"{path} is PostgreSQL's own. For SQLite make one there with: manage.py backup --portable DIR")
    target = Path(str(databases.present()["NAME"]))
    draft = target.with_name(f"{target.name}.restoring")
    with in_words(target), lock(target):
        if target.exists():
            _refuse_people(replace)
        archive.unpack(path, made, draft)
        with databases.as_default(databases.of_file(draft)):
            with transaction.atomic(), connection.cursor() as cursor:
                for statement in _afterwards(now):
                    cursor.execute(statement)
            databases.migrate()
        connection.close()
        _settle(target)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
        archive.fsync_folder(target.parent)


def _settle(target: Path) -> None:
    """Take the log beside the database into it: beside another one it would be played into that."""
    if not target.exists():
        return
    file = sqlite3.connect(target, timeout=0)
    try:
        file.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise Trouble(IN_USE) from error
    finally:
        file.close()


@contextmanager
def lock(target: Path) -> Iterator[None]:
    """Whoever serves this file holds the lock (config/one_server.py). Raises Trouble while somebody does."""
    handle = os.open(f"{target}.serving", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Trouble(IN_USE) from error
    finally:
        os.close(handle)


# --- PostgreSQL -----------------------------------------------------------------------------------


def _into_postgresql(path: Path, made: Manifest, now: datetime, *, replace: bool) -> None:
    _refuse_people(replace)
    target = databases.present()
    with TemporaryDirectory(prefix="twofold-restore-") as folder:
        content = Path(folder) / "content"
        archive.unpack(path, made, content)
        if made.database == "postgresql":
            _refuse_others()
            _from_dump(content, now, target)
            databases.migrate()
        else:
            if databases.unknown(databases.schema()):
                raise Trouble("A portable backup is read into the schema of this program. Name an empty database.")
            with databases.as_default(databases.of_file(content)):
                databases.migrate()
            _refuse_others()
            databases.migrate()
            connection.close()
            databases.replace_rows(databases.of_file(content), target, _afterwards(now))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a dump has no statistics, and the first people must not wait for autovacuum


def _from_dump(content: Path, now: datetime, target: dict[str, Any]) -> None:
    """One transaction: what is there goes, what was dumped comes, then what follows a restore."""
    script, tail = content.with_suffix(".sql"), content.with_suffix(".tail.sql")
    arguments = ["--clean", "--if-exists", "--no-owner", "--no-privileges"]
    postgresql.run("pg_restore", *arguments, f"--file={script}", str(content), settings=target)
    named = ", ".join(connection.ops.quote_name(table) for table in connection.introspection.table_names())
    head = content.with_suffix(".head.sql")
    head.write_text(f"DROP TABLE {named} CASCADE;" if named else "", encoding="utf-8")
    # The dump leaves the session without a search path.
    tail.write_text(";\n".join(["SET search_path TO DEFAULT", *_afterwards(now), ""]), encoding="utf-8")
    connection.close()
    files = [f"--file={file}" for file in (head, script, tail)]
    once = ["--single-transaction", "--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", f"--output={os.devnull}"]
    postgresql.run("psql", *once, *files, settings=target)


def _refuse_others() -> None:
    """Raises Trouble while anything but this command is connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend')"
        )
        if cursor.fetchone()[0]:
            raise Trouble(IN_USE)
