"""The rows of the whole database, to be compared."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

from django.db import connection

from partnerships.models.sign_in import SessionStore

# Tables in which a look may leave something: who is in the room, which lead looked, the sign-in, the counters.
LOOKED = {
    "retros_presence",
    "partnerships_look",
    "partnerships_audit",
    "partnerships_signin",
    "shared_cache",
    "partnerships_ratecounter",
}


def checksum() -> dict[str, str]:
    """Of every table but those in LOOKED."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in LOOKED:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                rows = sorted(repr(row) for row in cursor.fetchall())
                found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def counted() -> dict[str, int]:
    """The number of rows of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            found[table] = cursor.fetchone()[0]
    return found


def traces(words: re.Pattern[str]) -> Counter[tuple[str, str]]:
    """How many rows each table has, and in which columns these words stand, how often: also in sessions, which are
    kept encoded. Without what a look may leave, and the record.
    """
    found: Counter[tuple[str, str]] = Counter()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns, rows = [column[0] for column in cursor.description], cursor.fetchall()
            if table not in LOOKED:
                found[table, ""] = len(rows)
            for column, value in (pair for row in rows for pair in zip(columns, row, strict=True)):
                text = SessionStore().decode(value) if column == "session_data" else value
                found.update((f"{table}.{column}", word) for word in words.findall(str(text)))
    return found
