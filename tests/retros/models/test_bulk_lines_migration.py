"""Migration 0024 makes a row of each line that a change for many had in a list."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from partnerships.models import Partnership
from retros.models import Bulk, BulkLine
from retros.search import index
from tests.factories import PartnershipFactory, PersonFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

AT, TAKEN_BACK = datetime(2027, 2, 9, 12, tzinfo=UTC), datetime(2027, 2, 9, 12, 5, tzinfo=UTC)


def migrate(*targets: tuple[str, str]) -> Any:
    """The models as they stand then."""
    if not targets:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        return None
    one_by_one().migrate(list(targets))
    return one_by_one().loader.project_state(list(targets)).apps


def one_by_one() -> MigrationExecutor:
    """Of each migration by itself, also of those that another one replaces."""
    executor = MigrationExecutor(connection)
    executor.loader.replace_migrations = False  # type: ignore[attr-defined] # not in the stubs yet
    executor.loader.build_graph()
    return executor


@pytest.fixture
def pairs() -> list[Partnership]:
    return [PartnershipFactory.create() for _two in range(2)]


@pytest.fixture
def before(pairs: list[Partnership]) -> Iterator[Any]:
    index.remove(connection)
    try:
        yield migrate(("retros", "0023_jots"))
    finally:
        migrate()
        index.install(connection)


def line(pair: Partnership | None, **more: Any) -> dict[str, Any]:
    """As the list held it."""
    words = {
        "title": "Ines and Tom",
        "label": "Checkout",
        "before": "9 Feb",
        "after": ["16 Feb", "2 Mar"],
        "remark": "",
    }
    undo = {"dates": [{"id": "1", "day": "2027-02-09"}]}
    return {
        "partnership": str(pair.pk if pair else uuid.uuid4()),
        "refused": "",
        "undo": undo,
        "version": 3,
        **words,
        **more,
    }


def test_each_line_of_a_list_becomes_a_row(before: Any, pairs: list[Partnership]) -> None:
    admin = PersonFactory.create(is_staff=True)
    first, second = pairs
    old = before.get_model("retros", "Bulk")
    done = old.objects.create(
        by_id=admin.pk, act="move", at=AT,
        lines=[line(first, remark="Early"), line(second, refused="It has ended.", undo={}, version=0), line(None)],
    )  # fmt: skip
    back = old.objects.create(
        by_id=admin.pk, act="pause", at=AT, undone_at=TAKEN_BACK,
        lines=[line(first), line(second, left="Somebody moved it since.")],
    )  # fmt: skip
    empty = old.objects.create(by_id=admin.pk, act="remind", at=AT)
    migrate()

    assert [bulk.wish for bulk in Bulk.objects.all()] == [{}, {}, {}]
    assert not BulkLine.objects.filter(bulk=empty.pk).exists()
    rows = {(row.bulk_id, row.partnership_id): row for row in BulkLine.objects.all()}
    assert set(rows) == {(bulk.pk, pair.pk) for bulk in (done, back) for pair in (first, second)}  # one is gone
    row = rows[done.pk, first.pk]
    assert (row.title, row.label, row.before, row.after) == ("Ines and Tom", "Checkout", "9 Feb", ["16 Feb", "2 Mar"])
    assert (row.remark, row.refused, row.left) == ("Early", "", "")
    assert (row.undo, row.version) == ({"dates": [{"id": "1", "day": "2027-02-09"}]}, 3)
    assert (row.done_at, row.undone_at) == (AT, None)
    row = rows[done.pk, second.pk]
    assert (row.refused, row.done_at, row.version, row.undo) == ("It has ended.", None, None, {})
    assert (rows[back.pk, first.pk].done_at, rows[back.pk, first.pk].undone_at) == (AT, TAKEN_BACK)
    row = rows[back.pk, second.pk]
    assert (row.done_at, row.undone_at, row.left) == (AT, None, "Somebody moved it since.")
    assert not Bulk.objects.get(pk=done.pk).open_lines().exists()
