"""A spreadsheet to begin with: the columns, and two pairs. Its dates and times are real ones, which every program shows
in the format of its own reader.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, time, timedelta
from xml.sax.saxutils import escape

from retros.administration.import_rows import COLUMNS, DETAILS
from retros.recurrence.rule import DEFAULT, PRESETS

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DAY_ONE = date(1899, 12, 30)  # days are counted from it
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"

Cell = str | int | date | time


def example(today: date, zone: str) -> bytes:
    """An .xlsx file that can be read in as it is, with first dates four weeks from `today`, in that zone."""
    day = today + timedelta(days=28 - today.weekday())
    every = PRESETS[DEFAULT].words
    rows: list[list[Cell]] = [
        [*COLUMNS, *DETAILS],
        ["Ann Lee <ann@example.org>", "ben@example.org", "Checkout", every, day, time(14), zone, 60, "pm_designer",
         "Product manager", "Designer", ""],
        ["cleo@example.org", "dan@example.org", "Search", "Every 6 weeks", day, time(10, 30), zone, 45, "em_pm",
         "Engineering manager", "Product manager", ""],
    ]  # fmt: skip
    return written(rows)


def written(rows: list[list[Cell]]) -> bytes:
    """One sheet with these rows."""
    cells = ("".join(_cell(value) for value in row) for row in rows)
    data = "".join(f"<row>{row}</row>" for row in cells)
    widths = f'<cols><col min="1" max="{max(len(row) for row in rows)}" width="22" customWidth="1"/></cols>'
    members = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEETML}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEETML}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEETML}.worksheet+xml"/></Types>',
        "_rels/.rels": _links({"officeDocument": "xl/workbook.xml"}),
        "xl/_rels/workbook.xml.rels": _links({"worksheet": "worksheets/sheet1.xml", "styles": "styles.xml"}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Partnerships" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
        '<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="20" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{widths}<sheetData>{data}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{content}')
    return file.getvalue()


def _links(targets: dict[str, str]) -> str:
    found = (
        f'<Relationship Id="rId{n}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(found)}</Relationships>'


def _cell(value: Cell) -> str:
    """Styles 1 and 2 are the built-in formats of a day and a time, which each program has for its reader's country."""
    match value:
        case date():
            return f'<c s="1"><v>{(value - DAY_ONE).days}</v></c>'
        case time():
            return f'<c s="2"><v>{(value.hour * 60 + value.minute) / 1440}</v></c>'
        case int():
            return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
