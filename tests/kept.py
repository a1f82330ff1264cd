"""Rows that verbs wrote once, to be written again with ids and times of their own, at a tenth of the cost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import AutoField, DateField, DateTimeField, Field, Model, UUIDField
from django.utils import timezone

Row = tuple[Any, ...]


class KeptRows:
    """What `write` writes into the tables of the models; it is taken back, and `again` writes it as if just now."""

    def __init__(self, write: Callable[[], object]) -> None:
        with transaction.atomic():
            before = {model: set(_rows(model)) for model in _models()}
            write()
            found = {model: [row for row in _rows(model) if row not in before[model]] for model in _models()}
            transaction.set_rollback(True)
        self._rows = {model: rows for model, rows in found.items() if rows}
        self._ids = self._values(lambda field: field.primary_key and isinstance(field, UUIDField))
        self._times = self._values(lambda field: isinstance(field, DateTimeField))
        self._days = self._values(lambda field: isinstance(field, DateField) and not isinstance(field, DateTimeField))

    def again(self) -> None:
        """All rows, with new ids; the times are now, in the order in which they were, and the days are today."""
        now, ops = timezone.now(), connection.ops
        ids = UUIDField()
        new = {old: ids.get_db_prep_value(uuid.uuid4(), connection) for old in self._ids}
        new |= dict.fromkeys(self._days, ops.adapt_datefield_value(timezone.localdate(now)))
        last = len(self._times) - 1
        for place, old in enumerate(self._times):
            new[old] = ops.adapt_datetimefield_value(now - timedelta(microseconds=last - place))
        with transaction.atomic(), connection.cursor() as cursor:
            for model, rows in self._rows.items():
                kept = [n for n, field in enumerate(_fields(model)) if not isinstance(field, AutoField)]
                names = ", ".join(ops.quote_name(_columns(model)[n]) for n in kept)
                places = ", ".join("%s" for _ in kept)
                cursor.executemany(
                    f"INSERT INTO {ops.quote_name(model._meta.db_table)} ({names}) VALUES ({places})",
                    [[new.get(row[n], _sent(row[n])) for n in kept] for row in rows],
                )

    def _values(self, wanted: Callable[[Field[Any, Any]], bool]) -> list[Any]:
        found = {
            row[n]
            for model, rows in self._rows.items()
            for n, field in enumerate(_fields(model))
            if wanted(field)
            for row in rows
        }
        return sorted(found - {None})


def _sent(value: Any) -> Any:
    """SQLite answers with times, and takes texts."""
    return connection.ops.adapt_timefield_value(value) if isinstance(value, time) else value


def _models() -> list[type[Model]]:
    return apps.get_models(include_auto_created=True)


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    return list(model._meta.local_concrete_fields)


def _columns(model: type[Model]) -> list[str]:
    return [str(field.column) for field in _fields(model)]


def _rows(model: type[Model]) -> list[Row]:
    """As the database holds them, and not as fields would have them."""
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, _columns(model)))
    order = quoted(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {quoted(model._meta.db_table)} ORDER BY {order}")
        return list(cursor.fetchall())
