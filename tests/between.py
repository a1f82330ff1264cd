"""What another connection commits between two questions of a request.

`Kept` has the database as it was, again and again; `Other` is the other connection. A change is made once for real;
from then on `Writes` sends the same statements again, at the moment that is asked for.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import DatabaseError, connection, connections, transaction

T = TypeVar("T")

TABLES = re.compile(r'"((?:partnerships|retros|account|mfa|socialaccount|shared)_\w+)"')
CHANGES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
WAITS = {"postgresql": "SET lock_timeout", "sqlite": "PRAGMA busy_timeout"}
WAITED = {
    "postgresql": "SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'", "sqlite": "PRAGMA busy_timeout"
}  # fmt: skip
LOCKS = re.compile(r" FOR (?:NO KEY )?UPDATE\b")


@dataclass
class Writes:
    """What a change sends to the database: its statements, and what it locks before them."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)

    @property
    def tables(self) -> frozenset[str]:
        """Those that it changes."""
        return frozenset(TABLES.findall(sql)[0] for sql, _params, _many in self.statements if CHANGES.match(sql))

    def note(self, execute: Callable[..., T], sql: str, params: Any, many: bool, context: Any) -> T:
        found = execute(sql, params, many, context)
        if TABLES.search(sql) and (CHANGES.match(sql) or LOCKS.search(sql)):
            self.statements.append((sql, list(params) if many else params, many))
        return found

    def again(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for sql, params, many in self.statements:
                (cursor.executemany if many else cursor.execute)(sql, params)


def patience() -> int:
    """How long this connection waits for a lock, in milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute(WAITED[connection.vendor])
        return int(cursor.fetchone()[0])


def wait(milliseconds: int) -> None:
    """For a lock, from here on."""
    with connection.cursor() as cursor:
        cursor.execute(f"{WAITS[connection.vendor]} = {milliseconds}")


class Other:
    """A thread with a connection of its own, as another request has. It waits for no lock for long."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1)

    def does(self, work: Callable[[], T]) -> T:
        def impatiently() -> T:
            before = patience()
            wait(20)
            try:
                return work()
            finally:
                wait(before)  # whoever gets it from the pool afterwards

        return self.thread.submit(impatiently).result(60)

    def writes(self, work: Callable[[], object]) -> Writes:
        """Does it, and returns what it wrote."""
        found = Writes()

        def noted() -> None:
            with connection.execute_wrapper(found.note):
                work()

        self.does(noted)
        return found

    def close(self) -> None:
        self.thread.submit(connections.close_all).result(60)
        self.thread.shutdown()


class Kept:
    """The rows of the whole database as they are now, to be had back."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                self._rows = sqlite3.connect(":memory:")
                connection.connection.backup(self._rows)
            else:
                _keep_on_postgresql(cursor)

    def back(self) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                self._rows.backup(connection.connection)  # as one transaction: other threads have the file open
            else:
                cursor.execute("SELECT kept.back()")

    def forget(self) -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                self._rows.close()
            else:
                cursor.execute("DROP SCHEMA kept CASCADE")


# A trigger notes each table that is written to, in rows that nobody waits for; `back` puts back the rows of those.
ON_POSTGRESQL = """
CREATE SCHEMA kept;
CREATE TABLE kept.touched (name text);
CREATE FUNCTION kept.touch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO kept.touched VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
CREATE FUNCTION kept.back() RETURNS void LANGUAGE plpgsql AS $$
DECLARE one text; names text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT DISTINCT name FROM kept.touched LOOP
    SELECT string_agg(quote_ident(attname), ', ') INTO names FROM pg_attribute
      WHERE attrelid = format('public.%I', one)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('DELETE FROM public.%I', one);
    EXECUTE format('INSERT INTO public.%I (%s) SELECT %s FROM kept.%I', one, names, names, one);
  END LOOP;
  DELETE FROM kept.touched;
END $$;
"""


def _keep_on_postgresql(cursor: Any) -> None:
    cursor.execute(ON_POSTGRESQL)
    for table in connection.introspection.table_names(cursor):
        name = connection.ops.quote_name(table)
        cursor.execute(f"CREATE TABLE kept.{name} AS TABLE public.{name}")
        cursor.execute(
            f"CREATE TRIGGER kept_touch AFTER INSERT OR UPDATE OR DELETE ON public.{name}"
            " FOR EACH STATEMENT EXECUTE FUNCTION kept.touch()"
        )


@dataclass
class Between:
    """Around what a request asks: right after the question with this number the other connection does its `work`, if it
    can. SQLite lets nobody write beside a transaction.
    """

    other: Other
    number: int
    work: Callable[[], object]
    asked: list[str] = field(default_factory=list)
    done: bool = False

    def __call__(self, execute: Callable[..., T], sql: str, params: Any, many: bool, context: Any) -> T:
        found = execute(sql, params, many, context)
        self.asked.append(sql)
        if len(self.asked) == self.number and not (connection.vendor == "sqlite" and connection.in_atomic_block):
            try:
                self.other.does(self.work)
                self.done = True
            except DatabaseError:
                pass  # it would have to wait, or meets what this request wrote
        return found


def moments(asked: list[str], tables: frozenset[str], *, to_the_end: bool = False) -> list[int]:
    """After which of the questions a change of these tables may lead to an answer of its own: those about them, while
    others follow (`to_the_end`: also the last of them, when a verb goes on with what it read). After any other it is
    what it would be after the one before.
    """
    met = [bool(tables.intersection(TABLES.findall(sql))) for sql in asked]
    return [number for number in range(1, len(asked)) if met[number - 1] and (to_the_end or any(met[number:]))]
