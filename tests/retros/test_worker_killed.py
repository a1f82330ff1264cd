"""Workers as they are run, killed with `kill -9` when the mail server has taken a mail and not yet said so."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests import postgres
from tests.served import ROOT, Served

# Each pair is invited to two retros: four mails, due at once.
PLANNED = """
import json
from partnerships.models import Delivery
from tests.retros.planned_dates import pair, session
for _ in range({pairs}):
    ours = pair("Europe/Berlin")
    for day in ("2099-03-03", "2099-05-05"):
        session(ours, day + "T14:00", "Europe/Berlin")
from django.utils import timezone
from retros.notifications.plan import plan_deliveries
plan_deliveries(timezone.now())
print(json.dumps(sorted(Delivery.objects.due(timezone.now()).values_list("message_id", flat=True))))
"""
LATER = """
from datetime import timedelta
from django.db.models import F
from partnerships.models import Delivery
print(Delivery.objects.filter(status="claimed").update(claimed_at=F("claimed_at") - timedelta(minutes=16)))
"""
WAITING = "SELECT status FROM partnerships_delivery WHERE status NOT IN ('sent', 'cancelled')"


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that takes every mail, and kills `victim` when it has taken the `fatal`-th from now on. Until it is
    told who that is, nobody hears that it has.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.taken: list[str] = []  # the Message-ID of each, in order
        self.fatal = 0
        self.victim: Future[int] | None = None
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def take(self, message_id: str) -> None:
        with self.lock:
            self.taken.append(message_id)
            self.fatal -= 1
            if self.fatal == 0 and self.victim:
                os.kill(self.victim.result(60), signal.SIGKILL)


class Conversation(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # whoever was there is gone
            self.talk()

    def talk(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"DATA"):
                self.say("354 go on")
                self.server.take(self.message_id())
            self.say("221 bye" if line.startswith(b"QUIT") else "250 ok")

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())

    def message_id(self) -> str:
        found = ""
        while (line := self.rfile.readline()).strip() != b".":
            if line.lower().startswith(b"message-id:"):
                found = line.partition(b":")[2].strip().decode()
        return found


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        yield sink
        sink.shutdown()


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database where the tests run; none on SQLite, where each folder has its own."""
    address = os.environ.get("DATABASE_URL", "")
    if not address:
        yield ""
        return
    with postgres.database(address, f"twofold_killed_{os.getpid()}") as own:
        yield own


@contextlib.contextmanager
def alone(served: Served) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py worker`"""
    with served.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=served.env, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def inside(served: Served) -> Iterator[subprocess.Popen[bytes]]:
    """The worker in the server's own process."""
    served.start()
    assert served.process is not None
    try:
        yield served.process
    finally:
        served.process.kill()
        served.process.wait()


@pytest.mark.parametrize("kills", [pytest.param(2, id="some"), pytest.param(12, id="many", marks=pytest.mark.deep)])
@pytest.mark.parametrize("worker", [pytest.param(alone, marks=pytest.mark.one_database), inside])
def test_a_killed_worker_loses_no_mail_and_sends_at_most_one_again(
    tmp_path: Path,
    sink: Sink,
    database: str,
    worker: Callable[[Served], contextlib.AbstractContextManager[subprocess.Popen[bytes]]],
    kills: int,
) -> None:
    rng = random.Random(kills)
    elsewhere = "1" if worker is alone else "0"
    served = Served(tmp_path, database=database, TWOFOLD_MAIL_URL=sink.url, TWOFOLD_WORKER_ELSEWHERE=elsewhere)
    served.be_ready()
    due = served.ask(PLANNED.replace("{pairs}", str(kills + 1)))
    assert len(due) == 4 * (kills + 1)
    for _ in range(kills):
        sink.fatal, sink.victim = rng.randrange(2, 5), Future()  # after one that was lost before
        with worker(served) as process:
            sink.victim.set_result(process.pid)
            assert process.wait(60) == -signal.SIGKILL
        assert served.ask(LATER) == 1  # the one at hand; a quarter of an hour goes by
    sink.victim = None
    with worker(served):
        until = time.monotonic() + 60
        while waiting := served.sql(WAITING):
            assert time.monotonic() < until, waiting
            time.sleep(0.1)
    taken = Counter(sink.taken)
    assert set(taken) == set(due)
    assert Counter(taken.values()) == {1: len(due) - kills, 2: kills}
