from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from retros.demo.cast import addresses, is_on
from retros.demo.story import tell_story


class Command(BaseCommand):
    help = "Fills the demo's own database with the cast and a year of retros. A second run changes nothing."
    requires_system_checks = []  # the server's start makes them

    def handle(self, *args: Any, **options: Any) -> None:
        if not is_on():
            raise CommandError("The demo needs TWOFOLD_DEMO=1. Start it with: bin/run --demo")
        made = tell_story()
        host = urlsplit(settings.BASE_URL).netloc
        self.stdout.write("The demo is ready." if made else "The demo is ready; what was written in it is kept.")
        for address in addresses(host):
            self.stdout.write(f"  {address.player.name:<14} {address.url}")
        self.stdout.write(f"  All of them    {settings.BASE_URL}/demo/")
