"""Reading rows of partnerships: every line becomes a row that can be planned, or says what is wrong with it.

Pure: text in, rows out (docs/rules/scheduling.md S24). Messages never repeat what was typed: they say what can be.
"""

from __future__ import annotations

import csv
import enum
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from partnerships import limits as shared_limits
from partnerships import zones
from partnerships.content import clean_name
from partnerships.graphemes import cut, shorten
from partnerships.models import Partnership
from partnerships.refusals import Invalid
from retros import limits
from retros.recurrence.rule import CENTURY, DEFAULT, PRESETS, Rule

NEEDED = ("member_a_email", "member_b_email")
COLUMNS = (*NEEDED, "label", "cadence", "first_date", "time", "timezone", "duration")
DETAILS = ("kind", "member_a_role", "member_b_role", "lead_email")
DURATIONS = range(15, 241)
USUAL_TIME = time(10)  # of a date without one
CELL_SHOWN = 60  # characters of a cell that is wrong

# A date with its parts in the order of some country, and midnight behind it where a spreadsheet says that, too.
_DATE = re.compile(r"([0-9]{1,4})([-./]) ?([0-9]{1,2})\2 ?([0-9]{1,4})\.?(?:[ T]0?0:00(?::00)?)?")
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.][0-9]{2})?(?:\s?([ap])\.?\s?m\.?)?", re.IGNORECASE)
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?:mailto:)?(?P<email>[^<>]*)>[;,\s]*")

Value = TypeVar("Value")


class Error(enum.Enum):
    DUPLICATE_PAIR = "duplicate_pair", _("The same two people stand on an earlier line.")
    SAME_PERSON = "same_person", _("A partnership is two different people.")
    INVALID_EMAIL = "invalid_email", _("This is no email address. Write it as ann@example.org.")
    INVALID_LABEL = "invalid_label", _("A label is one line of 1 to 60 characters, without an address in it.")
    INVALID_DATE = "invalid_date", _("There is no such date. Write it as 2027-02-09.")
    AMBIGUOUS_DATE = "ambiguous_date", _("Say above whether the day or the month comes first.")
    INVALID_TIME = "invalid_time", _("There is no such time. Write it as 14:00.")
    INVALID_DURATION = "invalid_duration", _("A retro takes 15 to 240 minutes.")
    UNKNOWN_TIMEZONE = "unknown_timezone", _("There is no such time zone. Write it as Europe/Tallinn.")
    NONEXISTENT_TIME = "nonexistent_time", _("The clocks jump over that time on the first date.")
    IN_PAST = "in_past", _("The first date has gone by.")
    AMBIGUOUS_CADENCE = "ambiguous_cadence", _("That can mean two things. Write “weekly” or “every 2 weeks”.")
    UNKNOWN_CADENCE = (
        "unknown_cadence",
        _("Write weekly, every 2, 4, 6 or 8 weeks, monthly, every 2 months or quarterly."),
    )
    UNKNOWN_KIND = "unknown_kind", _("Write pm_designer, em_pm or other.")
    INVALID_ROLE = "invalid_role", _("A role is one line of at most 60 characters, without an address in it.")
    LEAD_IS_MEMBER = "lead_is_member", _("One of the two members cannot lead the partnership.")
    ACCOUNT_OFF = "account_off", _("This account is switched off. Switch it on first, or take somebody else.")
    FOREIGN_DOMAIN = "foreign_domain", _("Addresses of this domain cannot be used here.")
    WRONG_COLUMNS = "wrong_columns", _("The line has more or fewer cells than the first one.")

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words


class RowNotice(enum.Enum):
    READ_AS_EVERY_2_MONTHS = "read_as_every_2_months", _("Read as every 2 months.")
    IS_THERE = "is_there", _("These two are here with that label already.")
    LEAD_UNKNOWN = "lead_unknown", _("Put in without a lead: that one has no account yet.")

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
_NO_CADENCE: tuple[str, tuple[RowNotice, ...]] = DEFAULT, ()
_READ_AS_TWO_MONTHS = {"bimonthly", "bi monthly"}
_AMBIGUOUS = {"biweekly", "bi weekly", "biannually", "semiweekly", "semi weekly", "semimonthly", "semi monthly"}


@dataclass(frozen=True)
class Problem:
    """What is wrong, and in which cell, when it is one."""

    error: Error
    column: str = ""
    cell: str = ""
    other_line: int | None = None  # which this one repeats

    @property
    def shown(self) -> str:
        """What the cell holds, as far as it is of use."""
        return shorten(self.cell, CELL_SHOWN)


@dataclass(frozen=True)
class ImportRow:
    """One line. With problems nothing of it can be put in. Without a rule its dates are planned later."""

    line: int
    emails: tuple[str, str] = ("", "")
    label: str = ""
    has_label: bool = True  # and not one that is made of the two's names
    cadence: str = ""
    rule: Rule | None = None
    kind: str = Partnership.Kind.OTHER
    roles: tuple[str, str] = ("", "")
    lead: str = ""
    problems: tuple[Problem, ...] = ()
    notices: tuple[RowNotice, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def error(self) -> Error | None:
        """The first of them."""
        return self.problems[0].error if self.problems else None

    @property
    def is_there(self) -> bool:
        return RowNotice.IS_THERE in self.notices

    @property
    def pair(self) -> frozenset[str]:
        """The two, in whatever order and case."""
        return frozenset(self.emails)


@dataclass(frozen=True)
class DateQuestion:
    """A date of the file, as it is written there, that can be read by its day first or by its month first."""

    written: str
    day_first: date
    month_first: date


@dataclass(frozen=True)
class Table:
    """What a text holds: its rows, what has to be asked about their dates, and columns that nobody reads."""

    rows: list[ImportRow]
    question: DateQuestion | None
    unread: list[str]


class _Wrong(Exception):
    def __init__(self, error: Error) -> None:
        self.error = error


def parse(text: str, *, now: datetime, zone: str = "UTC", day_first: bool | None = None) -> Table:
    """Every line but the first, in the order of the text; empty ones are left out.

    `zone` is that of dates without one. `day_first` says how dates such as 2/9/2027 are read; None: that is asked.
    Raises Invalid when the first line does not name the two members, and when there are more lines than one file may
    have.
    """
    text = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        return _Reading(reader, now, zone, day_first).table()
    except csv.Error as error:
        raise Invalid(_("We cannot read this as a table. Save it as .xlsx, .ods or CSV.")) from error


def _separator(text: str) -> str:
    """Which of the three stands most often in the first line that is not empty."""
    head = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=head.count)


class _Reading:
    """One text on its way to rows."""

    def __init__(self, reader: Any, now: datetime, zone: str, day_first: bool | None) -> None:
        self.reader, self.now, self.zone, self.day_first = reader, now, zone, day_first
        self.question: DateQuestion | None = None

    def table(self) -> Table:
        names = _names(self.reader)
        rows = list(self._rows(names))
        known = {*COLUMNS, *DETAILS}
        return Table(rows, self.question, [shorten(name, CELL_SHOWN) for name in names if name and name not in known])

    def _rows(self, names: list[str]) -> Iterator[ImportRow]:
        seen: dict[frozenset[str], int] = {}
        end = self.reader.line_num
        count = 0
        for cells in self.reader:
            line, end = end + 1, self.reader.line_num  # a quoted cell may hold line breaks
            if not any(cell.strip() for cell in cells):
                continue
            count += 1
            if count > limits.IMPORT_LINES:
                raise _too_many()
            if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
                yield ImportRow(line, problems=(Problem(Error.WRONG_COLUMNS),))
                continue
            row = self._row(line, {name: cell.strip() for name, cell in zip(names, cells, strict=False)})
            if row.ok and row.pair in seen:
                row = ImportRow(line, problems=(Problem(Error.DUPLICATE_PAIR, other_line=seen[row.pair]),))
            if row.ok:
                seen[row.pair] = line
            yield row

    def _row(self, line: int, cells: Mapping[str, str]) -> ImportRow:
        """Every cell is looked at, so that all that is wrong is said at once."""
        problems: list[Problem] = []

        def read(column: str, convert: Callable[[str], Value], fallback: Value) -> Value:
            """What the cell says. An empty one says what is usual; one that is wrong is put down, and says that too."""
            if not (cell := cells.get(column, "")):
                return fallback
            try:
                return convert(cell)
            except _Wrong as wrong:
                said = "" if wrong.error is Error.AMBIGUOUS_CADENCE else cell  # no page says those words (S1)
                problems.append(Problem(wrong.error, column, said))
                return fallback

        (a, name_a), (b, name_b) = (read(column, _person, ("", "")) for column in NEEDED)
        problems += [Problem(Error.INVALID_EMAIL, column) for column in NEEDED if not cells[column]]
        if a == b and not problems:
            problems.append(Problem(Error.SAME_PERSON))
        has_label = "label" in cells
        if not has_label:
            cells = {**cells, "label": _own_label(name_a, name_b)}
        label = read("label", _label, "")
        if not cells["label"]:
            problems.append(Problem(Error.INVALID_LABEL, "label"))
        cadence, notices = read("cadence", _cadence, _NO_CADENCE)
        day = read("first_date", self._day, None)
        clock, minutes = read("time", _time, USUAL_TIME), read("duration", _minutes, 60)
        zone = read("timezone", _zone, self.zone)
        roles = read("member_a_role", _role, ""), read("member_b_role", _role, "")
        lead = read("lead_email", _person, ("", ""))[0]
        if lead and lead in {a, b}:
            problems.append(Problem(Error.LEAD_IS_MEMBER, "lead_email"))
        rule = None
        if day and not problems:
            rule = Rule.starting(day, PRESETS[cadence], clock, zone, duration_min=minutes)
            problems += self._misplaced(rule)
        kind = read("kind", _kind, str(Partnership.Kind.OTHER))
        if problems:
            return ImportRow(line, problems=tuple(problems))
        return ImportRow(line, (a, b), label, has_label, cadence, rule, kind, roles, lead, notices=notices)

    def _misplaced(self, rule: Rule) -> Iterator[Problem]:
        slot = rule.slot(rule.start_date)
        if slot.start_local != datetime.combine(rule.start_date, rule.local_time):
            yield Problem(Error.NONEXISTENT_TIME, "time")
        elif slot.start_utc < self.now:
            yield Problem(Error.IN_PAST, "first_date")

    def _day(self, cell: str) -> date:
        """A dot means the day first, a year in front the month next. Else both readings are tried."""
        match = _DATE.fullmatch(cell)
        if match is None:
            raise _Wrong(Error.INVALID_DATE)
        first, sign, middle, last = match.groups()
        if len(first) == 4:
            return _checked(_date(first, middle, last))
        day_first, month_first = _date(last, middle, first), _date(last, first, middle)
        if sign == ".":
            return _checked(day_first)
        if day_first is None or month_first is None or day_first == month_first:
            return _checked(day_first or month_first)
        self.question = self.question or DateQuestion(cell, day_first, month_first)
        if self.day_first is None:
            raise _Wrong(Error.AMBIGUOUS_DATE)
        return day_first if self.day_first else month_first


def _names(reader: Any) -> list[str]:
    """The columns, by the first line that is not empty. Raises Invalid."""
    lines: Iterator[list[str]] = (cells for cells in reader if any(cell.strip() for cell in cells))
    cells = next(lines, [])
    names = ["_".join(re.split(r"[\s_-]+", cell.strip().lower())) for cell in cells]
    known = [name for name in names if name in {*COLUMNS, *DETAILS}]
    if not set(NEEDED) <= set(known):
        words = _("The first line names the columns. Two have to be there: %(columns)s.")
        raise Invalid(words % {"columns": ", ".join(NEEDED)})
    if len(known) > len(set(known)):
        raise Invalid(_("The first line names a column twice."))
    return names


def _too_many() -> Invalid:
    most = number_format(limits.IMPORT_LINES, force_grouping=True)
    words = _("A file can have at most %(lines)s lines. Split it, and import one part at a time.")
    return Invalid(words % {"lines": most})


def _person(cell: str) -> tuple[str, str]:
    """The address in small letters, and the name that stands before it or is made of it."""
    named = _NAMED.fullmatch(cell)
    email = (named["email"] if named else cell).strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise _Wrong(Error.INVALID_EMAIL) from error
    name = named["name"].strip(" \t\"'") if named else ""
    return email.lower(), name or " ".join(re.split(r"[._+-]+", email.partition("@")[0])).title()


def _own_label(name_a: str, name_b: str) -> str:
    """Of a pair that the file has no label for."""
    words = _("%(a)s and %(b)s") % {"a": name_a, "b": name_b}
    return cut(str(words), shared_limits.NAME_LENGTH).strip()


def _label(cell: str) -> str:
    return _name(cell, Error.INVALID_LABEL)


def _role(cell: str) -> str:
    return _name(cell, Error.INVALID_ROLE)


def _name(cell: str, error: Error) -> str:
    try:
        return clean_name(cell)
    except ValidationError as refused:
        raise _Wrong(error) from refused


def _kind(cell: str) -> str:
    """By its key, or by the words that pages have for it."""
    words = " ".join(cell.casefold().split())
    for value, label in Partnership.Kind.choices:
        if words in {value, value.replace("_", " "), str(label).casefold()}:
            return str(value)
    raise _Wrong(Error.UNKNOWN_KIND)


def _cadence(cell: str) -> tuple[str, tuple[RowNotice, ...]]:
    words = " ".join(re.split(r"[\s_-]+", cell.lower().strip()))
    if words in _READ_AS_TWO_MONTHS:
        return "every_2_months", (RowNotice.READ_AS_EVERY_2_MONTHS,)
    if words in _AMBIGUOUS:
        raise _Wrong(Error.AMBIGUOUS_CADENCE)
    if words not in _CADENCES:
        raise _Wrong(Error.UNKNOWN_CADENCE)
    return _CADENCES[words], ()


def _date(year: str, month: str, day: str) -> date | None:
    """None where there is no such day in this century, of which a year may have its last two digits alone."""
    try:
        found = date(int(year) + (CENTURY.start if len(year) <= 2 else 0), int(month), int(day))
    except ValueError:
        return None
    return found if found.year in CENTURY else None


def _checked(day: date | None) -> date:
    if day is None:
        raise _Wrong(Error.INVALID_DATE)
    return day


def _time(cell: str) -> time:
    match = _TIME.fullmatch(cell)
    if match is None:
        raise _Wrong(Error.INVALID_TIME)
    hour, minute = int(match[1]), int(match[2])
    if match[3]:
        if hour not in range(1, 13):
            raise _Wrong(Error.INVALID_TIME)
        hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        raise _Wrong(Error.INVALID_TIME)
    return time(hour, minute)


def _minutes(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) < 5 and int(cell) in DURATIONS):
        raise _Wrong(Error.INVALID_DURATION)
    return int(cell)


def _zone(cell: str) -> str:
    if cell not in zones.known():
        raise _Wrong(Error.UNKNOWN_TIMEZONE)
    return cell
