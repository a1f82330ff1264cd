"""What stops a backup, a restore or a start: a sentence for whoever runs it, which says what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import OperationalError

FULL = "The disk of {path} is full. Free some space on it, or use another disk, and try again."
CLOSED = "{path} cannot be written. Give its folder to the user that runs Twofold, or name another one."


class Trouble(Exception):
    """Carries the whole sentence."""


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Raises Trouble for a disk that is full and for a place that cannot be written; anything else as it is."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        if (sentence := sentence_for(error)) and not (sentence == CLOSED and _is_elsewhere(error, path)):
            raise Trouble(sentence.format(path=path)) from error
        raise


def _is_elsewhere(error: BaseException, path: Path) -> bool:
    """Whether it names a file outside the folder, such as one of the program, which is not the folder's fault."""
    named = error.filename if isinstance(error, OSError) else None
    return isinstance(named, str) and not Path(named).is_relative_to(path if path.is_dir() else path.parent)


def sentence_for(error: BaseException) -> str | None:
    """FULL, CLOSED, or nothing that is known here."""
    cause = error.__cause__ if isinstance(error, OperationalError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without what makes it an extended one
    number = cause.errno if isinstance(cause, OSError) else None
    if number in {errno.ENOSPC, errno.EDQUOT} or code == sqlite3.SQLITE_FULL:
        return FULL
    readonly = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
    if number in {errno.EROFS, errno.EACCES, errno.EPERM} or code in readonly:
        return CLOSED
    return None
