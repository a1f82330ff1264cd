"""A backup as a file: a zip with `manifest.json` and the database, whose comment is a digest of all before it.

So one changed byte is found, wherever it is, and any program that opens zips opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from retros.backup.trouble import Trouble, in_words

DIGEST = 64  # hexadecimal digits of SHA-256
MANIFEST = "manifest.json"
CONTENT = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
NAME = re.compile(r"twofold-(\d{8}T\d{6}Z)\.zip")
DATE = "%Y%m%dT%H%M%SZ"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str  # ISO 8601, UTC
    version: str  # of the program that made it
    database: str  # "sqlite" or "postgresql"
    schema: dict[str, str]  # each app's newest migration
    rows: dict[str, int]  # of each table
    sha256: str  # of the database inside


def name_at(now: datetime) -> str:
    return f"twofold-{now.astimezone(UTC).strftime(DATE)}.zip"


def made_at(path: Path) -> datetime | None:
    """When this backup was made, by its name; nothing for another file."""
    match = NAME.fullmatch(path.name)
    return datetime.strptime(match[1], DATE).replace(tzinfo=UTC) if match else None


def all_in(folder: Path) -> list[Path]:
    """The backups in a folder, the oldest first."""
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name)) if folder.is_dir() else []


def last_in(folder: Path, now: datetime) -> datetime | None:
    """When the newest one was made. One of the future is of a clock that was wrong, and stands for no other."""
    return max((at for path in all_in(folder) if (at := made_at(path)) and at <= now), default=None)


def write(path: Path, manifest: Manifest, database: Path) -> None:
    """Stands at `path` whole, or not at all. Raises Trouble when the disk does not take it."""
    draft = path.with_name(f".{path.name}.part")
    with in_words(path):
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
                packed.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
                packed.write(database, CONTENT[manifest.database])
                packed.comment = b"0" * DIGEST
            digest = _digest(file, leave=DIGEST)
            file.seek(-DIGEST, os.SEEK_END)
            file.write(digest.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        fsync_folder(path.parent)


def check(path: Path) -> Manifest:
    """What it says of itself, when every byte is as it was written. Raises Trouble."""
    try:
        with path.open("rb") as file:
            digest = _digest(file, leave=DIGEST)
            whole = file.read(DIGEST) == digest.encode()
        if not whole:
            raise Trouble(f"{path} is damaged, or no backup: its digest is another one. Take another backup.")
        with zipfile.ZipFile(path) as packed:
            manifest = Manifest(**json.loads(packed.read(MANIFEST)))
            with packed.open(CONTENT[manifest.database]) as content:
                inside = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
    except OSError as error:
        raise Trouble(
            f"{path} cannot be read ({error.strerror}). Name a file that the user who runs this may read."
        ) from error
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise Trouble(f"{path} cannot be read as a backup. Take another one.") from error
    if inside != manifest.sha256:
        raise Trouble(f"{path} is damaged: the database in it is another one. Take another backup.")
    return manifest


def unpack(path: Path, manifest: Manifest, to: Path) -> None:
    """The database in it, as a file closed to others. Raises Trouble when the disk does not take it."""
    with (
        in_words(to),
        zipfile.ZipFile(path) as packed,
        packed.open(CONTENT[manifest.database]) as content,
        open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
    ):
        shutil.copyfileobj(content, file, CHUNK)
        file.flush()
        os.fsync(file.fileno())


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync_folder(folder: Path) -> None:
    """So that a renamed file is still there after the power was lost."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(file: BinaryIO, *, leave: int) -> str:
    """SHA-256 of all but the last `leave` bytes, after which the file stands."""
    left = file.seek(0, os.SEEK_END) - leave
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (chunk := file.read(min(left, CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()
