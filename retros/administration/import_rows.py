"""Reading a file of partnerships: every line becomes a row that can be planned, or an error that names it.

Pure: text in, rows out (docs/rules/scheduling.md S24). Messages never repeat what was typed: they say what can be.
"""

from __future__ import annotations

import csv
import enum
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from partnerships import zones
from partnerships.content import clean_name
from partnerships.refusals import Invalid
from retros import limits
from retros.recurrence.rule import CENTURY, PRESETS, Rule

COLUMNS = ("member_a_email", "member_b_email", "label", "cadence", "first_date", "time", "timezone", "duration")
DURATIONS = range(15, 241)
TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")


class Error(enum.Enum):
    DUPLICATE_PAIR = "duplicate_pair", _("The same two people stand on an earlier line.")
    SAME_PERSON = "same_person", _("A partnership is two different people.")
    INVALID_EMAIL = "invalid_email", _("One of the two is no email address.")
    INVALID_LABEL = "invalid_label", _("The label is missing, too long, holds an address, or is not one line of text.")
    INVALID_DATE = "invalid_date", _("There is no such date. Write it as 2027-02-09.")
    INVALID_TIME = "invalid_time", _("There is no such time. Write it as 14:00.")
    INVALID_DURATION = "invalid_duration", _("A retro takes 15 to 240 minutes.")
    UNKNOWN_TIMEZONE = "unknown_timezone", _("There is no such time zone. Write it as Europe/Tallinn.")
    NONEXISTENT_TIME = "nonexistent_time", _("The clocks jump over that time on the first date.")
    IN_PAST = "in_past", _("The first date has gone by.")
    AMBIGUOUS_CADENCE = "ambiguous_cadence", _("That can mean two things. Write “weekly” or “every 2 weeks”.")
    UNKNOWN_CADENCE = (
        "unknown_cadence",
        _("Write weekly, every 2 weeks, every 4 weeks, every 8 weeks, monthly, every 2 months or quarterly."),
    )
    ACCOUNT_OFF = "account_off", _("One of the two accounts is switched off.")
    FOREIGN_DOMAIN = "foreign_domain", _("Addresses of one of these domains cannot be used here.")
    WRONG_COLUMNS = "wrong_columns", _("The line has more or fewer cells than the first one.")

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words


class RowNotice(enum.Enum):
    READ_AS_EVERY_2_MONTHS = "read_as_every_2_months", _("Read as every 2 months.")
    IS_THERE = "is_there", _("These two are here with that label already.")

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words


_CADENCES = {
    **{key: key for key in PRESETS},
    **{key.replace("_", " "): key for key in PRESETS},
    "every week": "weekly",
    "every month": "monthly",
    "every quarter": "quarterly",
    "every 3 months": "quarterly",
}
_READ_AS_TWO_MONTHS = {"bimonthly", "bi monthly"}
_AMBIGUOUS = {"biweekly", "bi weekly", "biannually", "semiweekly", "semi weekly", "semimonthly", "semi monthly"}


@dataclass(frozen=True)
class ImportRow:
    """One line. With an `error` nothing of it can be planned; `other_line` is the one it repeats."""

    line: int
    emails: tuple[str, str] = ("", "")
    label: str = ""
    cadence: str = ""
    rule: Rule | None = None
    error: Error | None = None
    other_line: int | None = None
    notice: RowNotice | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def pair(self) -> frozenset[str]:
        """The two, in whatever order and case."""
        return frozenset(self.emails)


class _Wrong(Exception):
    def __init__(self, error: Error) -> None:
        self.error = error


def parse(text: str, *, now: datetime) -> list[ImportRow]:
    """Every line but the first, in the order of the file.

    Raises Invalid when the first line names other columns, and when there are more lines than one file may have.
    """
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        return list(_rows(reader, now))
    except csv.Error as error:
        raise Invalid(_("We cannot read this as a table. Save it as CSV.")) from error


def _rows(reader: Any, now: datetime) -> Iterator[ImportRow]:
    names = [name.strip().lower() for name in next(reader, [])]
    if sorted(names) != sorted(COLUMNS):
        known = ", ".join(COLUMNS)
        raise Invalid(_("The first line names the columns: %(columns)s.") % {"columns": known})
    seen: dict[frozenset[str], int] = {}
    end = reader.line_num
    count = 0
    for cells in reader:
        line, end = end + 1, reader.line_num  # a quoted cell may hold line breaks
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > limits.IMPORT_LINES:
            raise _too_many()
        try:
            if len(cells) != len(names):
                raise _Wrong(Error.WRONG_COLUMNS)
            row = _row(line, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}, now)
        except _Wrong as wrong:
            row = ImportRow(line, error=wrong.error)
        if row.ok and row.pair in seen:
            row = ImportRow(line, error=Error.DUPLICATE_PAIR, other_line=seen[row.pair])
        if row.ok:
            seen[row.pair] = line
        yield row


def _too_many() -> Invalid:
    most = number_format(limits.IMPORT_LINES, force_grouping=True)
    words = _("A file can have at most %(lines)s lines. Split it, and read in one part at a time.")
    return Invalid(words % {"lines": most})


def _row(line: int, cells: dict[str, str], now: datetime) -> ImportRow:
    a, b = (_email(cells[name]) for name in COLUMNS[:2])
    if a == b:
        raise _Wrong(Error.SAME_PERSON)
    label = _label(cells["label"])
    cadence, notice = _cadence(cells["cadence"])
    day, clock = _day(cells["first_date"]), _time(cells["time"])
    minutes, zone = _minutes(cells["duration"]), _zone(cells["timezone"])
    rule = Rule.starting(day, PRESETS[cadence], clock, zone, duration_min=minutes)
    slot = rule.slot(day)
    if slot.start_local != datetime.combine(day, clock):
        raise _Wrong(Error.NONEXISTENT_TIME)
    if slot.start_utc < now:
        raise _Wrong(Error.IN_PAST)
    return ImportRow(line, (a, b), label, cadence, rule, notice=notice)


def _email(cell: str) -> str:
    try:
        validate_email(cell)
    except ValidationError as error:
        raise _Wrong(Error.INVALID_EMAIL) from error
    return cell.lower()


def _label(cell: str) -> str:
    try:
        label = clean_name(cell)
    except ValidationError as error:
        raise _Wrong(Error.INVALID_LABEL) from error
    if not label:
        raise _Wrong(Error.INVALID_LABEL)
    return label


def _cadence(cell: str) -> tuple[str, RowNotice | None]:
    words = " ".join(re.split(r"[\s_-]+", cell.lower().strip()))
    if words in _READ_AS_TWO_MONTHS:
        return "every_2_months", RowNotice.READ_AS_EVERY_2_MONTHS
    if words in _AMBIGUOUS:
        raise _Wrong(Error.AMBIGUOUS_CADENCE)
    if words not in _CADENCES:
        raise _Wrong(Error.UNKNOWN_CADENCE)
    return _CADENCES[words], None


def _day(cell: str) -> date:
    try:
        day = datetime.strptime(cell, "%Y-%m-%d").date()  # noqa: DTZ007 (a wall date)
    except ValueError as error:
        raise _Wrong(Error.INVALID_DATE) from error
    if day.year not in CENTURY:
        raise _Wrong(Error.INVALID_DATE)
    return day


def _time(cell: str) -> time:
    match = TIME.fullmatch(cell)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise _Wrong(Error.INVALID_TIME)
    return time(int(match[1]), int(match[2]))


def _minutes(cell: str) -> int:
    if not cell:
        return 60
    if not (cell.isascii() and cell.isdigit() and len(cell) < 5 and int(cell) in DURATIONS):
        raise _Wrong(Error.INVALID_DURATION)
    return int(cell)


def _zone(cell: str) -> str:
    if cell not in zones.known():
        raise _Wrong(Error.UNKNOWN_TIMEZONE)
    return cell
