from __future__ import annotations

import fcntl
import os
from pathlib import Path

from django.conf import settings


class OneServer:
    """SQLite is served by one process, because only that process hears of its own writes at once."""

    def __init__(self) -> None:
        self.handle: int | None = None

    def take(self, workers: int = 1) -> None:
        """Raises SystemExit with the way out for several workers, and when another process serves this database."""
        database = settings.DATABASES["default"]
        if self.handle is not None or not database["ENGINE"].endswith("sqlite3"):
            return
        if workers > 1:
            raise SystemExit(
                f"--workers is {workers}, and SQLite is served by one process. "
                "Leave it out, or give DATABASE_URL the address of a PostgreSQL database."
            )
        path = Path(f"{database['NAME']}.serving")
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.handle)
            self.handle = None
            raise SystemExit(
                f"Another process serves {database['NAME']} already, and SQLite is for one. "
                "Stop the other, or give DATABASE_URL the address of a PostgreSQL database."
            ) from None

    def give_back(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
