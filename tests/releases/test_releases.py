"""What was written with an earlier release is all there in this one, and the same people read it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from retros.backup import archive
from tests import postgres
from tests.served import Served

pytestmark = pytest.mark.one_database

HERE = Path(__file__).parent
RELEASES = sorted(HERE.glob("*.zip"))
READ = """
import json
from tests.releases.reading import read, texts
print(json.dumps({{"texts": texts(), "read": read({people!r}, {at!r})}}))
"""


def test_this_release_is_among_them(settings: Any) -> None:
    """To keep it: `python -m tests.releases`."""
    assert settings.VERSION in {path.stem for path in RELEASES}


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_it_is_upgraded_with_every_text_and_everybodys_view(release: Path, tmp_path: Path) -> None:
    told = json.loads(release.with_suffix(".json").read_text(encoding="utf-8"))
    if server := os.environ.get("DATABASE_URL", ""):
        with postgres.database(server, f"twofold_release_{os.getpid()}") as database:
            served = Served(tmp_path, database=database)
            served.manage("restore", str(release))
            served.manage("prepare")
            compare(told, served)
        return
    served = Served(tmp_path, TWOFOLD_BACKUP_DIR=str(tmp_path / "backups"))
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    made = archive.check(release)
    archive.unpack(release, made, data / "twofold.sqlite3")
    served.manage("prepare")
    backups = archive.all_in(tmp_path / "backups")
    assert [archive.check(path).schema for path in backups] in ([], [made.schema])  # as it was, if it changed
    compare(told, served)


def compare(told: dict[str, Any], served: Served) -> None:
    """Every text is there; everybody reads what they read then, and nothing that was not theirs to read."""
    now = served.ask(READ.format(**told))
    assert now["texts"] == told["texts"]
    for name, before in told["read"].items():
        assert set(before) <= set(now["read"][name]) <= set(told["may"][name]), name
