"""Reading cards and actions from text: every line becomes one, or the first that does not says why.

Pure: text in, rows out. All that is read is bounded before it is looked at.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partnerships.cells import as_typed
from partnerships.content import clean_content
from partnerships.graphemes import shorten
from partnerships.refusals import Invalid
from retros import limits
from retros.recurrence.rule import CENTURY

# What a column is called, here and elsewhere; ours first.
TEXT = ("text", "card", "note", "content", "sticky", "title", "description")
COLUMN = ("column", "list", "section", "category", "group", "frame")
AUTHOR = ("author", "by", "creator", "created_by", "owner", "person", "from")
ACTION = ("action", "text", "task", "what", "title", "todo")
OWNER = ("owner", "who", "assignee", "assigned_to", "author", "by")
DUE = ("due", "due_date", "deadline", "until", "date")
CLOSED = ("closed_as", "state", "status")
OPEN = {"", "open", "todo", "to do", "doing", "in progress"}
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"])")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", re.ASCII)


Row = TypeVar("Row")


@dataclass(frozen=True)
class BroughtCard:
    """`column`: what the line says; empty for none."""

    line: int
    text: str
    column: str = ""


@dataclass(frozen=True)
class BroughtAction:
    line: int
    text: str
    due: date
    cue: str = ""
    because: str = ""
    seen_by: str = ""
    is_experiment: bool = False
    decider: str = ""


def cards(text: str, *, me: Collection[str]) -> list[BroughtCard]:
    """A table whose first line names the text, or one card on each line. `me`: the names of whoever brings them in.

    Raises Invalid with the line and the reason.
    """
    _must_be_no_json(text)
    table = _table(text, TEXT)
    if table is None:
        lines = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip())
        return [BroughtCard(number, _words(number, line)) for number, line in _bounded(lines)]
    rows = []
    for number, cells in _bounded(table):
        _must_be_own(number, _cell(cells, AUTHOR), me)
        rows.append(BroughtCard(number, _words(number, _cell(cells, TEXT)), _cell(cells, COLUMN).strip()))
    return rows


def actions(text: str, *, me: Collection[str]) -> list[BroughtAction]:
    """A table whose first line names at least the action and its day. Raises Invalid with the line and the reason."""
    _must_be_no_json(text)
    table = _table(text, ACTION)
    if table is None:
        raise Invalid(_("The first line names the columns. Two have to be there: action, due."))
    return [_action(number, cells, me) for number, cells in _bounded(table)]


def at_line(number: int, reason: str) -> Invalid:
    return Invalid(_("Line %(line)d: %(reason)s") % {"line": number, "reason": reason})


def _action(number: int, cells: Mapping[str, str], me: Collection[str]) -> BroughtAction:
    _must_be_own(number, _cell(cells, OWNER), me)
    if _cell(cells, CLOSED).strip().casefold() not in OPEN:
        raise at_line(number, _("This one is closed. Bring in what is open, and leave the other lines out."))
    more = {name: _words(number, cells.get(column, ""), needed=False) for name, column in
            {"cue": "if", "because": "because", "seen_by": "seen_by", "decider": "decider"}.items()}  # fmt: skip
    return BroughtAction(
        number, _words(number, _cell(cells, ACTION)), _day(number, _cell(cells, DUE)),
        is_experiment=cells.get("experiment", "").strip().casefold() in {"yes", "true", "1"}, **more,
    )  # fmt: skip


def _table(text: str, needed: Collection[str]) -> Iterator[tuple[int, dict[str, str]]] | None:
    """The rows under a first line that has one of `needed`, each with the number of its line; None without."""
    text = text.removeprefix("\ufeff")
    head = text.lstrip("\r\n").partition("\n")[0][: limits.IMPORT_HEAD]
    separator = max(",;\t", key=head.count)
    names = [_name(cell) for cell in head.split(separator)]
    if not set(needed) & set(names):
        return None
    return _rows(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))


def _rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    names: list[str] = []
    line = end = 0
    try:
        for cells in reader:
            line, end = end + 1, reader.line_num  # type: ignore[attr-defined]  # a quoted cell may hold line breaks
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = [_name(cell) for cell in cells]
                continue
            if len(cells) < len(names) or any(cell.strip() for cell in cells[len(names) :]):
                raise at_line(line, _("It has more or fewer cells than the first line."))
            yield line, {name: as_typed(cell) for name, cell in zip(names, cells, strict=False)}
    except csv.Error as error:
        if "field larger" in str(error):
            raise at_line(end + 1, _("A cell is too long.")) from error
        reason = _("A quotation mark is open or stands alone. Inside a cell it is written twice.")
        raise at_line(end + 1, reason) from error


def _name(cell: str) -> str:
    return "_".join(re.split(r"[\s_-]+", cell.strip().strip('"').lower()))


def _bounded(rows: Iterator[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Raises Invalid for none, and for more than fit."""
    count = 0
    for count, row in enumerate(rows, 1):
        if count > limits.ROWS_AT_ONCE:
            raise Invalid(_("At most %(most)d at once. Bring in a part of it.") % {"most": limits.ROWS_AT_ONCE})
        yield row
    if not count:
        raise Invalid(_("There is nothing in it."))


def _must_be_no_json(text: str) -> None:
    if _JSON.match(text):
        raise Invalid(_("This looks like JSON. Save it as CSV, or paste one line for each."))


def _must_be_own(number: int, who: str, me: Collection[str]) -> None:
    name = " ".join(who.split()).casefold()
    if name and name not in {each.casefold() for each in me}:
        shown = {"name": shorten(who, 40)}
        reason = _("This is of “%(name)s”. Bring in your own, and leave the other lines out.") % shown
        raise at_line(number, reason)


def _cell(cells: Mapping[str, str], names: Collection[str]) -> str:
    return next((cells[name] for name in names if name in cells), "")


def _words(number: int, cell: str, *, needed: bool = True) -> str:
    try:
        text = clean_content(cell.strip())
    except ValidationError as error:
        raise at_line(number, error.messages[0]) from error
    if needed and not text:
        raise at_line(number, _("Its text is empty."))
    return text


def _day(number: int, cell: str) -> date:
    iso, dotted = _ISO.fullmatch(cell.strip()), _DOTTED.fullmatch(cell.strip())
    parts = iso.groups() if iso else dotted.groups()[::-1] if dotted else ()
    try:
        found = date(*map(int, parts))
    except (TypeError, ValueError):
        found = None
    if found is None or found.year not in CENTURY:
        raise at_line(number, _("It has no day, or one that we cannot read. Write it as 2027-02-09."))
    return found
