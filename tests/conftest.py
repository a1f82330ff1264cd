from __future__ import annotations

import fcntl
import gc
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.db.backends.postgresql.base import DatabaseWrapper as PostgreSQL
from django.db.backends.postgresql.operations import DatabaseOperations as PostgreSQLOperations
from django.template.base import Template
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from whitenoise.base import WhiteNoise

from tests import served
from tests.browser import CHROMIUM_FLAGS, FIREFOX_DRIVER, FLEETING, Watched, chromium
from tests.cast import ada as ada
from tests.cast import cast as cast
from tests.cast import mail_at_once as mail_at_once
from tests.cast import mail_without_commit as mail_without_commit
from tests.cast import people as people
from tests.presses import both as both
from tests.scenes import scene as scene
from tests.world import made_world as made_world
from tests.world import world as world

# Playwright's own loop runs in the test's thread, and the ORM would refuse to work beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

hypothesis_settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.register_profile("deep", hypothesis_settings.get_profile("default"), max_examples=1000)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

_render = Template._render  # type: ignore[attr-defined]  # before Django's test environment puts its own in its place


# Whole crawls and machines, and what waits long, the longest first: dealt out, and begun before all others, so that no
# worker ends alone with one.
LONGEST = (
    "test_everything_goes_to_postgresql_and_back",
    "test_what_is_restored_signs_nobody_in_and_sends_nothing_of_the_past",
    "test_no_page_costs_more_with_sixty_pairs_than_with_ten", "test_nobody_reads_what_is_not_theirs",
    "test_every_state_of_the_room_is_for_everybody", "test_everybody_can_use_every_page",
    "test_the_engine_keeps_its_rules", "test_the_two_and_the_rules_agree", "test_the_table",
    "test_the_partner_is_shown_a_card_with_the_reveal_and_not_before", "test_nothing_in_any_field_is_a_fault_of_ours",
    "test_400_days", "test_some_orders_end_as_a_serial_one", "test_a_server_killed_in_the_middle_of_a_sentence",
    "test_a_whole_retro_by_the_keyboard", "test_a_whole_retro_without_script",
    "test_nobody_can_tell_whether_she_wrote_alone", "test_a_killed_worker_loses_no_mail_and_sends_at_most_one_again",
    "test_what_is_written_alone_is_not_to_be_inferred", "test_a_server_with_open_streams_stops_at_once_and_cleanly",
    "test_coming_back_after_a_while_points_the_partner", "test_coming_into_the_room_points_the_partner_once",
    "test_a_third_lost_and_the_rest_late", "test_a_whole_retro_by_two_people",
    "test_two_show_their_lead_what_they_need", "test_what_is_written_alone_shows_nowhere",
    "test_who_left_was_suspended_or_signed_out_reads_nothing", "test_killed_at_random_points",
    "test_it_is_upgraded_with_every_text_and_everybodys_view", "test_several_share_a_port_and_one_of_them_works",
    "test_a_list_of_measures_that_changes", "test_nothing_in_an_address_is_a_fault_of_ours",
    "test_two_new_people_on_a_phone_with_mail", "test_the_first_hour_of_an_admin",
    "test_killed_in_the_middle_it_is_unchanged_or_done_and_runs_again",
    "test_no_date_is_lost_or_doubled_and_mails_are_as_the_rules_say", "test_a_right_that_ends_is_dark_everywhere",
)  # fmt: skip

# Not for `bin/test --quick`: modules that crawl the site, or run machines, races and servers; and those whose tests
# take more than 0.15 s of processor time each, since they press through whole retros, months, pairs or ways to sign in.
# Nor is a test that asks for the collected files, which take four seconds to be made.
LONG_MODULES = {
    "test_agreement_machine", "test_at_size", "test_bad_input", "test_both_at_once", "test_canary",
    "test_engine_inference", "test_engine_machine", "test_engine_orders", "test_engine_races", "test_every_route",
    "test_inference", "test_live", "test_live_hub", "test_live_stop", "test_noninterference", "test_outside",
    "test_revocation", "test_sequences", "test_series_races", "test_serve", "test_several_processes", "test_worker",
    "test_worker_killed", "test_adoption", "test_agreement_pages", "test_backup", "test_bulk", "test_diff",
    "test_erasure", "test_export", "test_from_here_on", "test_import_partnerships", "test_preview", "test_releases",
    "test_reminders", "test_retention", "test_revived", "test_room", "test_schedule", "test_sittings", "test_trend",
    "test_who_finds", "test_exercises", "test_take_along", "test_bench", "test_exports_and_visibility", "test_demo",
    "test_every_mail", "test_agreed", "test_alone", "test_pair_dates", "test_memory_at_once", "test_attention",
    "test_agreements_from_the_room", "test_only_me", "test_ten_years", "test_series_pages", "test_sign_in_changes",
    "test_history", "test_spreadsheet", "test_devices", "test_cells", "test_said", "test_came_from", "test_oidc",
    "test_second_factor", "test_templates", "test_bulk_lines_migration", "test_guide", "test_measures", "test_helped",
    "test_ending",
}  # fmt: skip


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """A test that asks for the browser is a browser test, said or not; the longest are each worker's first ones.

    Of the others every second worker begins with those in the browser, which wait more than they work, and the rest
    without: then there is always somebody who works.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if item.path.stem in LONG_MODULES or "static_files" in getattr(item, "fixturenames", ()):
            item.add_marker("long")
    yield  # other plugins take away what is not asked for
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))  # each begins with so many in a row
    names = [getattr(item, "originalname", "") for item in items]
    longest = [item for name in LONGEST for item, its in zip(items, names, strict=True) if its == name]
    others = [item for item, its in zip(items, names, strict=True) if its not in LONGEST]
    halves = [[item for item in others if ("browser" in item.keywords) == in_browser] for in_browser in (True, False)]
    items.clear()
    for n in range(workers):
        shares = [half[len(half) * n // workers : len(half) * (n + 1) // workers] for half in halves]
        items += longest[n::workers] + shares[n % 2] + shares[1 - n % 2]


def pytest_runtest_setup() -> None:
    """No test begins in the last twenty seconds of a day (UTC): one that says “in a week” twice means the same day."""
    left = 86_400 - time.time() % 86_400
    if left < 20:
        time.sleep(left)


def pytest_collection_finish() -> None:
    """What was imported stays to the end: no collection of garbage need walk over it again, nor one every few pages."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _templates_as_served(django_test_environment: None) -> None:
    """Without copies of each template's context for `answer.context`, which nobody reads: a quarter of a request."""
    Template._render = _render  # type: ignore[attr-defined]


@pytest.fixture(scope="session", autouse=True)
def _static_files_listed_once() -> Iterator[None]:
    """Each test client makes middlewares of its own, and Whitenoise's would read a folder that nobody changes again."""
    lists, known = WhiteNoise.update_files_dictionary, dict[str, dict[str, Any]]()

    def update_files_dictionary(self: WhiteNoise, root: str, prefix: str) -> None:
        if root not in known:
            own, self.files = self.files, {}
            lists(self, root, prefix)
            known[root], self.files = self.files, own
        self.files.update(known[root])

    with mock.patch.object(WhiteNoise, "update_files_dictionary", update_files_dictionary):
        yield


# --- The database --------------------------------------------------------------------------------

MIGRATED = "test_migrated"  # on PostgreSQL, the one that all others are copies of


@contextmanager
def by_one_of_all(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A place that all workers of this run share; whoever comes while another is in this block waits."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / name


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """On SQLite the file is there already when it is a copy; it goes with its folder (tests/settings.py)."""
    return connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: Any,
) -> None:
    """The migrations run once: the first worker makes a database, and each begins with a copy of it.

    On PostgreSQL it stays as long as the server does; a later run makes it anew.
    """
    with by_one_of_all(tmp_path_factory, "migrated") as migrated, django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            test = connection.settings_dict["TEST"]["NAME"]
            if migrated.exists():
                shutil.copyfile(migrated, test)
            else:
                _migrate(test)
                shutil.copyfile(test, migrated)
        else:
            if not migrated.exists():
                _migrate(MIGRATED)
                migrated.touch()
            connection.settings_dict["TEST"]["TEMPLATE"] = MIGRATED


def _migrate(name: str) -> None:
    """Makes a database of this name with all migrations, and leaves it."""
    settings = connection.settings_dict
    before, test = settings["NAME"], settings["TEST"]["NAME"]
    settings["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    if isinstance(own := connections[DEFAULT_DB_ALIAS], PostgreSQL):
        own.close_pool()
    settings["NAME"], settings["TEST"]["NAME"] = before, test


@pytest.fixture(scope="session", autouse=True)
def _prepared_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    served.shared[:] = [partial(by_one_of_all, tmp_path_factory, "prepared")]


@pytest.fixture(scope="session", autouse=True)
def _flushed_and_no_more() -> Iterator[None]:
    """Nothing here has permissions. Made anew after each flush, they would take longer than the flush."""
    with mock.patch("django.core.management.commands.flush.emit_post_migrate_signal"):
        yield


# TRUNCATE makes every file of every table and index anew: forty times what it takes to delete the few rows of a test,
# without the triggers that would look for others or refuse it. A table of more than ten pages is worth it; and the
# planner takes a smaller one without statistics for ten pages, whether it was emptied so or so.
DELETED_OR_TRUNCATED = """DO $$
DECLARE
  tables regclass[] := %s;
  one regclass;
BEGIN
  IF current_setting('is_superuser') = 'off'
      OR EXISTS (SELECT FROM unnest(tables) AS t WHERE pg_relation_size(t) > 10 * 8192) THEN
    %s
  ELSE
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT t FROM unnest(tables) AS t WHERE pg_relation_size(t) > 0 LOOP
      EXECUTE format('DELETE FROM %%s', one);
    END LOOP;
  END IF;
END $$"""


@pytest.fixture(scope="session", autouse=True)
def _flushed_by_deleting() -> Iterator[None]:
    """On PostgreSQL; what Django does on SQLite takes a few milliseconds."""
    truncating = PostgreSQLOperations.sql_flush

    def sql_flush(self: PostgreSQLOperations, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        truncated = "".join(f"{statement}\n" for statement in truncating(self, no_style(), tables, **options))
        names = ", ".join(f"'{self.quote_name(table)}'" for table in tables)
        return [DELETED_OR_TRUNCATED % (f"ARRAY[{names}]", truncated)]

    with mock.patch.object(PostgreSQLOperations, "sql_flush", sql_flush):
        yield


@pytest.fixture(scope="session", autouse=True)
def _nobody_stays_connected(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A thread that a test had killed may still hold a connection, and PostgreSQL drops no database in use.

    Where no test asks for a database there is none of this worker, and the one that is there is the others' too.
    """
    yield
    with django_db_blocker.unblock():
        own = str(connection.settings_dict["NAME"]).startswith(TEST_DATABASE_PREFIX)
        if connection.vendor == "postgresql" and own:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            connection.close()


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """The cache (the limits of the sign-in) is a table without a model: a rollback empties it, a flush does not."""
    yield
    marker = request.node.get_closest_marker("django_db")
    flushed = marker is not None and marker.kwargs.get("transaction", False)
    if flushed or {"transactional_db", "live_server"} & set(request.fixturenames):
        with django_db_blocker.unblock():
            cache.clear()
            connections.close_all()


# --- The running application ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What users get: the joined, hashed, compressed files; collected by the first worker that needs them."""
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "config.storage.LeanStorage"},
    }
    with by_one_of_all(tmp_path_factory, "static") as root, override_settings(STATIC_ROOT=root, STORAGES=storages):
        if not root.exists():
            call_command("collectstatic", interactive=False, verbosity=0)
    with override_settings(STATIC_ROOT=root, STORAGES=storages):
        yield root


class LiveServer:
    """The application as it is served, streams included, in a thread of this process on a port of its own."""

    def __init__(self) -> None:
        import uvicorn

        from config.asgi import Application
        from config.serve import bound, configured

        self.app = Application()  # made now, so that it finds the collected files
        self.settings = configured(self.app, port=0)
        self._socket = bound(self.settings)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(self.settings)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def at(self, name: str) -> str:
        """The address under which `name` has cookies of their own."""
        return f"http://{name}.localhost:{self.port}"

    def start(self) -> None:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("The live server did not start; its own words stand above.")
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "The live server did not stop within 10 seconds."


@pytest.fixture(scope="session")
def _live_server(django_db_setup: None, django_db_blocker: Any, static_files: Path) -> Iterator[LiveServer]:
    with django_db_blocker.unblock():
        server = LiveServer()
        server.start()
        yield server
        server.stop()


@pytest.fixture(autouse=True)
def _live_server_helper() -> None:
    """Instead of pytest-django's own, which expects the live server of Django."""


@pytest.fixture
def live_server(_live_server: LiveServer, transactional_db: None) -> LiveServer:
    """Rows are written for real, so that the server's threads see them; they are cleared after the test."""
    return _live_server


# --- Chromium ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)  # ms, as long as a slow machine needs; what is there is seen at once
    os.environ["NODE_OPTIONS"] = f"--require {FIREFOX_DRIVER}"
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Any) -> Iterator[Any]:
    running = playwright.chromium.launch(executable_path=chromium(), args=[*CHROMIUM_FLAGS, FLEETING])
    yield running
    running.close()


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Fails the test for what the browser complained of, but for the answers that the test expects."""
    watch = Watched()
    yield watch
    watch.complain()


@pytest.fixture
def new_context(browser: Any, live_server: LiveServer, watched: Watched) -> Iterator[Callable[..., Any]]:
    """Makes a context: one for each person, with cookies of their own. Options go to Playwright."""
    opened: list[Any] = []

    def make(**options: Any) -> Any:
        context = browser.new_context(**{"base_url": live_server.url, "reduced_motion": "reduce", **options})
        context.set_default_timeout(30_000)
        watched.over(context)
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture
def context(new_context: Callable[..., Any]) -> Any:
    return new_context()


@pytest.fixture
def page(context: Any) -> Any:
    return context.new_page()
