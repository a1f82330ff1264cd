"""Queries that are asked with every look at a room: worded as SQL once in a process, then asked about other rows.

Django takes several times as long to word a query as a database takes to answer it (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Model, QuerySet, UUIDField

M = TypeVar("M", bound=Model)


class CompiledQuery(Generic[M]):
    """A query about rows whose keys are UUIDs: `query(*rows)` finds what `make(*rows)` would find.

    `make` is called once for a database, with rows of `models` that do not exist; it may use nothing of them but their
    keys, and the query of all rows is the same but for these. It may annotate and defer; it brings no related rows.
    Raises ValueError when a key has no part in the query: a person who plays no part could be anybody.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], *models: type[Model]) -> None:
        self._make, self._models = make, models
        self._worded: dict[str, tuple[type[M], str, list[tuple[int | None, object]]]] = {}

    def __call__(self, *rows: Model) -> list[M]:
        worded = self._worded.get(connection.vendor) or self._word()
        model, sql, parameters = worded
        keys = [_adapted(row.pk) for row in rows]
        values = [value if at is None else keys[at] for at, value in parameters]
        return list(model._base_manager.raw(sql, values))

    def _word(self) -> tuple[type[M], str, list[tuple[int | None, object]]]:
        """The SQL with its parameters: each the place of a row whose key it is, or a value that is always the same."""
        rows = [model(pk=uuid4()) for model in self._models]
        places = {_adapted(row.pk): at for at, row in enumerate(rows)}
        found = self._make(*rows)
        sql, values = found.query.sql_with_params()
        parameters = [(places.get(value) if isinstance(value, str | UUID) else None, value) for value in values]
        if missing := set(places.values()) - {at for at, _value in parameters}:
            raise ValueError(f"{', '.join(self._models[at].__name__ for at in missing)}: not in {sql}")
        self._worded[connection.vendor] = found.model, sql, parameters
        return self._worded[connection.vendor]


def _adapted(key: UUID) -> Any:
    """As the database at hand takes it."""
    return UUIDField().get_db_prep_value(key, connection)
