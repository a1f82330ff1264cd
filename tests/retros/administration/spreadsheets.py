"""Tables as spreadsheets save them: text in their encodings, and the archives of .xlsx and .ods, written by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | date | time
Rows = Sequence[Sequence[Cell]]
DAY_ONE = date(1899, 12, 30)


def csv_file(rows: Rows, *, separator: str, encoding: str) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return lines.getvalue().encode(encoding)


def archive(members: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return file.getvalue()


def xlsx_file(rows: Rows) -> bytes:
    """As Excel writes it: references on every cell, texts shared, cells that are formatted and empty at the end."""
    texts: list[str] = []

    def cell(row: int, column: int, value: Cell) -> str:
        place = f'r="{chr(65 + column)}{row}"'
        if isinstance(value, date):
            return f'<c {place} s="1"><v>{(value - DAY_ONE).days}</v></c>'
        if isinstance(value, time):
            return f'<c {place} s="2"><v>{(value.hour * 60 + value.minute) / 1440}</v></c>'
        if isinstance(value, int):
            return f"<c {place}><v>{value}</v></c>"
        texts.append(value)
        return f'<c {place} t="s"><v>{len(texts) - 1}</v></c>' if value else f'<c {place} s="1"/>'

    lines = [
        f'<row r="{n}">{"".join(cell(n, column, value) for column, value in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    ]
    return xlsx_of("".join(lines) + '<row r="1048576"><c r="A1048576" s="1"/></row>', texts)


def xlsx_of(data: str, texts: Iterable[str] = ()) -> bytes:
    """An archive around the rows of a sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheetml = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{office}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(
            [("worksheet", "worksheets/sheet1.xml"), ("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")],
            1,
        )
    )
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    return archive({
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheetml}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Pairs" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><numFmts count="1"><numFmt numFmtId="164" '
        'formatCode="dd\\.mm\\.yyyy"/></numFmts><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/>'
        '<xf numFmtId="20"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
    })  # fmt: skip


def ods_file(rows: Rows) -> bytes:
    """As LibreOffice writes it: values in attributes, the sheet filled up with repeated empty cells and rows."""

    def cell(value: Cell) -> str:
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, time):
            return f'<table:table-cell office:value-type="time" office:time-value="PT{value:%HH%MM%SS}"/>'
        if isinstance(value, int):
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
        if not value:
            return "<table:table-cell/>"
        return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'

    filler = '<table:table-cell table:number-columns-repeated="1011"/>'
    lines = [f"<table:table-row>{''.join(cell(value) for value in row)}{filler}</table:table-row>" for row in rows]
    lines.append(f'<table:table-row table:number-rows-repeated="1048000">{filler}</table:table-row>')
    return ods_of("".join(lines))


def ods_of(data: str, name: str = "Pairs") -> bytes:
    """An archive around the rows of a table."""
    spaces = " ".join(
        f'xmlns:{each}="urn:oasis:names:tc:opendocument:xmlns:{each}:1.0"' for each in ("office", "table", "text")
    )
    return archive({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": "<manifest/>",
        "content.xml": f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f"<table:table table:name={quoteattr(name)}>{data}</table:table>"
        "</office:spreadsheet></office:body></office:document-content>",
    })  # fmt: skip
