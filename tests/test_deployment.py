"""What stands in deploy/ and in the image: lint, the real programs, and pages and streams through the real proxies."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from config import serve
from tests.browser import Watched
from tests.image import program, steps
from tests.newcomers import Newcomer, hold_first_retro
from tests.served import ROOT, Served, free_port

pytestmark = pytest.mark.one_database

DEPLOY = ROOT / "deploy"
LOGS = ("said", "errors", "twofold.access.log", "twofold.error.log")
CLIENT = "127.0.0.2"  # who asks, at another address than the proxy
ROOM = """
import json
from tests.retros.play import make_pair
from tests.retros.streams import cookie_of
pair = make_pair()
print(json.dumps([str(pair.started().pk), cookie_of(pair.ines)]))
"""
CHANGE = """
from retros.models import Session
print(Session.objects.filter(pk={session!r}).update(version_a=99))
"""


def copied() -> list[str]:
    """What the image takes from the repository."""
    copies = [rest.split() for name, rest in steps() if name == "COPY" and not rest.startswith("--from")]
    return [each for names in copies for each in names[:-1]]


def test_the_dockerfile_is_in_order() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_gets_what_it_copies() -> None:
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert "manage.py" in copied()
    assert [each for each in copied() if not (ROOT / each).exists()] == []
    assert sorted(f"!{each}" for each in copied()) == sorted(each for each in let_in if each.startswith("!"))


class Built:
    """The steps of the Dockerfile in their order, in a folder for each stage instead of an image.

    What a step does to the system around it (`SYSTEM`) is not done here: of Debian's packages it is asked whether they
    can be installed. `command` and `env` are those of the last stage.
    """

    SYSTEM = ("apt-get update", "rm -rf /var/lib/apt/lists", "useradd ", "install --directory --mode 700 ")

    def __init__(self, folder: Path) -> None:
        self.folder, self.stages, self.names = folder, list[Path](), dict[str, Path]()
        self.place, self.command, self.env = folder, list[str](), dict[str, str]()
        for name, rest in steps():
            getattr(self, f"_{name.lower()}")(rest)

    def _from(self, rest: str) -> None:
        self.stages.append(self.folder / f"stage{len(self.stages)}")
        self.names[rest.partition(" AS ")[2] or "last"] = self.stages[-1]
        self.env = {}

    def _workdir(self, rest: str) -> None:
        self.place = self.stages[-1] / rest.lstrip("/")
        self.place.mkdir(parents=True)

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        origin = self.names[sources.pop(0).removeprefix("--from=")] if sources[0].startswith("--from=") else ROOT
        for each in sources:
            source = origin / each.lstrip("/")
            to = self.place / target / source.name if target.endswith("/") else self.place / target
            to.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                copied_by = shutil.copy2 if origin == ROOT else os.link  # thousands of packages' files
                shutil.copytree(source, to, symlinks=True, copy_function=copied_by)
            else:
                shutil.copy2(source, to)

    def _run(self, rest: str) -> None:
        for each in rest.split(" && "):
            if each.startswith("apt-get install "):
                command = ["apt-get", "install", "--simulate", *each.split()[2:]]
            elif each.startswith(self.SYSTEM):
                continue
            else:
                command = ["sh", "-c", each]
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            done = subprocess.run(
                command, cwd=self.place, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (each, done.stderr)

    def _env(self, rest: str) -> None:
        self.env |= dict(each.split("=") for each in rest.split())

    def _entrypoint(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _healthcheck(self, rest: str) -> None:
        self.healthy = json.loads(rest.partition("CMD ")[2])

    def _said_of_it(self, rest: str) -> None:
        """What the image is told, and nothing here does."""

    _user = _volume = _expose = _said_of_it


@pytest.mark.deep
def test_what_is_served_from_the_image_alone_is_healthy(tmp_path: Path) -> None:
    """Its own packages, of the repository only what it gets; it writes into its folder of data alone."""
    built = Built(tmp_path / "image")
    served = Served(tmp_path)
    assert set(built.env) == {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "TWOFOLD_DATA_DIR", "TWOFOLD_BACKUP_DIR"}
    env = {**served.env, **built.env, "HEALTHY_PORT": str(served.port), "PATH": os.environ["PATH"]}
    for name in ("TWOFOLD_DATA_DIR", "TWOFOLD_BACKUP_DIR"):
        env[name] = str(tmp_path / built.env[name].strip("/"))
        Path(env[name]).mkdir(mode=0o700)
    assert built.command == ["bin/start", "--host", "0.0.0.0", "--port", "8000"]
    started = ["bin/start", "--port", str(served.port)]
    before = sorted(built.place.rglob("*"))
    with subprocess.Popen(started, cwd=built.place, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = iter(process.stdout.readline, "")
            assert any("/invitations/" in line for line in said)  # the first admin's link
            assert any("Twofold is at" in line for line in said)
            until = time.monotonic() + 60
            while subprocess.run(built.healthy, cwd=built.place, env=env, check=False, capture_output=True).returncode:
                assert time.monotonic() < until
        finally:
            process.terminate()
    asked = subprocess.run(built.healthy, cwd=built.place, env=env, check=False, capture_output=True)
    assert asked.returncode == 1
    assert sorted(built.place.rglob("*")) == before


@pytest.mark.deep
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "twofold.service").read_text(encoding="utf-8").replace("/opt/twofold", str(ROOT))
    (tmp_path / "twofold.service").write_text(unit, encoding="utf-8")
    done = subprocess.run(
        [program("systemd-analyze", "systemd", tmp_path), "verify", tmp_path / "twofold.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


# --- Through the proxies --------------------------------------------------------------------------


class Proxied:
    """A proxy with a certificate of its own, at a free port, before the server at `upstream`."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.folder, self.upstream, self.port = folder, upstream, free_port()
        self.certificate, self.key = folder / "fullchain.pem", folder / "privkey.pem"
        named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *named]
        subprocess.run([*made, "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        self.trusts = ssl.create_default_context(cafile=str(self.certificate))
        self.connections: list[http.client.HTTPSConnection] = []

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(
            "localhost", self.port, context=self.trusts, timeout=30, source_address=(CLIENT, 0)
        )
        self.connections.append(connection)
        connection.request(method, path, body or None, {name.replace("_", "-"): each for name, each in headers.items()})
        return connection.getresponse()


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[Proxied]:
    proxied = Proxied(folder, upstream)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for ours, theirs in (
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"), ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443", f"listen 127.0.0.1:{proxied.port}"), ("retro.example.org;", "localhost;"),
        ("/etc/ssl/retro.example.org/fullchain.pem", str(proxied.certificate)),
        ("/etc/ssl/retro.example.org/privkey.pem", str(proxied.key)),
        ("/var/log/nginx/", f"{folder}/"),
    ):  # fmt: skip
        assert ours in site
        site = site.replace(ours, theirs)
    folders = "".join(
        f"{each}_temp_path {folder}/{each};" for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    root = "user root; " if os.geteuid() == 0 else ""  # else its workers are somebody who may not pass to the folder
    around = f"{root}daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {folders} {site} }}"
    (folder / "nginx.conf").write_text(around, encoding="utf-8")
    command = [program("nginx", "nginx-light", folder), "-c", str(folder / "nginx.conf"), "-e", f"{folder}/errors"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
    with running(command, proxied):
        yield proxied


@contextmanager
def caddy(folder: Path, upstream: int) -> Iterator[Proxied]:
    proxied = Proxied(folder, upstream)
    site = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    site = site.replace("{$SITE_HOST} {\n", f"{{$SITE_HOST}} {{\n\ttls {proxied.certificate} {proxied.key}\n", 1)
    general = (
        f"{{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port {proxied.port}\n\tdefault_bind 127.0.0.1\n"
    )
    (folder / "Caddyfile").write_text(site.replace("\n{\n", f"\n{general}", 1), encoding="utf-8")
    address = {"SITE_HOST": "localhost", "SITE_UPSTREAM": f"127.0.0.1:{upstream}"}
    env = {**address, "HOME": str(folder), "PATH": os.environ["PATH"]}
    command = [
        program("caddy", "caddy", folder),
        "run",
        "--config",
        str(folder / "Caddyfile"),
        "--adapter",
        "caddyfile",
    ]
    with running(command, proxied, env=env):
        yield proxied


@contextmanager
def running(command: list[str], proxied: Proxied, env: dict[str, str] | None = None) -> Iterator[None]:
    with (proxied.folder / "said").open("wb") as said:
        process = subprocess.Popen(command, env=env, stdout=said, stderr=said)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                proxied.ask("GET", "/healthz").read()
                break
            except OSError:
                assert process.poll() is None, (proxied.folder / "said").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
        yield
    finally:
        for connection in proxied.connections:
            connection.close()
        process.terminate()
        process.wait(20)


@contextmanager
def served_behind(proxy: Any, folder: Path) -> Iterator[tuple[Served, Proxied]]:
    folder.chmod(0o755)
    served = Served(folder, TWOFOLD_PROXIES="127.0.0.1")
    with proxy(folder, served.port) as proxied:
        served.env["TWOFOLD_BASE_URL"] = f"https://localhost:{proxied.port}"
        served.prepare()
        serve_behind(served)
        try:
            yield served, proxied
        finally:
            served.__exit__()


@pytest.mark.deep
@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_pages_and_streams_pass_the_proxy(tmp_path: Path, proxy: Any) -> None:
    with served_behind(proxy, tmp_path) as (served, proxied):
        session, cookie = served.ask(ROOM)
        login = proxied.ask("GET", "/account/login/")
        assert login.status == 200
        assert "max-age=63072000" in login.headers["Strict-Transport-Security"]
        assert login.headers["Content-Encoding"] is None
        (csrf,) = [each for each in login.headers.get_all("Set-Cookie", []) if each.startswith("__Host-csrf=")]
        assert {"Secure", "HttpOnly", "Path=/"} <= set(csrf.split("; "))

        stream = proxied.ask("GET", f"/live/{session}/", Cookie=f"__Host-session={cookie}")
        assert stream.status == 200
        first = read_event(stream)
        served.ask(CHANGE.format(session=session))
        assert read_event(stream) != first  # while the answer goes on: nothing holds it back

        field = b"x" * 1_100_000
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        ours = proxied.ask("POST", "/account/login/", field, **kind)
        assert (ours.status, ours.read()[:9]) == (413, b"Too large")
        theirs = proxied.ask("POST", "/account/login/", field * 3, **kind)
        assert (theirs.status, theirs.read()[:9]) == (413, b"Too large")


@pytest.mark.deep
@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_pair_holds_its_first_retro_through_the_proxy(
    tmp_path: Path, proxy: Any, browser: Any, watched: Watched
) -> None:
    with served_behind(proxy, tmp_path) as (served, _proxied):
        link = served.manage("setup_link")
        address = served.env["TWOFOLD_BASE_URL"]
        assert link.startswith(f"{address}/invitations/")
        with opened(browser, watched, address) as lena, opened(browser, watched, address) as tom:
            hold_first_retro(Newcomer(lena, "Lena"), Newcomer(tom, "Tom"), link)
            for each in (lena, tom):
                assert {(one["name"], one["secure"], one["httpOnly"]) for one in each.cookies()} == {
                    ("__Host-session", True, True), ("__Host-csrf", True, True)
                }  # fmt: skip
    assert link.rsplit("/", 2)[1] not in written_by_the_proxy(tmp_path)


@contextmanager
def opened(browser: Any, watched: Watched, address: str) -> Iterator[Any]:
    """A browser that takes the certificate that nobody signed."""
    context = browser.new_context(base_url=address, ignore_https_errors=True, reduced_motion="reduce")
    context.set_default_timeout(30_000)
    watched.over(context)
    try:
        yield context
    finally:
        context.close()


def written_by_the_proxy(folder: Path) -> str:
    """All that it said and logged."""
    return "".join((folder / name).read_text() for name in LOGS if (folder / name).exists())


def serve_behind(served: Served) -> None:
    """Started and waited for at its own port, where it does not know the host that it is asked by."""
    with served.log.open("ab") as log:
        command = [sys.executable, "-m", "config.serve", "--port", str(served.port)]
        served.process = subprocess.Popen(command, cwd=ROOT, env=served.env, stdout=log, stderr=log)
    until = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", served.port), 5):
                return
        except OSError:
            assert time.monotonic() < until, served.log.read_text()
            time.sleep(0.05)


def read_event(stream: http.client.HTTPResponse) -> bytes:
    """The next one that says something, up to its empty line."""
    lines: list[bytes] = []
    while True:
        line = stream.readline()
        assert line, "the stream ended"
        if line.strip():
            lines.append(line)
        elif any(each.startswith(b"data:") for each in lines):
            return b"".join(lines)
        else:
            lines = []


@pytest.mark.deep
@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_the_proxy_says_who_asks(tmp_path: Path, proxy: Any, settings: Any) -> None:
    """And not what the browser claims about it. It writes no path down, neither then nor when nobody answers."""
    settings.PROXIES = ["127.0.0.1"]
    seen: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.append((scope["client"][0], scope["scheme"]))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    tmp_path.chmod(0o755)
    port = free_port()
    server = uvicorn.Server(serve.configured(app, port=port))
    server.config.lifespan = "off"
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    with proxy(tmp_path, port) as proxied:
        try:
            seen.clear()
            claimed = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "http", "Forwarded": "for=203.0.113.9"}
            assert proxied.ask("GET", "/?secret", **claimed).status == 204
        finally:
            server.should_exit = True
            thread.join(10)
        assert proxied.ask("GET", "/?secret").status == 502
    assert seen == [(CLIENT, "https")]
    written = written_by_the_proxy(tmp_path)
    assert "secret" not in written
    if proxy is nginx:
        assert f"{CLIENT} [" in written


def test_the_example_of_settings_holds_settings(tmp_path: Path) -> None:
    """Each line of it, also those that are commented out, is taken by the program."""
    text = (DEPLOY / "twofold.env.example").read_text(encoding="utf-8")
    lines = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))
    assert len(lines) > 8
    env = {"PATH": os.environ["PATH"], **lines, "TWOFOLD_DATA_DIR": str(tmp_path)}
    code = "import config.settings as s, json; print(json.dumps(s.BASE_URL))"
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == lines["TWOFOLD_BASE_URL"]
