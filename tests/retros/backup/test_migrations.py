"""An empty database gets its tables in one step, and they are those that all the steps before it make."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests import postgres
from tests.retros.backup.places import Place, at

pytestmark = pytest.mark.deep

# Each step by itself, as a database went that began with the first of them.
STEP_BY_STEP = """
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from retros.search import index
executor = MigrationExecutor(connection)
loader = executor.loader
loader.replace_migrations = False
loader.build_graph()
executor.migrate([node for node in loader.graph.leaf_nodes() if not loader.disk_migrations[node].replaces])
index.install(connection)
print("null")
"""
SHAPE = r"""
import json, re
from django.db import connection
sqlite = connection.vendor == "sqlite"
shape = {}
with connection.cursor() as cursor:
    for table in sorted(connection.introspection.table_names(cursor)):
        columns = connection.introspection.get_table_description(cursor, table)
        shape[table] = sorted(map(str, columns)), sorted(
            (re.sub(r"_\d+_*$", "", name), str(sorted(each.items())))  # some are only numbered
            for name, each in connection.introspection.get_constraints(cursor, table).items()
        )
    cursor.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'" if sqlite else
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    )
    shape["triggers"] = sorted(map(str, cursor.fetchall()))
print(json.dumps(shape))
"""


def test_one_step_makes_what_all_of_them_make(server: str, place: Place, tmp_path: Path) -> None:
    name = f"twofold_stepped_{os.getpid()}"
    with postgres.database(server, name) if server else nullcontext("") as database:
        stepped = at(tmp_path / "stepped", database)
        stepped.ask(STEP_BY_STEP)
        stepped.manage("createcachetable")
        one, all_of_them = place().ask(SHAPE), stepped.ask(SHAPE)
    assert sorted(one) == sorted(all_of_them)
    assert {table: shape for table, shape in one.items() if all_of_them[table] != shape} == {}
