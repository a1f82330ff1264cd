from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from retros.worker import tick


class Command(BaseCommand):
    help = "One round of everything that happens by itself: plans and sends mails and notices. For a system timer."

    def handle(self, *args: Any, **options: Any) -> None:
        tick(timezone.now())
