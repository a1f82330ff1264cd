"""The index, kept by the database: triggers for each table of words, put there by `migrate`.

Not by a migration: SQLite alters a table by making another one, which loses its triggers, and refuses to while a
trigger elsewhere names it. So they are taken away before migrations run and put back after them
(retros/management/commands/migrate.py). Their names carry a digest of all that stands here, so that a changed
definition is noticed, and the index made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import sqlite_version_info
from typing import TYPE_CHECKING, Any

from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import RawSQL

from retros.models.search_text import SearchText
from retros.search.folding import SQL, fold

if TYPE_CHECKING:
    from uuid import UUID

    from retros.search.terms import Term

TABLE = SearchText._meta.db_table
SECURE_DELETE = (3, 42, 0)  # from this SQLite on nothing of a word stays in the file when its text goes


@dataclass(frozen=True)
class Source:
    """A table of words. `t` is its row; `shelf`, `by` and `at` are those of `SearchText`, in SQL."""

    field: str
    table: str
    words: tuple[str, ...]  # columns
    by: str
    at: str
    joins: str
    shelf: str = "s.partnership_id"
    where: str = "TRUE"
    also: tuple[str, ...] = ()  # columns that decide, beside the words

    @property
    def rows(self) -> str:
        """SELECT for the rows of `SearchText`, open for one more condition."""
        words = " || ' ' || ".join(f"t.{column}" for column in self.words)
        empty = " AND ".join(f"t.{column} = ''" for column in self.words)
        return (
            f"SELECT t.id, {self.shelf}, {self.by}, {self.at}, retros_fold({words}) "
            f"FROM {self.table} t {self.joins} WHERE NOT ({empty}) AND {self.where}"
        )

    @property
    def insert(self) -> str:
        return f'INSERT INTO {TABLE} ({self.field}_id, shelf, "by", "at", words) {self.rows}'

    @property
    def delete(self) -> str:
        return f"DELETE FROM {TABLE} WHERE {self.field}_id = OLD.id"

    @property
    def deciding(self) -> tuple[str, ...]:
        return (*self.words, *self.also)


_SESSION = "JOIN retros_step p ON p.id = t.step_id JOIN retros_session s ON s.id = p.session_id"
_AGREEMENT = "JOIN partnerships_agreement s ON s.id = v.agreement_id"
SOURCES = (
    Source(
        "entry", "retros_entry", ("text",), "t.author_id", "COALESCE(t.opened_at, t.created_at)", _SESSION,
        shelf="CASE WHEN t.opened_at IS NULL THEN t.author_id ELSE s.partnership_id END",
        where="t.deleted_at IS NULL", also=("opened_at", "deleted_at", "created_at"),
    ),
    Source(
        "note", "retros_note", ("text",), "t.written_by_id", "t.created_at", _SESSION,
        where="t.deleted_at IS NULL", also=("written_by_id", "deleted_at"),
    ),
    Source(
        "action", "retros_action", ("cue", "text", "because", "seen_by", "decider"), "t.owner_id", "t.created_at", "",
        shelf="t.partnership_id", where="t.deleted_at IS NULL", also=("owner_id", "deleted_at"),
    ),
    Source(
        "review", "retros_review", ("remark",), "t.by_id", "t.at", "JOIN retros_action s ON s.id = t.action_id",
        also=("by_id", "at"),
    ),
    Source(  # where its words were written first: later versions repeat them
        "clause", "partnerships_clause", ("heading", "text"), "v.proposed_by_id", "v.proposed_at",
        f"JOIN partnerships_version v ON v.id = t.version_id {_AGREEMENT}",
        where="NOT EXISTS (SELECT 1 FROM partnerships_clause b WHERE b.version_id = v.base_id AND b.line = t.line "
        "AND b.heading = t.heading AND b.text = t.text)",
    ),
    Source(
        "version", "partnerships_version", ("reason",), "t.proposed_by_id", "t.proposed_at",
        "JOIN partnerships_agreement s ON s.id = t.agreement_id",
    ),
    Source(
        "need", "retros_need", ("text", "answer"), "t.written_by_id", "t.created_at", "",
        shelf="t.partnership_id", also=("written_by_id",),
    ),
    Source(
        "handover", "retros_handover", ("text",), "t.written_by_id", "t.written_at", "",
        shelf="t.partnership_id", also=("written_by_id", "written_at"),
    ),
    Source(
        "kind_word", "retros_kindword", ("text",), "t.giver_id", "t.created_at", "",
        shelf="t.receiver_id", where="t.dropped_at IS NULL", also=("dropped_at",),
    ),
)  # fmt: skip


# --- SQLite: FTS5 over the words, `fold` in Python --------------------------------------------------------------------

_FTS = "retros_search"
_FTS_ROW = f"INSERT INTO {_FTS} (rowid, shelf, words) VALUES (NEW.id, NEW.shelf, NEW.words)"
_FTS_GONE = f"INSERT INTO {_FTS} ({_FTS}, rowid, shelf, words) VALUES ('delete', OLD.id, OLD.shelf, OLD.words)"


def teach_sqlite(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """The triggers call `fold`; whoever opens the database in another way can read it, and write no text into it."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("retros_fold", 1, fold, deterministic=True)


def _sqlite_triggers() -> Iterator[tuple[str, str]]:
    """Name, and the rest of CREATE TRIGGER."""
    for source in SOURCES:
        one = f"{source.insert} AND t.id = NEW.id"
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in source.deciding)
        columns = ", ".join(source.deciding)
        yield f"{source.field}_insert", f"AFTER INSERT ON {source.table} BEGIN {one}; END"
        yield (
            f"{source.field}_update",
            f"AFTER UPDATE OF {columns} ON {source.table} WHEN {changed} BEGIN {source.delete}; {one}; END",
        )
        yield f"{source.field}_delete", f"AFTER DELETE ON {source.table} BEGIN {source.delete}; END"
    yield "words_insert", f"AFTER INSERT ON {TABLE} BEGIN {_FTS_ROW}; END"
    yield "words_delete", f"AFTER DELETE ON {TABLE} BEGIN {_FTS_GONE}; END"


def _sqlite_tables() -> tuple[str, ...]:
    """Words are parted by spaces, and every other sign but those of ASCII belongs to one: what `fold` leaves."""
    return (
        f"DROP TABLE IF EXISTS {_FTS}",
        f"CREATE VIRTUAL TABLE {_FTS} "
        f"USING fts5(shelf, words, content='{TABLE}', content_rowid='id', tokenize='ascii')",
    )


# --- PostgreSQL: tsvector and GIN, `fold` in SQL ----------------------------------------------------------------------

_VECTOR = f"array_to_tsvector(string_to_array(rtrim('#' || {TABLE}.shelf || ' ' || {TABLE}.words), ' '))"


_POSTGRESQL_INDEX = f"CREATE INDEX {_FTS} ON {TABLE} USING gin (({_VECTOR})) WITH (fastupdate = off)"


def _postgresql_triggers() -> Iterator[tuple[str, str]]:
    for source in SOURCES:
        run = f"FOR EACH ROW EXECUTE FUNCTION retros_search_{source.field}()"
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in source.deciding)
        columns = ", ".join(source.deciding)
        yield f"{source.field}_insert", f"AFTER INSERT OR DELETE ON {source.table} {run}"
        yield (
            f"{source.field}_update",
            f"AFTER UPDATE OF {columns} ON {source.table} FOR EACH ROW WHEN ({changed}) {run[len('FOR EACH ROW ') :]}",
        )


def _postgresql_tables() -> tuple[str, ...]:
    return (
        "CREATE OR REPLACE FUNCTION retros_fold(text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql "
        f"AS $fold$ SELECT {SQL} $fold$",
        *(
            f"CREATE OR REPLACE FUNCTION retros_search_{source.field}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $run$ BEGIN IF TG_OP <> 'INSERT' THEN {source.delete}; END IF; "
            f"IF TG_OP <> 'DELETE' THEN {source.insert} AND t.id = NEW.id; END IF; RETURN NULL; END $run$"
            for source in SOURCES
        ),
        f"DROP INDEX IF EXISTS {_FTS}",
    )


# --- both -------------------------------------------------------------------------------------------------------------


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the index as it stands here, unless the database has it already."""
    if TABLE not in connection.introspection.table_names() or is_installed(connection):
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        remove(connection)
        tables = _sqlite_tables() if connection.vendor == "sqlite" else _postgresql_tables()
        for statement in tables:
            cursor.execute(statement)
        if connection.vendor == "sqlite" and sqlite_version_info >= SECURE_DELETE:
            cursor.execute(f"INSERT INTO {_FTS} ({_FTS}, rank) VALUES ('secure-delete', 1)")
        fill(connection)
        if connection.vendor == "postgresql":  # of all words at once: several times as fast as word by word
            cursor.execute(_POSTGRESQL_INDEX)
        for name, rest in _triggers(connection):
            cursor.execute(f"CREATE TRIGGER {name} {rest}")


def is_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether every word that is written is found: all triggers are there, as they stand here, and no other one."""
    return set(_known(connection)) == {name for name, _rest in _triggers(connection)}


def fill(connection: BaseDatabaseWrapper) -> None:
    """Read all words anew: what was written while a trigger was away, or before what it names."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")
        for source in SOURCES:
            cursor.execute(source.insert)
        if connection.vendor == "sqlite":
            cursor.execute(f"INSERT INTO {_FTS} ({_FTS}) VALUES ('rebuild')")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away. What was found before is found as it was, until `install`."""
    with connection.cursor() as cursor:
        for name, table in _known(connection).items():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on}")


def wipe(connection: BaseDatabaseWrapper) -> None:
    """Part of an erasure: no word of a text that is gone stays in the file of the index.

    An older SQLite only marks words as gone there, and is asked to write its index anew. PostgreSQL does it when it
    tidies up, as with every row that was deleted.
    """
    if connection.vendor == "sqlite" and sqlite_version_info < SECURE_DELETE:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {_FTS} ({_FTS}) VALUES ('optimize')")


def matching(
    texts: models.QuerySet[SearchText], terms: Sequence[Term], shelves: Sequence[UUID]
) -> models.QuerySet[SearchText]:
    """Those on one of the shelves that hold every term."""
    return holding(texts, *asked(terms, shelves, connections[texts.db].vendor))


def asked(terms: Sequence[Term], shelves: Sequence[UUID], vendor: str) -> list[str]:
    """The question to the index of a kind of database, and what has to stand in each text that it finds.

    The index is asked for the shelves and for whole words. It would find the beginning of one by reading what all pairs
    wrote with it; on a shelf there are few texts.
    """
    words = [word for term in terms for word in term.whole_words]
    if vendor == "sqlite":
        shelf = " OR ".join(f'"{shelf.hex}"' for shelf in shelves)
        question = " AND ".join([f"shelf : ({shelf})", *(f'words : "{word}"' for word in words)])
    else:
        shelf = " | ".join(f"'#{shelf}'" for shelf in shelves)
        question = " & ".join([f"({shelf})", *(f"'{word}'" for word in words)])
    return [question, *(term.as_it_stands for term in terms)]


def holding(texts: models.QuerySet[SearchText], question: str, *standing: str) -> models.QuerySet[SearchText]:
    """Those that the index finds (`asked`), and that hold everything else."""
    if connections[texts.db].vendor == "sqlite":
        found, inside = f"{TABLE}.id IN (SELECT rowid FROM {_FTS} WHERE {_FTS} MATCH %s)", "instr"
    else:
        found, inside = f"{_VECTOR} @@ %s::tsquery", "strpos"
    texts = texts.filter(RawSQL(found, [question], models.BooleanField()))
    for each in standing:
        stands = f"{inside}(' ' || {TABLE}.words || ' ', %s) > 0"
        texts = texts.filter(RawSQL(stands, [each], models.BooleanField()))
    return texts


def _triggers(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, str]]:
    sqlite = connection.vendor == "sqlite"
    tables, triggers = (
        (_sqlite_tables(), list(_sqlite_triggers())) if sqlite else (_postgresql_tables(), list(_postgresql_triggers()))
    )
    digest = hashlib.sha256(repr((SQL, tables, triggers)).encode()).hexdigest()[:8]
    for name, rest in triggers:
        yield f"search_{name}_{digest}", rest


def _known(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The triggers of ours that the database has, each with its table."""
    asked = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'search\\_%' ESCAPE '\\'"
        if connection.vendor == "sqlite"
        else "SELECT tgname, tgrelid::regclass::text FROM pg_trigger "
        "WHERE NOT tgisinternal AND tgname LIKE 'search\\_%'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return dict(cursor.fetchall())
