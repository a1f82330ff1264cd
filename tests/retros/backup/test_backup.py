"""Backups made while people write and commands are killed, and restored, by the commands that an operator types."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest

from retros.backup import archive
from tests import postgres
from tests.retros.backup.places import Place, all_of, at
from tests.served import ROOT, Served

# A person, a session of theirs, and mails: of yesterday (waiting and half sent) and of tomorrow.
PEOPLE = """
from datetime import timedelta
from django.utils import timezone
from partnerships.models import Delivery
from partnerships.models.sign_in import SessionStore
from tests.retros.planned_dates import pair
a, b = (m.person for m in pair("UTC").memberships.order_by("seat"))
store = SessionStore(); store["_auth_user_id"] = str(a.pk); store.create()
def mail(key, status, days):
    at = timezone.now() + timedelta(days=days)
    fields = dict(person=a, kind="news", subject_type="person", subject_id=a.pk, for_key=key, send_at=at, status=status)
    Delivery.new(**fields, claimed_at=at if status == "claimed" else None).save()
mail("waiting", "pending", -1); mail("half sent", "claimed", -1); mail("later", "pending", 1)
print("null")
"""
# What a newer program may have added: a table that keeps people from being removed, a column that must be filled, and
# a trigger that refuses every card.
NEWER = """
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
MigrationRecorder.Migration.objects.create(app="retros", name="9000_later")
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE retros_later (id INTEGER PRIMARY KEY, "
        f"person_id {'uuid' if connection.vendor == 'postgresql' else 'char(32)'} REFERENCES partnerships_person (id))")
    cursor.execute("INSERT INTO retros_later SELECT 1, id FROM partnerships_person LIMIT 1")
    cursor.execute("ALTER TABLE retros_entry ADD COLUMN later INTEGER NOT NULL DEFAULT 0")
    if connection.vendor == "postgresql":
        cursor.execute("ALTER TABLE retros_entry ALTER COLUMN later DROP DEFAULT")
        cursor.execute("CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION ''later''; END'")
        cursor.execute("CREATE TRIGGER later BEFORE INSERT ON retros_entry FOR EACH ROW EXECUTE FUNCTION later()")
    else:
        cursor.execute("CREATE TRIGGER later BEFORE INSERT ON retros_entry BEGIN SELECT RAISE(ABORT, 'later'); END")
print("null")
"""
WRITES = """
from tests.retros import play
from tests.retros.play import make_pair
pair = make_pair()
session = play.start(pair.partnership)
play.Participant(pair.ines, session.pk).fold("A card")
from django.db import connection
with connection.cursor() as cursor:
    print(int("retros_later" in connection.introspection.table_names(cursor)))
"""
# Commits as fast as it can, and says each one aloud when it is acknowledged.
WRITER = """
import django; django.setup()
from partnerships.models import RateCounter
from django.utils import timezone
import itertools
for number in itertools.count():
    RateCounter.objects.create(key=f"{number}", began_at=timezone.now(), count=1)
    print(number, flush=True)
"""
TEXTS = """
import hashlib, json
from django.apps import apps
from django.db import models
found = {}
for model in apps.get_models(include_auto_created=True):
    if model._meta.label in {"retros.Tick", "partnerships.SignIn"}:
        continue
    names = [f.attname for f in model._meta.concrete_fields]
    own_keys = model._meta.label == "retros.SearchText"  # each database makes its own rows
    rows = model._base_manager.order_by("pk").values_list(*names[own_keys:])
    digest = hashlib.sha256()
    for row in sorted(rows, key=repr) if own_keys else rows.iterator():
        digest.update(json.dumps(row, sort_keys=True, default=str).encode())
    found[model._meta.label] = [rows.count(), digest.hexdigest()]
print(json.dumps(found))
"""
# What PostgreSQL's planner takes the number of entries for; -1 before the table was analyzed.
ENTRIES_AS_PLANNED_FOR = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'retros_entry'::regclass")
    print(int(cursor.fetchone()[0]))
"""


def state(served: Served) -> tuple[int, int, dict[str, str]]:
    """How many people and sign-ins there are, and how it stands with each mail of PEOPLE."""
    ((people,),) = all_of(served, "SELECT count(*) FROM partnerships_person")
    ((signed_in,),) = all_of(served, "SELECT count(*) FROM partnerships_signin")
    mails = all_of(served, "SELECT for_key, status FROM partnerships_delivery WHERE kind = 'news'")
    return people, signed_in, dict(mails)


@contextmanager
def running(served: Served, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command beside the test, killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=served.env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_what_is_restored_signs_nobody_in_and_sends_nothing_of_the_past(
    server: str, place: Place, tmp_path: Path
) -> None:
    one, other = place(), place()
    one.ask(PEOPLE)
    file = one.manage("backup", str(tmp_path / "backups"))
    assert Path(file).stat().st_mode & 0o777 == 0o600
    assert "is whole" in one.manage("check_backup", file)

    assert "Restored" in other.manage("restore", file)
    assert state(other) == (2, 0, {"waiting": "pending", "half sent": "claimed", "later": "pending"})
    for _ in range(2):
        assert "Subject:" not in other.manage("tick")
    assert state(other)[2] == {"waiting": "expired", "half sent": "expired", "later": "pending"}

    assert "then add --replace" in other.manage("restore", file, fails=True)
    assert "Restored" in other.manage("restore", file, "--replace")
    assert state(other)[2]["waiting"] == "pending"

    # What would break it is refused, and changes nothing.
    newer = newer_than_this(Path(file), tmp_path / "newer.zip")
    assert "comes from a newer program, version 9.0.0: retros.9000_later is unknown here" in other.manage(
        "restore", str(newer), "--replace", fails=True
    )
    with in_use(other):
        assert "Stop the server and the worker" in other.manage("restore", file, "--replace", fails=True)
    damaged = bytearray(Path(file).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "damaged.zip").write_bytes(damaged)
    for command in (["check_backup"], ["restore", "--replace"]):
        assert "is damaged" in other.manage(command[0], str(tmp_path / "damaged.zip"), *command[1:], fails=True)
    assert state(other)[2]["waiting"] == "pending"

    # Back from a newer version: its database is replaced as a whole, if that is said.
    other.ask(NEWER)
    assert "is of a newer program: retros.9000_later is unknown" in other.manage("restore", file, fails=True)
    if server:
        portable = one.manage("backup", "--portable", str(tmp_path / "portable"))
        assert "Name an empty database." in other.manage("restore", portable, "--replace", fails=True)
    assert "Restored" in other.manage("restore", file, "--replace")
    assert other.manage("prepare") == ""
    assert state(other)[2]["waiting"] == "pending"
    assert other.ask(WRITES) == 0  # nothing of the newer version stays


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    """As by a command without the settings of the server: it would be kept for the real one."""
    served = at(tmp_path)
    said = served.manage("backup", str(tmp_path / "backups"), fails=True)
    assert f"{tmp_path / 'data/twofold.sqlite3'} is empty: there is nothing to back up. Was the command given" in said
    assert list((tmp_path / "backups").iterdir()) == []


def newer_than_this(path: Path, to: Path) -> Path:
    made = archive.check(path)
    archive.unpack(path, made, to.with_suffix(".database"))
    schema = {**made.schema, "retros": "9000_later"}
    archive.write(
        to, archive.Manifest(**{**vars(made), "schema": schema, "version": "9.0.0"}), to.with_suffix(".database")
    )
    return to


@contextmanager
def in_use(served: Served) -> Iterator[None]:
    """As by a server: a lock on SQLite, a connection to PostgreSQL."""
    if address := served.env.get("DATABASE_URL"):
        with psycopg.connect(address):
            yield
        return
    with (Path(served.env["TWOFOLD_DATA_DIR"]) / "twofold.sqlite3.serving").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("times", [pytest.param(1, id="once"), pytest.param(20, id="often", marks=pytest.mark.deep)])
def test_a_backup_holds_every_commit_that_was_acknowledged_before_it(place: Place, tmp_path: Path, times: int) -> None:
    one, other = place(), place()
    for _ in range(times):
        with running(one, "-c", WRITER) as writer:
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline()) for _ in range(30)]
            file = one.manage("backup", str(tmp_path / "backups"), "--keep", "1")
            assert writer.poll() is None, "it wrote to the end"
        assert "Restored" in other.manage("restore", file)
        found = {int(key) for (key,) in all_of(other, "SELECT key FROM partnerships_ratecounter")}
        assert set(acknowledged) <= found
        assert found == set(range(len(found)))  # and one moment: no commit without those before it
        one.sql("DELETE FROM partnerships_ratecounter RETURNING 1")


@pytest.mark.parametrize("kills", [pytest.param(2, id="some"), pytest.param(20, id="many", marks=pytest.mark.deep)])
def test_killed_in_the_middle_it_is_unchanged_or_done_and_runs_again(place: Place, tmp_path: Path, kills: int) -> None:
    one, other = place(), place()
    one.ask(PEOPLE)
    backups = tmp_path / "backups"
    lasts = {}
    for command in (["backup", str(backups)], ["restore", one.manage("backup", str(backups / "first")), "--replace"]):
        served = one if command[0] == "backup" else other
        began = time.monotonic()
        served.manage(*command)
        lasts[command[0]] = time.monotonic() - began
        for kill in range(kills):
            other.sql("UPDATE partnerships_person SET name = 'Eva' WHERE name = 'Ana' RETURNING 1")
            names = set(all_of(other, "SELECT name FROM partnerships_person"))
            with running(served, "manage.py", *command) as process:
                # From the moment when it has begun to almost its end.
                time.sleep(lasts[command[0]] * (0.4 + 0.6 * kill / kills))
                process.send_signal(signal.SIGKILL)
            for path in archive.all_in(backups):
                archive.check(path)
            now = set(all_of(other, "SELECT name FROM partnerships_person"))
            assert now in (names, set(all_of(one, "SELECT name FROM partnerships_person")))
        served.manage(*command)
    assert [path.name for path in backups.iterdir() if path.suffix == ".part"] == []
    assert all_of(other, "SELECT name FROM partnerships_person ORDER BY name") == all_of(
        one, "SELECT name FROM partnerships_person ORDER BY name"
    )


def some(folder: Path) -> Served:
    """A pair with something in every place where text can be."""
    one = at(folder)
    one.be_ready()
    one.ask(
        "from django.db import transaction\nfrom tests.world import make_world\n"
        "with transaction.atomic():\n    make_world('archived')\nprint('null')"
    )
    return one


def a_year(folder: Path) -> Served:
    """The year of the demo."""
    one = at(folder, TWOFOLD_DEMO="1")
    one.prepare()  # a demo keeps its data in a folder of its own
    one.manage("demo")
    return one


@pytest.mark.one_database  # both of them
@pytest.mark.parametrize("filled", [some, pytest.param(a_year, marks=pytest.mark.deep)])
def test_everything_goes_to_postgresql_and_back(server: str, tmp_path: Path, filled: Callable[[Path], Served]) -> None:
    """From SQLite, restored into PostgreSQL, and from there into SQLite: every value of every row is the same."""
    with (
        nullcontext(server) if server else postgres.server() as address,
        postgres.database(address, f"twofold_year_{os.getpid()}") as database,
    ):
        one = filled(tmp_path / "one")
        there, back = at(tmp_path / "there", database), at(tmp_path / "back")
        written = one.ask(TEXTS)
        assert written["retros.Entry"][0] > 30
        there.manage("restore", one.manage("backup", str(tmp_path)))
        assert there.ask(TEXTS) == written
        assert there.ask(ENTRIES_AS_PLANNED_FOR) == written["retros.Entry"][0]
        native = there.manage("backup", str(tmp_path / "native"))
        assert "manage.py backup --portable DIR" in back.manage("restore", native, fails=True)
        back.manage("restore", there.manage("backup", str(tmp_path / "portable"), "--portable"))
        assert back.ask(TEXTS) == written
        # An id that the database gives continues after those that came.
        assert (
            there.ask(
                "from partnerships.models import Audit, Person\nfrom django.db.models import Max\n"
                "last = Audit.objects.aggregate(m=Max('pk'))['m']\n"
                "print(Audit.objects.create(act='x').pk - last)"
            )
            == 1
        )
