"""Several databases in one command: what Django's "default" is for a while, and all rows from one into another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, connections, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from retros.backup.trouble import Trouble
from retros.models import SearchText
from retros.search import index

Settings = dict[str, Any]
AT_ONCE = 500  # rows


def present() -> Settings:
    """The settings of "default"."""
    return dict(connections.settings["default"])


def of_file(path: Path) -> Settings:
    """Those of a SQLite file that nobody else opens."""
    kept = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 5, "init_command": kept}
    engine = "django.db.backends.sqlite3"
    return {**present(), "ENGINE": engine, "NAME": str(path), "CONN_MAX_AGE": 0, "OPTIONS": options}


def without_pool(settings: Settings) -> Settings:
    """One connection, without limits of time: for a command that works alone."""
    left_out = {"pool", "options", "server_side_binding", "prepare_threshold"}
    options = {name: value for name, value in settings["OPTIONS"].items() if name not in left_out}
    return {**settings, "OPTIONS": options}


@contextmanager
def as_default(settings: Settings) -> Iterator[None]:
    """Everything asks this database meanwhile, migrations too. For a command: other threads are not asked."""
    with at("default", settings):
        yield


@contextmanager
def at(alias: str, settings: Settings) -> Iterator[None]:
    before = connections.settings.get(alias)
    _let_go(alias)
    connections.settings[alias] = settings
    try:
        yield
    finally:
        _let_go(alias)
        if before is None:
            del connections.settings[alias]
        else:
            connections.settings[alias] = before


def _let_go(alias: str) -> None:
    if alias in connections.settings:
        connections[alias].close()
        del connections[alias]


def migrate() -> None:
    """Bring "default" to the schema of this program, however long a statement takes. For a command."""
    with as_default(without_pool(present())):
        call_command("migrate", interactive=False, verbosity=0)


def schema() -> dict[str, str]:
    """Each app's newest migration that "default" has; empty for an empty database."""
    newest: dict[str, str] = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        newest[app] = max(name, newest.get(app, ""))
    return newest


def unknown(schema: dict[str, str]) -> list[str]:
    """What of a schema this program does not know, because a newer one made it."""
    known = MigrationLoader(None).disk_migrations
    return [f"{app}.{name}" for app, name in sorted(schema.items()) if (app, name) not in known]


def is_behind() -> bool:
    """Whether "default" lacks migrations of this program, or the index of its search."""
    loader = MigrationLoader(connection)
    return bool(set(loader.disk_migrations) - set(loader.applied_migrations)) or not index.is_installed(connection)


def rows() -> dict[str, int]:
    """How many rows each table of "default" has."""
    with connection.cursor() as cursor:
        counts = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 (its own name)
            counts[table] = cursor.fetchone()[0]
    return counts


def rows_of_file(path: Path) -> dict[str, int]:
    """How many rows each table of a SQLite file has. Raises Trouble when SQLite finds a fault in it."""
    file = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        found = [fault for (fault,) in file.execute("PRAGMA quick_check")]
        if found != ["ok"]:
            raise Trouble(f"The database in it is damaged: {found[0]}. Take another backup.")
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        tables = [name for (name,) in file.execute(named)]
        return {name: file.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in tables}  # noqa: S608
    except sqlite3.DatabaseError as error:
        raise Trouble("The database in it cannot be read. Take another backup.") from error
    finally:
        file.close()


def replace_rows(source: Settings, target: Settings, also: list[str]) -> None:
    """All rows of the models from one database into the other instead of its own, then `also`: in one transaction.

    Both have the schema of this program. Values are written as they are read: no moment is set anew.
    """
    with at("copied", source), at("written", target):
        read, written = connections["copied"], connections["written"]
        tables = list(apps.get_models(include_auto_created=True, include_swapped=False))
        kept = [model for model in tables if model._meta.managed and not model._meta.proxy]
        with transaction.atomic(using="copied"), transaction.atomic(using="written"):
            if read.vendor == "postgresql":
                with read.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            _empty([model._meta.db_table for model in kept])
            for model in kept:
                if model is not SearchText:  # the database that is written to makes its own
                    _copy(model)
            index.fill(written)
            with written.cursor() as cursor:
                for statement in [*written.ops.sequence_reset_sql(no_style(), kept), *also]:
                    cursor.execute(statement)


def _empty(tables: list[str]) -> None:
    written = connections["written"]
    named = [written.ops.quote_name(table) for table in tables]
    with written.cursor() as cursor:
        if written.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(named)}")
        else:
            for name in named:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608 (our own table)


def _copy(model: type[models.Model]) -> None:
    fields = list(model._meta.local_concrete_fields)
    everything = model._base_manager.using("copied").order_by("pk")
    into: Any = model._base_manager.using("written")
    batch: list[models.Model] = []
    most = min(AT_ONCE, connections["written"].ops.bulk_batch_size(fields, [None] * AT_ONCE))
    for row in everything.iterator(chunk_size=AT_ONCE):
        batch.append(row)
        if len(batch) == most:
            into._insert(batch, fields=fields, using="written", raw=True)
            batch = []
    if batch:
        into._insert(batch, fields=fields, using="written", raw=True)
