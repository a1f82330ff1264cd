"""Django's own `migrate`, with the index of the search around it (retros/search/index.py)."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from retros.search import index


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        looks_only = options["plan"] or options["check_unapplied"]
        some = options["app_label"] or _has_work(MigrationExecutor(connection))  # those of one app may also go back
        if not looks_only and connection.vendor == "sqlite" and some:
            index.remove(connection)
        super().handle(*args, **options)
        if not looks_only:
            index.install(connection)


def _has_work(executor: MigrationExecutor) -> bool:
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
