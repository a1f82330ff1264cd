"""Makes a backup while people write: one moment of the database, with every commit that was acknowledged before."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from retros.backup import archive, databases, postgresql
from retros.backup.archive import Manifest
from retros.backup.trouble import Trouble, in_words

log = logging.getLogger("twofold.backup")

LATE_AFTER = timedelta(hours=36)
NOTHING = (
    "The database {name} is empty: there is nothing to back up. Was the command given the settings of the server, "
    "such as TWOFOLD_DATA_DIR or DATABASE_URL?"
)


def backup(folder: Path, now: datetime, *, keep: int = 0, portable: bool = False) -> Path:
    """A new file in the folder; of all there it and the newest stay, `keep` in all (0: all). Raises Trouble.

    `portable`: as SQLite, so that it can be restored into either database; on SQLite it always is.
    """
    with _alone(folder):
        return _make(folder, now, keep, portable)


def daily(now: datetime) -> None:
    """The day's backup (UTC), where a folder is set for it. What stops it is logged: mails go out all the same."""
    folder = settings.BACKUP_DIR
    if folder is None or not is_due(folder, now):
        return
    try:
        with _alone(folder):
            if is_due(folder, now):  # no other worker made it meanwhile
                _make(folder, now, settings.BACKUP_KEEP, portable=False)
    except Trouble as trouble:
        log.error("No backup was made. %s", trouble)


def is_due(folder: Path, now: datetime) -> bool:
    last = archive.last_in(folder, now)
    return last is None or last.date() < now.astimezone(UTC).date()


def last_backup(now: datetime) -> datetime | None:
    """When the newest one in the folder that is set was made."""
    return archive.last_in(settings.BACKUP_DIR, now) if settings.BACKUP_DIR else None


def is_late(now: datetime) -> bool:
    """Whether somebody should look: a folder is set, and no backup of the last day and a half is in it."""
    last = last_backup(now)
    return settings.BACKUP_DIR is not None and (last is None or now - last > LATE_AFTER)


def _make(folder: Path, now: datetime, keep: int, portable: bool) -> Path:
    for left in folder.glob(".twofold-*.part*"):  # by one that was killed
        left.unlink()
    path = folder / archive.name_at(now)
    draft = folder / f".{path.name}.database.part"
    try:
        schema = databases.schema()
        if not schema:
            raise Trouble(NOTHING.format(name=databases.present()["NAME"]))
        kind, rows = _dump(draft, portable)
        made = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            version=settings.VERSION,
            database=kind,
            schema=schema,
            rows=rows,
            sha256=archive.digest_of(draft),
        )
        archive.write(path, made, draft)
    finally:
        draft.unlink(missing_ok=True)
    others = [other for other in archive.all_in(folder) if other != path]
    for old in others[: max(0, len(others) + 1 - keep)] if keep else []:
        old.unlink()
    return path


def _dump(draft: Path, portable: bool) -> tuple[str, dict[str, int]]:
    """The kind of the file, and the rows of its tables."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(draft)])
    elif portable:
        _copy_out(draft)
    else:
        return "postgresql", _pg_dump(draft)
    draft.chmod(0o600)
    return "sqlite", databases.rows_of_file(draft)


def _pg_dump(draft: Path) -> dict[str, int]:
    """The rows are counted in the snapshot that is dumped."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        arguments = ["-Fc", "--no-owner", "--no-privileges", f"--snapshot={cursor.fetchone()[0]}", f"--file={draft}"]
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        postgresql.run("pg_dump", *arguments, settings=databases.present())
        return databases.rows()


def _copy_out(draft: Path) -> None:
    if databases.is_behind():
        raise Trouble("A portable backup needs the schema of this program. First run: manage.py prepare")
    theirs, ours = databases.without_pool(databases.present()), databases.of_file(draft)
    with databases.as_default(ours):
        databases.migrate()
    databases.replace_rows(theirs, ours, [])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, made when missing, for one backup at a time; the next waits. Raises Trouble for a full disk."""
    with in_words(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
