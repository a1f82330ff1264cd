"""`bin/setup`, with a lock of three small packages and without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.served import ROOT

pytestmark = [pytest.mark.one_database, pytest.mark.long]

NAMES = ("first", "second", "third")


def wheel(folder: Path, name: str) -> str:
    """A package of one module; returns its line in a lock."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    files = {
        f"{name}.py": b"",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{name}-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{each},sha256={digest(text)},{len(text)}\n" for each, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**files, f"{name}-1.0.dist-info/RECORD": record.encode()}.items():
            archive.writestr(each, text)
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def digest(text: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()


class Tree:
    """A clone with nothing but what `bin/setup` reads."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wheels = folder / "tree", folder / "wheels"
        self.wheels.mkdir()
        (self.folder / "bin").mkdir(parents=True)
        shutil.copy2(ROOT / "bin/setup", self.folder / "bin")
        self.lock = self.folder / "requirements.txt"
        self.lock.write_text("# made by a test\n" + "".join(wheel(self.wheels, name) for name in NAMES))

    def run(self, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return subprocess.run(
            ["bin/setup", "--runtime"],
            cwd=self.folder, env=kept | offline | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def imports(self, name: str) -> bool:
        tried = subprocess.run([self.folder / ".venv/bin/python", "-c", f"import {name}"], check=False)
        return tried.returncode == 0


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_it_installs_all_of_the_lock_and_asks_nobody_again(tree: Tree) -> None:
    done = tree.run()
    assert (done.returncode, done.stderr) == (0, "bin/setup: installing requirements.txt\n")
    assert all(tree.imports(name) for name in NAMES)
    shutil.rmtree(tree.wheels)
    again = tree.run()
    assert (again.returncode, again.stderr) == (0, "")


def test_a_package_that_is_not_the_one_of_the_lock_is_refused(tree: Tree) -> None:
    with (tree.wheels / "third-1.0-py3-none-any.whl").open("ab") as changed:
        changed.write(b"x")
    for _twice in range(2):  # what failed is not taken for done
        done = tree.run()
        assert done.returncode == 1
        assert "DO NOT MATCH THE HASHES" in done.stderr
        assert "installing requirements.txt failed" in done.stderr
    assert not tree.imports("third")


def test_of_two_pythons_it_takes_a_fast_one(tree: Tree, tmp_path: Path) -> None:
    """`python3` comes first, but is slowed down by a trace of each line."""
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow/sitecustomize.py").write_text("import sys\nsys.settrace(trace := lambda *_each: trace)\n")
    (tmp_path / "pythons").mkdir()
    (tmp_path / "called").touch()
    for name, path in (("python3", tmp_path / "slow"), ("python3.11", tmp_path)):
        command = tmp_path / "pythons" / name
        called = f'case "$1" in -m) echo {name} >>"{tmp_path}/called";; esac'
        command.write_text(f'#!/bin/sh\n{called}\nPYTHONPATH="{path}" exec "{sys.executable}" "$@"\n')
        command.chmod(0o755)
    done = tree.run(PATH=f"{tmp_path}/pythons:/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "bin/setup: installing requirements.txt\n")
    assert "python3\n" not in (tmp_path / "called").read_text()  # another one made the environment


def test_without_the_venv_module_it_says_what_to_install(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/ensurepip.py").write_text("raise ImportError\n")
    done = tree.run(PYTHONPATH=str(tmp_path / "hidden"))
    assert (done.returncode, done.stderr) == (
        1, "bin/setup: the venv module is missing. On Debian: apt-get install python3-venv\n"
    )  # fmt: skip
    assert not (tree.folder / ".venv").exists()
