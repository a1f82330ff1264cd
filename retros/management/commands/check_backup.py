from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from retros.backup.restore import check
from retros.backup.trouble import Trouble


class Command(BaseCommand):
    help = "Says whether FILE is a whole backup, and what is in it. Changes nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = check(options["file"])
        except Trouble as trouble:
            raise CommandError(str(trouble)) from trouble
        self.stdout.write(f"{options['file']} is whole.")
        self.stdout.write(f"Made {made.made_at} by version {made.version}, from {made.database}.")
        self.stdout.write("Schema: " + ", ".join(f"{app} {name}" for app, name in sorted(made.schema.items())))
        self.stdout.write("Rows: " + ", ".join(f"{table} {count}" for table, count in sorted(made.rows.items())))
