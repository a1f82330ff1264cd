from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from retros.worker import work


class Command(BaseCommand):
    help = "A round every minute, until it is stopped. Several may run at once, beside the server's own too."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        work(stop)
