"""A table as spreadsheets save it: CSV in any encoding, .xlsx, .ods. Each becomes text, one line a row, tabs between.

Pure: bytes in, text out. What a small file could blow up to (archives, repeated cells, far corners of a sheet) is
measured before anything is built from it. The two libraries that read it are imported where they do: 3 MiB, and few
requests bring a file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from partnerships.refusals import Invalid
from retros import limits

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ZIP, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# What spreadsheets save text in where it is not Unicode, by the language of the machine, the most usual first.
LEGACY: dict[str, StrOrPromise] = {
    "cp1252": _("Western Europe (Windows-1252)"),
    "cp1250": _("Central Europe (Windows-1250)"),
    "iso8859_2": _("Central Europe (ISO-8859-2)"),
    "cp1251": _("Cyrillic (Windows-1251)"),
    "cp1253": _("Greek (Windows-1253)"),
    "cp1254": _("Turkish (Windows-1254)"),
    "cp1257": _("Baltic (Windows-1257)"),
    "cp932": _("Japanese (Shift-JIS)"),
    "gb18030": _("Chinese (GB 18030)"),
    "cp949": _("Korean (Windows-949)"),
    "mac_roman": _("Western Europe (Macintosh)"),
}
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BOUNDED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # Python unpacks these no further than it is asked to
_UNREADABLE = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, RuntimeError, ValueError)
MEMBERS = 1_000  # files in one archive
SPACES = 1_000  # in one run that .ods writes as a number


def text_of(data: bytes, encoding: str = "") -> str:
    """The rows of a file as lines of cells with tabs between, or the text of a file that is text already: in the
    `encoding`, one of LEGACY, that somebody said it is in, else in the one that it seems to be in.

    Raises Invalid, in a sentence, for what is no table, and for what is larger than a table of ours can be.
    """
    if data.startswith(ZIP):
        text = _lines(_cells(data))
    elif data.startswith(OLD_EXCEL):
        raise Invalid(_("This is an old or a locked Excel file. Save it as .xlsx without a password, or as CSV."))
    else:
        text = _decoded(data, encoding)
    if len(text.encode()) > limits.IMPORT_BYTES:
        raise _too_large()
    return text


def guessed(data: bytes) -> str:
    """The encoding that text without a sign of its own seems to be in: one of LEGACY, empty for Unicode and archives.

    Where there are few letters, several make sense of them: the most usual of these. Raises Invalid for no text.
    """
    if data.startswith((ZIP, OLD_EXCEL)) or _unicode(data) is not None:
        return ""
    from charset_normalizer import from_bytes  # imported here: for files without a sign of their own, alone

    matches = from_bytes(data, cp_isolation=list(LEGACY))
    likely = {encoding for match in matches for encoding in (match.encoding, *match.could_be_from_charset)}
    encoding = next((each for each in LEGACY if each in likely), None)
    if encoding is None:
        raise _no_table()
    return encoding


def _decoded(data: bytes, encoding: str) -> str:
    text = data.decode(encoding, errors="replace") if encoding else _unicode(data)
    if text is None:
        text = data.decode(guessed(data), errors="replace")
    if _NO_TEXT.search(text):
        raise _no_table()
    return text


def _unicode(data: bytes) -> str | None:
    """UTF-8 and UTF-16 say so themselves; without its mark, UTF-16 has a zero beside each letter of an address."""
    if data.startswith(_UTF_16):
        return data.decode("utf-16", errors="replace")
    first, second = data[::2].count(0), data[1::2].count(0)
    if len(data) % 2 == 0 and max(first, second) > len(data) // 4:
        return data.decode("utf-16-be" if first > second else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


# --- .xlsx and .ods -----------------------------------------------------------------------------------------------


def _cells(data: bytes) -> list[list[Any]]:
    """The rows of the first sheet that has any, from its first row on: numbers, texts, dates and times."""
    from python_calamine import CalamineError, CalamineWorkbook  # imported here: for such files alone

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(_measured(data)))
        for name in workbook.sheet_names:
            if rows := workbook.get_sheet_by_name(name).to_python(skip_empty_area=False):
                return rows
    except (CalamineError, *_UNREADABLE) as error:
        raise Invalid(_("We cannot read this spreadsheet. Save it as .xlsx or .ods without a password.")) from error
    raise Invalid(_("There is nothing in this spreadsheet."))


def _measured(data: bytes) -> bytes:
    """The texts of the archive, unpacked within their limit and looked through; pictures and the like are left out."""
    members: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        listed = archive.infolist()
        if len(listed) > MEMBERS or sum(each.file_size for each in listed) > limits.IMPORT_UNPACKED_BYTES:
            raise _too_large()
        for each in listed:
            if each.compress_type not in _BOUNDED:
                raise zipfile.BadZipFile
            if each.filename.endswith((".xml", ".rels", "mimetype")):
                with archive.open(each) as member:
                    members[each.filename] = member.read(each.file_size)
    _measure([content for name, content in members.items() if name.endswith(".xml")])
    unpacked = io.BytesIO()
    with zipfile.ZipFile(unpacked, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return unpacked.getvalue()


def _measure(contents: list[bytes]) -> None:
    """Raises Invalid for more elements than a table of ours has, in all files, and for more text than one has in a
    sheet; as `_Extent.measure` besides.
    """
    measured: list[_Extent] = []
    left = limits.IMPORT_ELEMENTS
    for content in contents:
        measured.append(_Extent(left))
        measured[-1].measure(content)
        left -= measured[-1].elements
    texts = [max(lengths) for lengths in zip_longest(*(each.texts for each in measured), fillvalue=0)]
    if any(each.length(texts) > limits.IMPORT_UNPACKED_BYTES for each in measured):
        raise _too_large()


class _Extent:
    """How far the cells of a sheet reach, counted without building them: a library makes all rows equally long. And how
    long their texts are in all: one may be that of many cells, by its number (.xlsx) or by repetition (.ods).

    Empty cells and rows with which a spreadsheet fills its sheet up count as nothing when no other cell follows them.
    """

    def __init__(self, most: int) -> None:
        self.most, self.elements = most, 0
        self.texts: list[int] = []  # how long each is that cells call by its number
        self.called: Counter[int] = Counter()  # so often
        self.number: list[str] | None = None  # of the text that is called, while it is read
        self.is_called = False
        self.own = self.own_in_row = self.own_in_cell = 0  # characters of cells that hold their text
        self.cell_repeat = 1
        self.row = self.column = 0  # the last one that holds something (.ods), or the one that is read (.xlsx)
        self.empty_rows = self.empty_columns = 0
        self.repeat = 1  # of the row that is read
        self.height = self.width = 0

    def measure(self, content: bytes) -> None:
        """Raises Invalid for more than a table of ours can hold, ExpatError for what is no XML."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.buffer_text = True
        parser.Parse(content, True)

    def _doctype(self, *_declaration: object) -> None:
        raise expat.ExpatError("a sheet declares no entities")

    def length(self, texts: list[int]) -> int:
        """Of all its cells, where these are the lengths of the texts that they call."""
        return self.own + sum(texts[number] * often for number, often in self.called.items() if number < len(texts))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > self.most:
            raise _too_large()
        match name.rpartition(":")[2]:
            case "row":
                self.row, self.column = int(attributes.get("r", self.row + 1)), 0
            case "c":
                place = _REFERENCE.fullmatch(attributes.get("r", ""))
                self.column = _number(place[1]) if place else self.column + 1
                self.row = int(place[2]) if place else self.row
                self.is_called = attributes.get("t") == "s"
            case "v" | "is":
                self._reach()
                self.number = [] if self.is_called else None
            case "si":
                self.texts.append(0)
            case "table":
                self.row = self.empty_rows = 0
            case "table-row":
                self.column = self.empty_columns = self.own_in_row = 0
                self.repeat = int(attributes.get("table:number-rows-repeated", 1))
            case "table-cell" | "covered-table-cell":
                self._cell(attributes)
            case "s":
                self._spaces(int(attributes.get("text:c", 1)))

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "v" if self.number is not None:
                self.called[int("".join(self.number))] += 1
                self.number = None
            case "table-cell" | "covered-table-cell":
                self.own_in_row += self.own_in_cell * self.cell_repeat
                self.own_in_cell = 0
            case "table-row":
                self._end_row()

    def _end_row(self) -> None:
        self.own += self.own_in_row * self.repeat
        if not self.column:
            self.empty_rows += self.repeat
            return
        self.row += self.empty_rows + self.repeat
        self.empty_rows = 0
        self._reach()

    def _text(self, text: str) -> None:
        if self.number is not None:
            self.number.append(text)
        elif self.texts:
            self.texts[-1] += len(text)
        self.own_in_cell += len(text)

    def _spaces(self, count: int) -> None:
        if count > SPACES:
            raise _too_large()
        self.own_in_cell += count

    def _cell(self, attributes: dict[str, str]) -> None:
        self.cell_repeat = repeat = int(attributes.get("table:number-columns-repeated", 1))
        if "office:value-type" not in attributes and "table:formula" not in attributes:
            self.empty_columns += repeat
            return
        self.own_in_cell = sum(map(len, attributes.values()))
        self.column += self.empty_columns + repeat
        self.empty_columns = 0

    def _reach(self) -> None:
        self.height, self.width = max(self.height, self.row), max(self.width, self.column)
        if self.height * self.width > limits.IMPORT_CELLS:
            raise _too_large()


def _number(letters: str) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _no_table() -> Invalid:
    return Invalid(_("We cannot read this as a table. Save it as .xlsx, .ods or CSV."))


def _too_large() -> Invalid:
    return Invalid(_("This file is too large. Keep the columns that are named below, and leave out the rest."))


def _lines(rows: list[list[Any]]) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter="\t", lineterminator="\n")
    writer.writerows(list(_written(row)) for row in rows)
    return lines.getvalue()


def _written(row: list[Any]) -> Iterator[str]:
    """What each cell says, on one line, so that a row keeps its number. Days and times as ISO 8601 writes them."""
    for value in row:
        match value:
            case datetime() if value.time() == time():
                yield value.date().isoformat()
            case datetime():
                yield value.isoformat(" ")
            case date():
                yield value.isoformat()
            case time():
                yield value.replace(microsecond=0).isoformat()
            case timedelta():  # a time of day to some spreadsheets
                yield str(value)
            case float() if value.is_integer():
                yield str(int(value))
            case _:
                yield " ".join(str(value).split())
