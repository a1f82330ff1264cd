"""The steps of the Dockerfile, and the programs of Debian that the tests of deployment need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.served import ROOT


def steps() -> list[tuple[str, str]]:
    """The Dockerfile: each instruction with what stands behind it, on one line."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def program(name: str, package: str, folder: Path) -> str:
    """An installed program, or Debian's, unpacked beside the test."""
    if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin"):
        return found
    fetched = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True, check=False)
    assert fetched.returncode == 0, f"{name} is missing. On Debian: apt-get install {package}"
    (archive,) = folder.glob(f"{package}_*.deb")
    subprocess.run(["dpkg-deb", "--extract", archive, folder / package], check=True)
    return str(next(path for path in (folder / package).rglob(name) if os.access(path, os.X_OK) and path.is_file()))
