"""The file of a backup: a changed byte is found wherever it is, and the newest are kept."""

from __future__ import annotations

import errno
import json
import sqlite3
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from retros.backup import archive, make
from retros.backup.archive import Manifest
from retros.backup.restore import check
from retros.backup.trouble import Trouble, in_words

pytestmark = pytest.mark.one_database

NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "database"
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE words (text)")
        file.executemany("INSERT INTO words VALUES (?)", [("twofold",)] * 20)
    file.close()
    return path


def manifest(database: Path, **other: Any) -> Manifest:
    known = {"made_at": NOW.isoformat(), "version": "1.0.0", "database": "sqlite", "schema": {}, "rows": {"words": 20}}
    return Manifest(**{**known, "sha256": archive.digest_of(database), **other})


def test_it_comes_back_as_it_was(tmp_path: Path, database: Path) -> None:
    path, copy = tmp_path / archive.name_at(NOW), tmp_path / "copy"
    archive.write(path, manifest(database), database)
    assert path.stat().st_mode & 0o777 == 0o600
    assert check(path) == manifest(database)
    archive.unpack(path, check(path), copy)
    assert copy.read_bytes() == database.read_bytes()
    assert archive.made_at(path) == NOW
    with zipfile.ZipFile(path) as packed:  # other programs read it too
        assert json.loads(packed.read("manifest.json"))["rows"] == {"words": 20}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["copy", "database", path.name]


def test_one_flipped_byte_is_refused(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "backup.zip"
    archive.write(path, manifest(database), database)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Trouble, match="is damaged"):
            archive.check(path)
    for cut in (b"", whole[:30], whole[:-1], whole + b"0"):
        path.write_bytes(cut)
        with pytest.raises(Trouble):
            archive.check(path)
    path.write_bytes(whole)
    assert check(path) == manifest(database)


@pytest.mark.parametrize(
    ("other", "told"),
    [({"rows": {"words": 21}}, "not hold as many rows"), ({"sha256": "0" * 64}, "the database in it is another one")],
)
def test_a_manifest_that_says_otherwise_is_refused(
    tmp_path: Path, database: Path, other: dict[str, Any], told: str
) -> None:
    path = tmp_path / "backup.zip"
    archive.write(path, manifest(database, **other), database)
    with pytest.raises(Trouble, match=told):
        check(path)


@pytest.fixture
def folder(tmp_path: Path, database: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that is set for backups, with a small database to back up."""
    settings.BACKUP_DIR, settings.BACKUP_KEEP = tmp_path / "backups", 3

    def dump(draft: Path, portable: bool) -> tuple[str, dict[str, int]]:
        draft.write_bytes(database.read_bytes())
        return "sqlite", {"words": 20}

    monkeypatch.setattr(make, "_dump", dump)
    monkeypatch.setattr("retros.backup.databases.schema", lambda: {"retros": "0001_initial"})
    return tmp_path / "backups"


def test_one_a_day_and_the_newest_stay(folder: Path) -> None:
    for day in range(5):
        for hour in (0, 1, 14):
            make.daily(NOW + day * DAY + timedelta(hours=hour))
    kept = [path.name for path in folder.iterdir()]
    assert sorted(kept) == [archive.name_at(NOW + day * DAY) for day in (2, 3, 4)]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("wrong", [400 * DAY, -400 * DAY], ids=["ahead", "behind"])
def test_a_clock_that_was_wrong_stops_no_later_backup(folder: Path, wrong: timedelta) -> None:
    for day in range(4):
        make.daily(NOW + day * DAY)
    for minute in range(3):
        make.daily(NOW + wrong + timedelta(minutes=minute))
    assert [path for path in archive.all_in(folder) if archive.made_at(path) == NOW + wrong]
    for day in (4, 5):
        make.daily(NOW + day * DAY)
    assert {NOW + day * DAY for day in (4, 5)} <= {archive.made_at(path) for path in archive.all_in(folder)}
    assert len(archive.all_in(folder)) == 3


def test_a_backup_of_a_clock_that_was_wrong_hides_none_that_is_missing(folder: Path) -> None:
    make.backup(folder, NOW)
    make.backup(folder, NOW + 400 * DAY)
    assert make.last_backup(NOW + DAY) == NOW
    assert not make.is_late(NOW + DAY)
    assert make.is_late(NOW + 2 * DAY)


def test_what_a_killed_one_left_goes_and_nothing_else(folder: Path) -> None:
    folder.mkdir()
    for name in (".twofold-20261128T093000Z.zip.part", "notes.txt", "twofold-of-my-own.zip"):
        (folder / name).write_text("x")
    made = make.backup(folder, NOW, keep=1)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", made.name, "twofold-of-my-own.zip"]


def test_a_full_disk_costs_no_backup_that_is_there_and_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = make.backup(folder, NOW, keep=1)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(Trouble, match=r"The disk of .* is full\. Free some space"):
            make.backup(folder, NOW + DAY, keep=1)
        make.daily(NOW + DAY)
    assert "No backup was made. The disk of" in caplog.text
    assert archive.all_in(folder) == [first]
    assert check(first).rows == {"words": 20}


def failing(kind: str, tmp_path: Path) -> Callable[[], object]:
    if kind == "full":
        full = sqlite3.connect(tmp_path / "full")
        full.execute("CREATE TABLE t (c)")
        full.execute("PRAGMA max_page_count = 3")
        return lambda: full.execute("INSERT INTO t VALUES (zeroblob(100000))")
    if kind == "read only":
        sqlite3.connect(tmp_path / "closed").executescript("CREATE TABLE t (c)")
        closed = sqlite3.connect(f"file:{tmp_path}/closed?mode=ro", uri=True)
        return lambda: closed.execute("INSERT INTO t VALUES (1)")
    return lambda: sqlite3.connect(tmp_path / "no" / "folder")


@pytest.mark.parametrize(
    ("kind", "told"), [("full", "is full"), ("read only", "cannot be written"), ("no folder", "cannot be written")]
)
def test_what_sqlite_says_of_the_disk_is_put_into_words(tmp_path: Path, kind: str, told: str) -> None:
    fail = failing(kind, tmp_path)
    with pytest.raises(Trouble, match=told), in_words(tmp_path):
        fail()


def test_a_file_of_the_program_is_no_fault_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(PermissionError), in_words(tmp_path / "data"):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "program.py"))
    with pytest.raises(Trouble, match="cannot be written"), in_words(tmp_path / "data"):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "data/file"))


def test_a_backup_that_is_not_there_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(
        Trouble, match=r"x\.zip cannot be read \(No such file or directory\)\. Name a file that the user"
    ):
        check(tmp_path / "x.zip")


@pytest.mark.django_db
def test_healthz_warns_when_the_days_backup_is_missing(client: Client, folder: Path) -> None:
    now = datetime.now(tz=UTC).replace(microsecond=0)

    def told() -> dict[str, Any]:
        found: dict[str, Any] = client.get(reverse("healthz")).json()["backup"]
        return found

    assert told() == {"last": None, "late": True}
    make.backup(folder, now - make.LATE_AFTER - timedelta(minutes=1))
    assert told()["late"]
    made = make.backup(folder, now - timedelta(hours=1))
    assert datetime.fromisoformat(told()["last"]) == archive.made_at(made)
    assert not told()["late"]
