"""Presses: several at once, and what the page after one gives to go on with."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*presses: Callable[[], Any]) -> list[Any]:
    """All of them behind one barrier, each on a connection of its own; an exception is an outcome."""
    barrier = threading.Barrier(len(presses))
    outcomes: list[Any] = [None] * len(presses)

    def run(index: int) -> None:
        barrier.wait()
        try:
            outcomes[index] = presses[index]()
        except Exception as error:
            outcomes[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[index]) for index in range(len(presses))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def token_in(page: str) -> str:
    return str(re.findall(r"/invitations/([\w-]{43})/", page)[0])
