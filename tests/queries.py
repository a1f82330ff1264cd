"""How often the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements sent in this block. Unlike Django's own list it asks SQLite for no text with the values in it,
    which would be a second question for each.
    """
    statements: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield statements
