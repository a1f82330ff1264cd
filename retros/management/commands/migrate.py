"""Django's own `migrate`, with the index of the search around it (retros/search/index.py), killed at any moment."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from retros.search import index


class Executor(MigrationExecutor):
    def apply_migration(self, *arguments: Any, **options: Any) -> Any:
        """What it does and that it was done in one transaction.

        Django puts down after the commit that a migration was done which left SQL to its end, such as an index: one
        that was killed between the two would be done again, and fail. On SQLite foreign keys are not looked at
        meanwhile, which a transaction that began cannot change any more; Django checks them at its end.
        """
        sqlite = self.connection.vendor == "sqlite"
        if sqlite:
            self.connection.disable_constraint_checking()
        try:
            with transaction.atomic(using=self.connection.alias):
                return super().apply_migration(*arguments, **options)
        finally:
            if sqlite:
                self.connection.enable_constraint_checking()


migrate.MigrationExecutor = Executor  # type: ignore[attr-defined]  # the command has no other place for one


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
