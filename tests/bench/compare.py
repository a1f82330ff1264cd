"""This tree and another revision, measured in turn by the same bench: what else the machine does meets both alike."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import Figure
from tests.served import ROOT

# The bench measures both alike.
OURS = ("tests/bench", "tests/served.py", "tests/visitor.py", "tests/postgres.py", "tests/retros/play.py")
LOCK = "requirements-dev.txt"


def compare(revision: str, arguments: Sequence[str], rounds: int) -> list[Figure]:
    """The middle of this tree's figures, with the other revision's as the floor."""
    found: tuple[dict[str, list[float]], dict[str, list[float]]] = ({}, {})
    units: dict[str, str] = {}
    with checked_out(revision) as other:
        for number in range(rounds):
            for which in (0, 1) if number % 2 else (1, 0):
                sys.stderr.write(f"bin/bench: round {number + 1}, {('this tree', revision)[which]}\n")
                for figure in run((ROOT, other)[which], arguments):
                    found[which].setdefault(figure["name"], []).append(figure["value"])
                    units[figure["name"]] = figure["unit"]
    both = [name for name in found[0] if name in found[1]]
    return [Figure(name, median(found[0][name]), units[name], median(found[1][name])) for name in both]


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A worktree of the revision, with this tree's bench in it."""
    with tempfile.TemporaryDirectory(prefix="twofold-compare-") as folder:
        tree = Path(folder) / "twofold"
        git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            for name in OURS:
                if (ROOT / name).is_dir():
                    shutil.rmtree(tree / name, ignore_errors=True)
                    shutil.copytree(ROOT / name, tree / name)
                else:
                    shutil.copy(ROOT / name, tree / name)
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def run(tree: Path, arguments: Sequence[str]) -> list[dict[str, Any]]:
    python = sys.executable
    if (tree / LOCK).read_bytes() != (ROOT / LOCK).read_bytes():
        subprocess.run(["bin/setup"], cwd=tree, check=True, stdout=sys.stderr)
        python = str(tree / ".venv/bin/python")
    command = [python, "-m", "tests.bench", *arguments, "--json"]
    done = subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE)
    figures: list[dict[str, Any]] = json.loads(done.stdout)["figures"]
    return figures


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)
