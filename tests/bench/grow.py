"""Makes a database of the size that an installation has after years, in a few statements.

One pair goes through its years by the verbs of the models. All of its rows are then copied for each other pair within
the database: every id is made anew from the old one and the pair's number, dates move by some weeks, and what
has to be unique gets the number. So the data is whole by every constraint, whatever tables there are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Lead, Membership, Partnership, Person
from retros.dates import rhythm
from retros.models import Session
from retros.recurrence.rule import PRESETS, Rule
from tests.factories import PersonFactory
from tests.retros import play
from tests.retros.model import WRITE, make_pair
from tests.retros.streams import cookie_of

RETROS_A_YEAR = 6
CARDS = 15  # of a retro, beside five answers: 1.4 million of both in 2,000 pairs and 6 years
SPREAD = 8  # weeks over which the dates of the pairs lie: the time from one retro to the next
LED = 50  # pairs of one lead
APPS = ("partnerships", "retros", "account")
NUMBERED = ("email", "name", "label")  # texts that tell one row from another, beside those that must be unique


def grow(pairs: int, years: int) -> None:
    """Raises IntegrityError when the copies are not what the database takes."""
    first = one_pair(years)
    with connection.cursor() as cursor, unchecked(cursor):
        copy_all(cursor, pairs)
    ada, sara = (PersonFactory.create(name=name, is_staff=name == "Ada") for name in ("Ada", "Sara"))
    led = Partnership.objects.exclude(pk=first.pk).order_by("pk")[:LED]
    Lead.objects.bulk_create(Lead(partnership=pair, person=sara, assigned_by=ada) for pair in led)


def copy_all(cursor: Any, pairs: int) -> None:
    """From the rows of one pair those of `pairs`."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("md5", 1, md5)
    copied = [model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True)]
    for model in copied:
        cursor.execute(copying(model, set(copied), pairs))
    for statement in connection.ops.sequence_reset_sql(no_style(), copied):
        cursor.execute(statement)


def one_pair(years: int) -> Partnership:
    pair = make_pair()
    with transaction.atomic():
        for number in range(years * RETROS_A_YEAR, 0, -1):
            session = play.start(pair.partnership)
            for card in range(CARDS):
                by, column = (pair.ines, pair.tom)[card % 2], ("good", "bad", "talk")[card % 3]
                play.fold(session, by, f"Card {card}: what went well, in a sentence of the usual length", column=column)
            finish(pair.partnership, session)
            on = timezone.now() - timedelta(days=365 * number / RETROS_A_YEAR)
            moved = {"started_at": on, "closed_at": on, "held_on": on.date(), "start_utc": on}
            Session.objects.filter(pk=session.pk).update(**moved, start_local=on)
        day = timezone.localdate() + timedelta(weeks=SPREAD, days=2)
        rhythm.begin(pair.partnership, by=pair.ines, rule=Rule.starting(day, PRESETS["every_8_weeks"], time(14), "UTC"))
    return pair.partnership


def finish(partnership: Partnership, session: Session) -> None:
    play.go_on(session, "look_back")
    for person in play.members(partnership):
        play.answer_pulse(session, person, 4, 3)
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind)
    play.agree(partnership, f"What we try after {session.pk}")
    play.go_on(session, "conclude")
    play.reveal(session, "close")
    play.go_on(session, "close")


@contextmanager
def unchecked(cursor: Any) -> Iterator[None]:
    """On SQLite foreign keys are checked once, at the end; on PostgreSQL the triggers rest that check each row."""
    if connection.vendor == "postgresql":
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does
    else:
        cursor.execute("PRAGMA foreign_keys=OFF")
        with transaction.atomic():
            yield
            connection.check_constraints()
        cursor.execute("PRAGMA foreign_keys=ON")


def md5(text: str | None) -> str | None:
    return None if text is None else hashlib.md5(text.encode()).hexdigest()


def copying(model: type[models.Model], copied: set[type[models.Model]], pairs: int) -> str:
    columns = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
    values = ", ".join(value(field, copied) for field in model._meta.concrete_fields)
    table = model._meta.db_table
    numbers = (
        "WITH RECURSIVE numbers(of_pair) AS (SELECT 1 UNION ALL SELECT of_pair + 1 FROM numbers WHERE of_pair < {})"
    )
    return (
        f'{numbers.format(pairs - 1)} INSERT INTO "{table}" ({columns}) SELECT {values} '
        f'FROM (SELECT * FROM "{table}") AS t CROSS JOIN numbers'
    )


def value(field: models.Field[Any, Any], copied: set[type[models.Model]]) -> str:
    """The expression for a copy's column."""
    column, target = f't."{field.column}"', field
    while isinstance(target, models.ForeignKey):
        if target.related_model not in copied:
            return column
        target = target.target_field
    if isinstance(target, models.UUIDField):
        if connection.vendor == "postgresql":
            return f"md5({column}::text || of_pair)::uuid"
        return f"md5({column} || '-' || of_pair)"
    if isinstance(target, models.AutoField) or (target.primary_key and isinstance(target, models.IntegerField)):
        return f"{column} + of_pair * 100000"
    if isinstance(field, models.DateTimeField | models.DateField):
        return moved(column, is_day=not isinstance(field, models.DateTimeField))
    if isinstance(field, models.CharField) and (field.unique or field.name in NUMBERED):
        return f"{column} || ' ' || of_pair" if field.name in {"name", "label"} else f"{column} || of_pair"
    return column


def moved(column: str, *, is_day: bool) -> str:
    days = f"((of_pair % {SPREAD}) * 7)"
    if connection.vendor == "postgresql":
        return f"{column} - {days}" if is_day else f"{column} - {days} * interval '1 day'"
    days = f"'-' || {days} || ' days'"
    return f"date({column}, {days})" if is_day else f"strftime('%Y-%m-%d %H:%M:%f', {column}, {days})"


def visits(number: int) -> dict[str, list[tuple[str, str]]]:
    """By the name of a page: addresses with cookies, of `number` pairs, an admin, a lead. “bare” is the floor."""
    pairs = list(Partnership.objects.order_by("pk")[: number * 7 : 7])
    found: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        cookie = cookie_of(Membership.objects.filter(partnership=pair, seat="a").select_related("person").get().person)
        held = Session.objects.filter(partnership=pair).held().first()
        ways = {name: reverse(name, args=[pair.pk]) for name in OF_A_PAIR}
        if held:
            ways |= {
                "session_print": reverse("session_print", args=[held.pk]),
                "board": reverse("step_detail", args=[held.pk, WRITE]),
            }
            ways["bare"] = f"/bare/{held.pk}/"
        for name, way in ways.items():
            found.setdefault(name, []).append((way, cookie))
    for who, names in {"Ada": OF_AN_ADMIN, "Sara": ("lead_list",)}.items():
        cookie = cookie_of(Person.objects.get(name=who))
        found |= {name: [(reverse(name), cookie)] for name in names}
    return found


OF_A_PAIR = ("partnership_detail", "history_detail", "action_list", "agreement_list", "series_detail")
OF_AN_ADMIN = (
    "schedule", "schedule_month", "schedule_load", "schedule_checks", "person_list", "admin_partnership_list",
    "audit_list", "mail_list",
)  # fmt: skip
