"""What keeps a server from starting, and what makes a database ready for a version."""

from __future__ import annotations

import errno
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from config import asgi, serve
from config import start as starting
from config.env import BadValue, Environment
from partnerships.models import SignIn
from partnerships.models.sign_in import SessionStore
from retros.backup import databases, start
from retros.backup.trouble import Trouble
from retros.management.commands import prepare
from retros.search import index

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `prepare` did, in order, instead of doing it."""
    done: list[str] = []
    monkeypatch.setattr(databases, "migrate", lambda: done.append("migrate"))
    monkeypatch.setattr(prepare, "call_command", lambda name, **_options: done.append(name))
    monkeypatch.setattr(prepare, "collect", lambda: done.append("collect"))
    monkeypatch.setattr(prepare, "backup", lambda folder, now, *, keep: done.append(f"backup {folder} {keep}"))
    return done


def test_a_newer_database_is_refused(prepared: list[str]) -> None:
    start.refuse_unready()
    MigrationRecorder.Migration.objects.create(app="retros", name="9000_later")
    told = "made ready for a newer version: retros.9000_later is unknown here. Start that version, or restore"
    with pytest.raises(Trouble, match=told):
        start.refuse_unready()
    with pytest.raises(CommandError, match=told):
        call_command("prepare")
    assert prepared == []


def test_one_that_is_not_ready_is_refused() -> None:
    MigrationRecorder.Migration.objects.get(app="retros", name="0023_jots").delete()
    with pytest.raises(Trouble, match=r"not ready for this version\. First run: manage.py prepare"):
        start.refuse_unready()


def test_one_whose_search_would_miss_words_is_refused() -> None:
    """As a `migrate` leaves it that was killed before it put the triggers back."""
    index.remove(connection)
    with pytest.raises(Trouble, match=r"not ready for this version\. First run: manage.py prepare"):
        start.refuse_unready()
    index.install(connection)
    start.refuse_unready()


def test_a_migration_may_take_longer_than_a_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_a_page = Environment({"DATABASE_URL": "postgres://here/twofold"}).database("DATABASE_URL", tmp_path)
    assert "statement_timeout" in str(of_a_page["OPTIONS"])
    used: list[Any] = []

    def kept(settings: Any) -> nullcontext[None]:
        used.append(settings["OPTIONS"])
        return nullcontext()

    monkeypatch.setattr(databases, "present", lambda: of_a_page)
    monkeypatch.setattr(databases, "as_default", kept)
    monkeypatch.setattr(databases, "call_command", lambda *_arguments, **_options: None)
    databases.migrate()
    assert used == [{}]


def test_another_secret_key_is_refused_until_it_is_accepted(prepared: list[str]) -> None:
    SessionStore().create()
    start.refuse_unready()
    with override_settings(SECRET_KEY="another " * 8):
        with pytest.raises(Trouble, match=r"SECRET_KEY is not the one .* manage\.py prepare --new-key"):
            start.refuse_unready()
        with pytest.raises(CommandError, match="SECRET_KEY is not the one"):
            call_command("prepare")
        assert SignIn.objects.exists()
        call_command("prepare", "--new-key")
        assert not SignIn.objects.exists()
        start.refuse_unready()


@pytest.mark.parametrize("behind", [True, False])
def test_before_the_database_changes_there_is_a_backup(
    prepared: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch, behind: bool
) -> None:
    monkeypatch.setattr(databases, "is_behind", lambda: behind)
    settings.BACKUP_DIR, settings.BACKUP_KEEP = Path("/backups"), 7
    call_command("prepare")
    if behind:
        assert prepared.pop(0) == "backup /backups 7"
    assert sorted(prepared) == ["collect", "createcachetable", *(["migrate"] if behind else [])]


def test_static_files_are_collected_when_they_are_others_than_last_time(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.STATICFILES_DIRS, settings.STATIC_ROOT = [tmp_path / "ours"], tmp_path / "served"
    style = tmp_path / "ours/site.css"
    style.parent.mkdir()
    style.write_text("p { color: red }")
    monkeypatch.setattr(prepare, "get_finders", lambda: [FileSystemFinder()])  # one that reads these settings
    collected: list[str] = []

    def collectstatic(name: str, **_options: Any) -> None:
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        collected.append(style.read_text())

    monkeypatch.setattr(prepare, "call_command", collectstatic)
    for _twice in range(2):
        prepare.collect()
    assert collected == ["p { color: red }"]
    style.write_text("p { color: tan }")
    prepare.collect()
    assert collected == ["p { color: red }", "p { color: tan }"]
    shutil.rmtree(settings.STATIC_ROOT)
    prepare.collect()
    assert len(collected) == 3


def test_what_readies_a_start_says_why_it_failed(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """In its own process, and the start ends with it."""

    def refuse(name: str) -> None:
        raise CommandError(f"{name}: first do this.")

    monkeypatch.setattr(starting, "call_command", refuse)
    with pytest.raises(SystemExit) as ended:
        starting.prepare()
    assert (ended.value.code, capfd.readouterr().err) == (1, "prepare: first do this.\n")


@pytest.mark.parametrize(("demo", "then"), [(False, "setup_link"), (True, "demo")])
def test_a_start_readies_all_in_one_process(
    monkeypatch: pytest.MonkeyPatch, settings: Any, demo: bool, then: str
) -> None:
    done: list[str] = []
    monkeypatch.setattr(starting, "call_command", done.append)
    settings.DEMO = demo
    starting.make_ready()
    assert done == ["prepare", then]


def test_the_server_says_why_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise Trouble("First do this.")

    monkeypatch.setattr(serve, "refuse_unready", refuse)
    monkeypatch.setattr(asgi.application.server, "take", lambda workers: None)
    with pytest.raises(SystemExit, match=r"^First do this\.$"):
        serve.serve("127.0.0.1", 0)


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(BadValue, match="that the user who runs this may write"):
        Environment({"TWOFOLD_BACKUP_DIR": str(tmp_path)}).folder("TWOFOLD_BACKUP_DIR", tmp_path)


def test_a_full_disk_at_the_first_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.open", full)
    with pytest.raises(
        ImproperlyConfigured, match=r"takes no file \(No space left on device\)\. Free space on its disk"
    ):
        Environment({}).secret_key(tmp_path)
