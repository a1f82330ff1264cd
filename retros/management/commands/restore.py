from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from retros.backup.restore import restore
from retros.backup.trouble import Trouble


class Command(BaseCommand):
    help = "Makes FILE the database, after checking it. The server and the worker must be stopped."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--replace", action="store_true", help="also where people have accounts already")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = restore(options["file"], timezone.now(), replace=options["replace"])
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(
            f"Restored into {settings.DATABASES['default']['NAME']} what was there at {made.made_at}. Everybody signs "
            "in again; mail of the past is not sent."
        )
