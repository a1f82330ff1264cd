"""Several processes on one PostgreSQL, as real processes (docs/rules/reliability.md R24)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from retros.models import Tick
from tests import postgres
from tests.retros.streams import Answer, eventually, live
from tests.served import ROOT, Served
from tests.visitor import Visitor

pytestmark = pytest.mark.one_database  # always PostgreSQL: that of the run, or one of its own

ROOMS = """
import json
from tests.retros.play import WRITE, at, make_pair, reveal
from tests.retros.streams import cookie_of
rooms = []
for _ in range({pairs}):
    pair = make_pair()
    session = pair.started()
    at(session, WRITE)
    ines, tom = pair.hands(session)
    reveal(ines.session)
    rooms.append([str(session.pk), str(ines.prompt("good").pk), cookie_of(pair.ines), cookie_of(pair.tom)])
print(json.dumps(rooms))
"""
EACH = 24  # cards of one person: within what one person may write in a minute


EMPTY, OWN = f"twofold_several_empty_{os.getpid()}", f"twofold_several_{os.getpid()}"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server with a database to copy, migrated and empty, and the folder that goes with it."""
    given = os.environ.get("DATABASE_URL", "")
    with (
        nullcontext(given) if given else postgres.server() as address,
        postgres.database(address, EMPTY) as empty,
    ):
        folder = tmp_path_factory.mktemp("empty")
        Served(folder, database=empty).prepare()
        yield address, folder


@pytest.fixture
def database(prepared: tuple[str, Path], tmp_path: Path) -> Iterator[str]:
    address, folder = prepared
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with postgres.database(address, OWN, template=EMPTY) as own:
        yield own


def test_a_change_on_one_process_reaches_a_stream_of_the_other(tmp_path: Path, database: str) -> None:
    with Served(tmp_path, database=database, TWOFOLD_WORKER_ELSEWHERE="1") as one, one.beside() as other:
        ((session, prompt, ines, tom),) = one.ask(ROOMS.replace("{pairs}", "1"))
        for here, there in ((one, other), (other, one)):
            stream = Answer(there, live(session), tom)
            stream.version()
            path = f"/sessions/{session}/prompts/{prompt}/entries/"
            with Visitor(here.port, ines) as visitor:
                answer = visitor.post(path, text="From elsewhere", client_id=str(uuid.uuid4()))
            assert answer.status == 302
            told = stream.version()
            assert told == versions(one)[session][1]
            stream.close()


def test_several_share_a_port_and_one_of_them_works(tmp_path: Path, database: str) -> None:
    with Served(tmp_path, database=database, workers=2) as served:
        both = served.processes()
        assert len(both) == 2
        assert eventually(lambda: bool(served.sql(f"SELECT at FROM retros_tick WHERE id = {Tick.ROUND}")))
        served.stop()
        assert served.process is not None
        assert served.process.returncode == 0
        assert not any(map(is_there, both))


def test_sqlite_is_not_served_by_several(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.serve", "--workers", "2"],
        cwd=ROOT,
        env={**Served(tmp_path).env, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "--workers is 2, and SQLite is served by one process. "
        "Leave it out, or give DATABASE_URL the address of a PostgreSQL database.\n"
    )


@pytest.mark.deep
def test_one_killed_under_load_loses_nothing_and_the_clients_come_back(tmp_path: Path, database: str) -> None:
    with Served(tmp_path, database=database, workers=2, TWOFOLD_WORKER_ELSEWHERE="1") as served:
        rooms = served.ask(ROOMS.replace("{pairs}", "4"))
        people = [
            Client(served, session, prompt, cookie, seat)
            for session, prompt, *cookies in rooms
            for seat, cookie in enumerate(cookies)
        ]
        for person in people:
            person.start()
        assert eventually(lambda: all(len(person.acknowledged) >= EACH // 3 for person in people))
        victim, survivor = served.processes()
        os.kill(victim, signal.SIGKILL)
        for person in people:
            person.writer.join(60)
        acknowledged = [card for person in people for card in person.acknowledged]
        found = served.sql("SELECT client_id FROM retros_entry")
        assert Counter(str(card) for (card,) in found) == Counter(acknowledged)
        assert len(acknowledged) == EACH * len(people)
        now = versions(served)
        assert eventually(lambda: all(person.version == now[person.session][person.seat] for person in people))
        assert sum(person.lost > 0 for person in people) > 0, "Nobody was at the one that was killed."
        assert eventually(lambda: len(served.processes()) == 2)
        assert victim not in served.processes()
        assert survivor in served.processes()
        for person in people:
            person.gone.set()
        assert served.process is not None
        served.process.kill()  # nobody is left to stop the others: they end by themselves
        served.process.wait()
        assert eventually(lambda: not is_there(survivor))


class Client:
    """One person who writes cards and listens, and does what a browser does when a connection is lost: once more."""

    def __init__(self, served: Served, session: str, prompt: str, cookie: str, seat: int) -> None:
        self.served, self.session, self.seat, self.cookie = served, session, seat, cookie
        self.path = f"/sessions/{session}/prompts/{prompt}/entries/"
        self.acknowledged: list[str] = []
        self.version = -1  # that the stream told last
        self.lost = 0  # connections
        self.gone = threading.Event()
        self.writer = threading.Thread(target=self.write, daemon=True)

    def start(self) -> None:
        self.writer.start()
        threading.Thread(target=self.listen, daemon=True).start()

    def write(self) -> None:
        with Visitor(self.served.port, self.cookie) as visitor:
            self.write_as(visitor)

    def write_as(self, visitor: Visitor) -> None:
        for number in range(EACH):
            card = str(uuid.uuid4())
            while True:
                try:
                    status = visitor.post(self.path, text=f"Card {number}", client_id=card).status
                except OSError:
                    self.lost += 1
                    time.sleep(0.1)
                    continue
                assert status == 302, status
                break
            self.acknowledged.append(card)

    def listen(self) -> None:
        while not self.gone.is_set():
            try:
                with closing(Answer(self.served, live(self.session), self.cookie)) as stream:
                    while not self.gone.is_set():
                        event = stream.event()
                        self.version = int(event.id) if event.id else self.version
            except (OSError, EOFError):
                self.lost += 1
                time.sleep(0.1)


def versions(served: Served) -> dict[str, list[int]]:
    """Of each session, what its two seats see."""
    found = served.sql("SELECT id, version_a, version_b FROM retros_session")
    return {str(session): seats for session, *seats in found}


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
