from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from retros.backup.make import backup
from retros.backup.trouble import Trouble


class Command(BaseCommand):
    help = "Writes all of the database into a new file in DIR, while people use it, and prints its path."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--keep", metavar="N", type=int, default=0, help="remove all but the newest N in DIR")
        parser.add_argument("--portable", action="store_true", help="as SQLite, so that either database can restore it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep"] < 0:
            raise CommandError(f"--keep is {options['keep']}. Allowed: a number of backups, or 0 for all of them.")
        try:
            path = backup(options["folder"], timezone.now(), keep=options["keep"], portable=options["portable"])
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(str(path))
