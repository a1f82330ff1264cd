"""PostgreSQL's own programs, with the address and the secrets that the settings have."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from retros.backup.trouble import Trouble

NAMES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
OPTIONS = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


def run(name: str, *arguments: str, settings: dict[str, Any], within: str = "") -> None:
    """Runs pg_dump, pg_restore or psql on the database of the settings. Raises Trouble with what it said.

    `within`: folders to look for it, parted by colons, instead of the usual ones.
    """
    program = shutil.which(name, path=within or None)
    if program is None:
        raise Trouble(f"{name} is missing. On Debian: apt-get install postgresql-client")
    done = subprocess.run(  # noqa: S603 (a fixed program, no shell)
        [program, *arguments], env=environment(settings), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Trouble(f"{name} failed, and nothing was changed. It said: {said[-1] if said else done.returncode}")


def environment(settings: dict[str, Any]) -> dict[str, str]:
    """What the programs read instead of arguments, which everybody on the machine could see."""
    found = {"LC_ALL": "C", "HOME": str(Path.home())}
    found |= {theirs: str(settings[ours]) for ours, theirs in NAMES.items() if settings.get(ours)}
    return found | {theirs: str(settings["OPTIONS"][o]) for o, theirs in OPTIONS.items() if o in settings["OPTIONS"]}
