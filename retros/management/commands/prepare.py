from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
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
        if settings.BACKUP_DIR and databases.schema() and databases.is_behind():
            made = backup(settings.BACKUP_DIR, timezone.now(), keep=settings.BACKUP_KEEP)
            self.stderr.write(f"Before the database changes, a backup: {made}", ending="\n")
        with ThreadPoolExecutor(1) as beside:
            files = beside.submit(call_command, "collectstatic", interactive=False, verbosity=0)
            databases.migrate()
            call_command("createcachetable", verbosity=0)
            files.result()
        if new_key:
            SignIn.objects.all().delete()
        start.refuse_other_key()
