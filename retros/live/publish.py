"""Tell the streams that a session changed: the session's id and the version of each seat, nothing else.

On PostgreSQL inside the verb's transaction (delivered on commit, dropped on rollback); on SQLite after the commit,
into the hub of the one process (ARCHITECTURE.md, “Live updates”).
"""

from __future__ import annotations

import json
import uuid

from django.db import connection, transaction

CHANNEL = "twofold_live"


def publish(session_id: uuid.UUID, version_a: int, version_b: int) -> None:
    payload = json.dumps([str(session_id), version_a, version_b])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
    else:
        from retros.live.hub import hub

        transaction.on_commit(lambda: hub.receive(payload))
