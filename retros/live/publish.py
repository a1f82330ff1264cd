"""Tell the streams that a session changed: the session's id, the version of each seat and who is at work, nothing else.

After the commit into the hub of this process. On PostgreSQL also inside the verb's transaction (delivered on commit,
dropped on rollback) to the listeners of all processes; a stream tells a version once, however it heard of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from functools import partial

from django.db import connection, transaction

CHANNEL = "twofold_live"
receivers: set[Callable[[str], None]] = set()  # who hears of it in this process, while it runs: the hub


def publish(session_id: uuid.UUID, version_a: int, version_b: int, *, by: str = "") -> None:
    """`by`: the seat of who is at work, whose own answer is on its way. Everybody else hears of it first."""
    publish_all([(session_id, version_a, version_b)], by=by)


def publish_all(changed: Iterable[tuple[uuid.UUID, int, int]], *, by: str = "") -> None:
    """The same for several sessions, in one statement."""
    payloads = [json.dumps([str(session_id), *versions, by]) for session_id, *versions in changed]
    for payload in payloads:
        transaction.on_commit(partial(_deliver, payload))
    if connection.vendor == "postgresql" and payloads:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", [CHANNEL, payloads])


def _deliver(payload: str) -> None:
    for receive in tuple(receivers):
        receive(payload)
