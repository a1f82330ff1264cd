"""The image of the Dockerfile, built and run without a container engine: each step in a Debian of its own, as root. The
unit in the same Debian, under a systemd that runs.

It needs root, the namespaces of Linux, Debian's packages and those of Python. Where one is missing it says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.image import program, steps
from tests.served import ROOT

pytestmark = [pytest.mark.deep, pytest.mark.one_database]

NEEDS = "root, or a container engine: run the deep tests as root"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
OF_THE_MACHINE = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt")  # its way to the packages
STARTS_IN = 120.0  # seconds
# Mounts as a container has them: nothing can be written but the volumes and /tmp. $1 the image, $2 where volumes are.
CONTAINED = """
set -e
ip link set lo up
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
for volume in "$2"/*; do mount --bind "$volume" "$1/${volume##*/}"; done
shift 2
exec "$@"
"""
# As a machine that starts: $1 becomes its root.
BOOTED = """
set -e
ip link set lo up
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for each in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs $each; done
chmod 1777 tmp
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
for each in null zero full random urandom tty; do touch dev/$each; mount --bind /dev/$each dev/$each; done
mkdir -p old
pivot_root . old
umount --lazy /old
exec env -i container=other PATH="$2" /lib/systemd/systemd --log-target=null --show-status=no multi-user.target
"""
UNIT = """
apt-get update && apt-get install --yes --no-install-recommends systemd
ln -s /srv/twofold /opt/twofold
install -d -m 700 -o twofold -g twofold /var/backups/twofold
install -d -m 755 /etc/twofold
"""
FIRST_PAGE = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8000/", timeout=60).read().decode())
"""


class Image:
    """The Dockerfile's steps in their order, each stage in a root of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stages = folder, dict[str, Path]()
        self.root, self.place, self.env, self.user = folder, "/", dict[str, str](), "0:0"
        self.volumes, self.command, self.healthy = list[str](), list[str](), list[str]()
        before = os.umask(0o022)  # as in a build
        try:
            for name, rest in steps():
                getattr(self, f"_{name.lower()}")(rest)
        finally:
            os.umask(before)

    def _from(self, rest: str) -> None:
        base, _as, name = rest.partition(" AS ")
        self.root, self.place, self.env, self.user = self.folder / (name or "last"), "/", {}, "0:0"
        self.stages[name] = self.root
        ready = self.folder / "base"
        if not ready.exists():
            debian(base, ready)
        subprocess.run(["cp", "--archive", ready, self.root], check=True)  # it has devices
        for each in OF_THE_MACHINE:
            (self.root / each[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(each, self.root / each[1:])

    def _workdir(self, rest: str) -> None:
        self.place = rest
        self.at(rest).mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        origin = ROOT
        if sources[0].startswith("--from="):
            origin = self.stages[sources.pop(0).removeprefix("--from=")]
        for each in sources:
            source = origin / each.lstrip("/")
            to = self.at(f"{target}{source.name}" if target.endswith("/") else target)
            to.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, to, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, to)
            subprocess.run(["chmod", "-R", "a+rX", to], check=True)  # as in a clone, whatever this tree is closed to

    def _run(self, rest: str) -> None:
        self.run(self.place, rest)

    def run(self, place: str, commands: str) -> None:
        """As root, in a shell that ends with the first that fails."""
        found = {
            name: value
            for name, value in os.environ.items()
            if name.lower().endswith(("_proxy", "pip_index_url", "pip_cert"))
        }
        shell = ["sh", "-e", "-c", f"cd {place}\n{commands}"]
        done = subprocess.run(
            ["chroot", self.root, "env", "-i", f"PATH={PATH}", "DEBIAN_FRONTEND=noninteractive",
             *(f"{name}={value}" for name, value in (found | self.env).items()), *shell],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (commands, done.stdout[-2000:], done.stderr[-2000:])

    def _env(self, rest: str) -> None:
        self.env |= dict(each.split("=") for each in rest.split())

    def _user(self, rest: str) -> None:
        self.user = rest

    def _volume(self, rest: str) -> None:
        self.volumes = json.loads(rest)

    def _expose(self, rest: str) -> None:
        assert rest == "8000"

    def _healthcheck(self, rest: str) -> None:
        self.healthy = json.loads(rest.partition("CMD ")[2])

    def _entrypoint(self, rest: str) -> None:
        self.command = json.loads(rest)

    def at(self, path: str) -> Path:
        return self.root / (path if path.startswith("/") else f"{self.place}/{path}").lstrip("/")

    def inside(self, *command: str, user: str = "") -> list[str]:
        """A command as a container runs it: in its root and folder, with its variables, as its user."""
        variables = [f"{name}={value}" for name, value in {"PATH": PATH, "HOME": "/", **self.env}.items()]
        return [
            "chroot", f"--userspec={user or self.user}", "--groups=", str(self.root),
            "env", "-i", f"--chdir={self.place}", *variables, "setpriv", "--no-new-privs", *command,
        ]  # fmt: skip


def debian(image: str, folder: Path) -> None:
    """What the image begins from: that Debian, as small as it can be, with its Python."""
    assert image == "python:3.13-slim-trixie"
    beside = folder.with_name("debootstrap")
    beside.mkdir()
    script = Path(program("debootstrap", "debootstrap", beside))
    shared = script.parents[1] / "share/debootstrap"
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", "Identifier: Packages"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    (site, *_others) = [each for each in sites if each.rstrip("/").endswith("/debian")]
    included = "--include=python3,python3-venv,ca-certificates"
    made = subprocess.run(
        ["sh", script, "--variant=minbase", included, "trixie", folder, site],
        env={**os.environ, "DEBOOTSTRAP_DIR": str(shared)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")  # as the image calls it


def first_child(pid: int) -> str:
    """The id here of what is the first process there."""
    until = time.monotonic() + STARTS_IN
    while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()):
        assert time.monotonic() < until
    return children[0]


class Container:
    """It runs: `ask` runs one more command in it."""

    def __init__(self, image: Image, process: subprocess.Popen[str]) -> None:
        self.image, self.process = image, process
        self.pid = first_child(process.pid)

    def ask(self, *command: str, user: str = "") -> subprocess.CompletedProcess[str]:
        into = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--pid"]
        return subprocess.run(
            [*into, *self.image.inside(*command, user=user)], capture_output=True, text=True, check=False
        )


class Machine:
    """One that started: `ask` runs a command on it, and gives back what it says."""

    def __init__(self, pid: str) -> None:
        self.pid = pid

    def ask(self, *command: str) -> str:
        spaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", f"--root=/proc/{self.pid}/root"]
        into = ["nsenter", f"--target={self.pid}", *spaces]
        done = subprocess.run(
            [*into, "env", "-i", "--chdir=/srv/twofold", f"PATH={PATH}", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def until_healthy(self) -> None:
        """As deploy/healthy.py finds it, by the address of the example of settings."""
        asks = "env TWOFOLD_BASE_URL=https://retro.example.org .venv/bin/python deploy/healthy.py && echo well"
        until = time.monotonic() + STARTS_IN
        while self.ask("sh", "-c", asks) != "well":
            assert time.monotonic() < until, self.ask("systemctl", "status", "--no-pager", "twofold")
            time.sleep(0.2)


@contextmanager
def running(image: Image, folder: Path) -> Iterator[Container]:
    """As `docker run --read-only --tmpfs /tmp`: nothing of this machine, its network neither."""
    folder.mkdir()
    for each in image.volumes:
        shutil.copytree(image.at(each), folder / each.strip("/"))
        user, group = map(int, image.user.split(":"))
        there = image.at(each).stat()
        assert (there.st_uid, there.st_gid, there.st_mode & 0o777) == (user, group, 0o700)
        os.chown(folder / each.strip("/"), user, group)
        (folder / each.strip("/")).chmod(0o700)
    apart = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    command = [*apart, "sh", "-c", CONTAINED, "sh", str(image.root), str(folder), *image.inside(*image.command)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Container(image, process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    assert os.geteuid() == 0, NEEDS
    return Image(tmp_path_factory.mktemp("image"))


def test_each_step_of_the_image_is_done_and_what_it_makes_serves(image: Image, tmp_path: Path) -> None:
    """Installed, copied, given to a user without rights, and served from a root that nobody can write."""
    uid, gid = image.user.split(":")
    assert f"twofold:x:{uid}:{gid}:" in image.at("/etc/passwd").read_text(encoding="utf-8")
    with running(image, tmp_path / "volumes") as container:
        said = iter(lambda: container.process.stdout.readline(), "")  # type: ignore[union-attr]
        assert any("/invitations/" in line for line in said)  # the first admin's link
        assert any("Twofold is at" in line for line in said)
        until = time.monotonic() + STARTS_IN
        while container.ask(*image.healthy).returncode:
            assert time.monotonic() < until
        page = container.ask(".venv/bin/python", "-c", FIRST_PAGE)
        assert "<h1" in page.stdout, page.stderr

        is_so = status(container.pid)
        assert (is_so["Uid"], is_so["Gid"]) == ("\t".join([uid] * 4), "\t".join([gid] * 4))
        assert (is_so["CapEff"], is_so["NoNewPrivs"]) == ("0000000000000000", "1")
        for user in ("", "0:0"):
            assert "Read-only file system" in container.ask("touch", f"{image.place}/x", user=user).stderr
        made = container.ask(".venv/bin/python", "manage.py", "backup", "/backups")
        assert made.returncode == 0, made.stderr
        assert Path(made.stdout.strip()).name in {path.name for path in (tmp_path / "volumes/backups").iterdir()}
        assert container.ask("pg_dump", "--version").returncode == 0

        os.kill(int(container.pid), 15)
        assert container.process.wait(30) == 0


def test_the_unit_runs_under_systemd(image: Image, tmp_path: Path) -> None:
    """With all that it forbids itself; it is started, answers by its address alone, and is stopped."""
    image.run("/", UNIT)
    shutil.copyfile(ROOT / "deploy/twofold.env.example", image.root / "etc/twofold/twofold.env")
    shutil.copyfile(ROOT / "deploy/twofold.service", image.root / "etc/systemd/system/twofold.service")
    image.run("/", "systemctl enable twofold")
    apart = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child"]
    with subprocess.Popen([*apart, "sh", "-c", BOOTED, "sh", str(image.root), PATH]) as process:
        try:
            machine = Machine(first_child(process.pid))
            machine.until_healthy()
            is_so = status(machine.ask("systemctl", "show", "--property=MainPID", "--value", "twofold"), of=machine)
            assert (is_so["CapEff"], is_so["NoNewPrivs"], is_so["Seccomp"]) == ("0000000000000000", "1", "2")
            assert "/invitations/" in machine.ask("journalctl", "--unit", "twofold", "--no-pager")
            machine.ask("systemctl", "stop", "twofold")
            assert machine.ask("systemctl", "show", "--property=Result", "--value", "twofold") == "success"
        finally:
            process.kill()


def status(pid: str, of: Machine | None = None) -> dict[str, Any]:
    path = f"/proc/{pid}/status"
    lines = (of.ask("cat", path) if of else Path(path).read_text(encoding="ascii")).splitlines()
    return {name: rest.strip() for name, _colon, rest in (line.partition(":") for line in lines)}
