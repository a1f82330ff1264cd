"""The rows of the whole database, to be compared."""

from __future__ import annotations

import hashlib

from django.db import connection

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
