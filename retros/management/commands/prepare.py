from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from partnerships.models import SignIn
from retros.backup import databases, start
from retros.backup.make import backup
from retros.backup.trouble import Trouble, in_words


class Command(BaseCommand):
    help = "Readies database and static files for this version. Run it before each start; a second run changes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="accept another SECRET_KEY; signs everybody out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with in_words(settings.DATA_DIR):
                self.prepare(**options)
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble

    def prepare(self, *, new_key: bool, **_options: Any) -> None:
        start.refuse_newer_schema()
        behind = databases.is_behind()
        if behind and settings.BACKUP_DIR and databases.schema():
            made = backup(settings.BACKUP_DIR, timezone.now(), keep=settings.BACKUP_KEEP)
            self.stderr.write(f"Before the database changes, a backup: {made}", ending="\n")
        with ThreadPoolExecutor(1) as beside:
            files = beside.submit(collect)
            if behind:
                databases.migrate()
            call_command("createcachetable", verbosity=0)
            files.result()
        if new_key:
            SignIn.objects.all().delete()
        start.refuse_other_key()


def collect() -> None:
    """The static files into the folder that is served, unless they, or what makes them, are those that are there."""
    stamp, wanted = settings.STATIC_ROOT.with_suffix(".collected"), _wanted()
    if settings.STATIC_ROOT.is_dir() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted, encoding="utf-8")


def _wanted() -> str:
    """A digest of all files that are to be served and of what makes them smaller."""
    left_out = cast(StaticFilesConfig, apps.get_app_config("staticfiles")).ignore_patterns
    made_by = sys.modules[type(staticfiles_storage).__module__].__file__
    digest = hashlib.sha256(repr((version("django"), version("whitenoise"), settings.STORAGES)).encode())
    digest.update(Path(made_by).read_bytes() if made_by else b"")
    for finder in get_finders():
        for name, storage in finder.list(left_out):
            with storage.open(name) as file:
                digest.update(repr((name, file.read())).encode())
    return digest.hexdigest()
