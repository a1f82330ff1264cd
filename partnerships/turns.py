"""Work that takes many transactions, one after the other, beside people who write."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from django.db import connection

T = TypeVar("T")

# SQLite has one writer at a time, and no queue: who waits looks again every 25 ms, later less often. Between two
# transactions it is left alone for long enough to be found free.
PAUSE_SECONDS = 0.03


def in_turns(work: Iterable[T]) -> Iterator[T]:
    """Each piece of it in its turn, which has a transaction of its own; others write in between."""
    for number, piece in enumerate(work):
        if number and connection.vendor == "sqlite" and not connection.in_atomic_block:
            time.sleep(PAUSE_SECONDS)
        yield piece
