"""Keeps a database of this version beside this file: `VERSION.zip`, and `VERSION.json` with what it must stay to be."""

from __future__ import annotations

import json
import shutil
import tempfile
import tomllib
from pathlib import Path

from tests.served import ROOT, Served

HERE = Path(__file__).parent
MAKE = """
import json
from django.utils import timezone
from partnerships.models import SignIn
from tests.releases.reading import read, texts
from tests.world import make_world
world = make_world("folded")
at = timezone.now().isoformat(timespec="seconds")
people = {name: world.people[name].email for name in ("ines", "tom", "sara", "ada")}
may = {name: sorted(mark for mark, readers in world.words.items() if name in readers) for name in people}
told = {"at": at, "people": people, "texts": texts(), "read": read(people, at), "may": may}
SignIn.objects.all().delete()
print(json.dumps(told))
"""


def main() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    with tempfile.TemporaryDirectory(prefix="twofold-release-") as folder:
        served = Served(Path(folder))
        served.prepare()
        told = served.ask(MAKE)
        shutil.copyfile(served.manage("backup", folder), HERE / f"{version}.zip")
    written = json.dumps(told, indent=1, ensure_ascii=False)
    (HERE / f"{version}.json").write_text(f"{written}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
