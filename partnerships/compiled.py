"""Queries that are asked with every look at a page: worded as SQL once in a process, then asked about other rows.

Django takes several times as long to word a query as a database takes to answer it (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID, uuid4
from weakref import WeakSet

from django.db import connection, connections
from django.db.models import Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import ValuesListIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

R = TypeVar("R")

Given = Model | UUID | datetime | date | str | int
Converter = Callable[[Any, Any, Any], Any]
Converters = dict[int, tuple[list[Converter], Any]]

OF_SQLITE = {"convert_uuidfield_value", "convert_datetimefield_value"}  # of texts: the same each time, and immutable
CONVERTED = 512  # of each column of a query


class Worded(NamedTuple):
    database: str
    sql: str
    parameters: list[tuple[int | None, object]]  # each the place of what is given, or a value that is always the same
    objects: Callable[[list[Any]], list[Any]]  # of the rows that come; or the rows, of a `values_list`


_made: WeakSet[CompiledQuery[Any]] = WeakSet()


def word_all() -> None:
    """Words what is made already, so that no page has to. It asks the database nothing."""
    for query in list(_made):
        query._word()


class CompiledQuery(Generic[R]):
    """A query that differs in what it is asked about alone: `query(*given)` finds what `make(*given)` would find.

    `make` is called for each kind of database, with stand-ins for what is given: a row of a model that does not exist,
    of which it may use nothing but the key, or any UUID, moment, day, text or number. The query must be the same but
    for these: it may annotate, defer and bring related rows (`select_related`, not `prefetch_related`), or be a
    `values_list`. Where a row stands in, its key will do.

    Raises ValueError when something given has no part in the query (a person who plays no part could be anybody), or
    something else differs from time to time: what `make` reckoned from a stand-in, or looked up by itself.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, R]], *kinds: type[Given]) -> None:
        self._make, self._kinds = make, kinds
        self._worded: dict[str, Worded] = {}
        _made.add(self)

    def __call__(self, *given: Given) -> list[R]:
        worded = self._worded.get(connection.vendor) or self._word()
        found = [_adapted(each) for each in given]
        values: list[Any] = [value if at is None else found[at] for at, value in worded.parameters]
        with connections[worded.database].cursor() as cursor:
            cursor.execute(worded.sql, values)
            return worded.objects(cursor.fetchall())

    def _word(self) -> Worded:
        """Twice, about different things: what differs otherwise would be frozen."""
        worded, again = self._worded_about(1), self._worded_about(2)
        if (worded.sql, worded.parameters) != (again.sql, again.parameters):
            raise ValueError(f"Differs by more than what is given: {worded.sql}")
        self._worded[connection.vendor] = worded
        return worded

    def _worded_about(self, n: int) -> Worded:
        given = [_stand_in(kind, n * 100 + at) for at, kind in enumerate(self._kinds)]
        places = {_adapted(each): at for at, each in enumerate(given)}
        found = self._make(*given)
        compiler = found.query.get_compiler(connection=connections[found.db])
        sql, values = compiler.as_sql()
        parameters = [(at, None if at is not None else value) for value in values for at in [_place(places, value)]]
        if missing := set(places.values()) - {at for at, _value in parameters}:
            raise ValueError(f"{', '.join(self._kinds[at].__name__ for at in missing)}: not in {sql}")
        make = _rows if issubclass(found._iterable_class, ValuesListIterable) else _objects
        return Worded(found.db, sql, parameters, make(compiler, found.db))


def _objects(compiler: SQLCompiler, database: str) -> Callable[[list[Any]], list[Any]]:
    """What makes objects of rows: as Django does for each query, but with what is the same each time found once."""
    klass, select = compiler.klass_info, compiler.select
    first, last = klass["select_fields"][0], klass["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:last]]
    related = get_related_populators(klass, select, database)  # type: ignore[call-arg]  # the stubs are of Django 6
    converters = _remembering(compiler.get_converters([column[0] for column in select]))
    annotated = list((compiler.annotation_col_map or {}).items())

    model: type[Model] = klass["model"]

    def loaded(row: list[Any]) -> Model:
        """As Django's `from_db` makes it of a row: what was not read is no key of its values, and loads when asked for.

        It looks at each field of the model for each row; none of ours does more when it is loaded.
        """
        each = model.__new__(model)
        each._state = ModelState()
        each._state.db, each._state.adding = database, False
        each.__dict__.update(zip(names, row[first:last], strict=True))
        return each

    def objects(rows: list[Any]) -> list[Any]:
        found = []
        for row in compiler.apply_converters(rows, converters) if converters else rows:
            each = loaded(row)
            for populator in related:
                populator.populate(row, each)
            for name, column in annotated:
                setattr(each, name, row[column])
            found.append(each)
        return found

    return objects


def _rows(compiler: SQLCompiler, _database: str) -> Callable[[list[Any]], list[Any]]:
    """What makes the rows of a `values_list` of what comes."""
    converters = _remembering(compiler.get_converters([column[0] for column in compiler.select]))
    return lambda rows: [tuple(row) for row in compiler.apply_converters(rows, converters)]


def _remembering(converters: Converters) -> Converters:
    """The same, but an id or a moment that was read before in this process is not made of its text once more."""

    def remembering(convert: Converter, column: object) -> Converter:
        if getattr(convert, "__name__", "") not in OF_SQLITE:
            return convert
        known = lru_cache(CONVERTED)(lambda text: convert(text, column, connection))
        return lambda text, _column, _connection: known(text)

    return {at: ([remembering(each, column) for each in own], column) for at, (own, column) in converters.items()}


def _place(places: dict[Any, int], value: object) -> int | None:
    return places.get(value) if isinstance(value, str | UUID | datetime | date | int) else None


def _stand_in(kind: type[Given], n: int) -> Given:
    if issubclass(kind, Model):
        return kind(pk=uuid4())
    if issubclass(kind, datetime):
        return datetime(1901, 1, 1, 1, 2, 3, n, tzinfo=UTC) + timedelta(days=n)
    if issubclass(kind, date):
        return date(1901, 1, 1) + timedelta(days=n)
    if issubclass(kind, int):
        return -(10**9) - n
    return kind(str(uuid4()))


def _adapted(given: Given) -> Any:
    """As the database at hand takes it."""
    key = given.pk if isinstance(given, Model) else given
    if isinstance(key, UUID):
        return key if connection.features.has_native_uuid_field else key.hex
    if isinstance(key, datetime):
        return connection.ops.adapt_datetimefield_value(key)
    return connection.ops.adapt_datefield_value(key) if isinstance(key, date) else key
