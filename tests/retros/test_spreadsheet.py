"""Files as spreadsheets write them: all of them end in the same rows, and none of them costs more than its size."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from partnerships.models import Partnership, Person
from partnerships.refusals import Invalid
from retros.administration.import_example import example
from retros.administration.import_rows import COLUMNS, DETAILS, parse
from retros.models import Series
from retros.spreadsheet import text_of
from tests.retros.administration import spreadsheets
from tests.retros.administration.spreadsheets import Cell, Rows

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

HEAD = [*COLUMNS, *DETAILS]
FIRST = timezone.localdate() + timedelta(days=20)
NAMES = ("Ana Müller", "Bjørn Åse", "Chloé Œuvré", "Dániel Señal")


def forty(write: Callable[[date | time], Cell] = str) -> Rows:
    """Forty pairs, with letters of Western Europe; `write` says how a date and a time look in the file."""
    rows: list[list[Cell]] = [list(HEAD)]
    for n in range(40):
        rows.append([
            f"{NAMES[n % 4]} <a{n}@x.example>", f"b{n}@x.example", f"{NAMES[n % 3]} – Größe {n}",
            ("every 6 weeks", "monthly", "every 2 months")[n % 3], write(FIRST + timedelta(days=n)),
            write(time(9 + n % 8, 30)), ("Europe/Berlin", "Asia/Tokyo")[n % 2], 60, ("pm_designer", "em_pm")[n % 2],
            "Produktchefin", "Designer", "",
        ])  # fmt: skip
    return rows


def rewritten(value: date | time) -> str:
    """As Excel shows it in Germany."""
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else f"{value:%H:%M:%S}"


def american(value: date | time) -> str:
    if isinstance(value, date):
        return f"{value.month}/{value.day}/{value.year}"
    return f"{value:%I:%M %p}".lstrip("0")


FILES: dict[str, Callable[[], bytes | str]] = {
    f"{encoding} {name}": lambda encoding=encoding, separator=separator: spreadsheets.csv_file(  # type: ignore[misc]
        forty(), separator=separator, encoding=encoding
    )
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16")
    for name, separator in {"comma": ",", "semicolon": ";", "tab": "\t"}.items()
}
FILES["xlsx"] = lambda: spreadsheets.xlsx_file(forty(lambda value: value))
FILES["ods"] = lambda: spreadsheets.ods_file(forty(lambda value: value))
FILES["rewritten dates"] = lambda: spreadsheets.csv_file(forty(rewritten), separator=";", encoding="cp1252")
FILES["pasted rows"] = lambda: spreadsheets.csv_file(forty(american), separator="\t", encoding="utf-8").decode()


def hidden(page: Any, name: str) -> str:
    return str(re.findall(rf'name="{name}" value="([^"]*)"', page.text)[0])


def box(page: Any) -> str:
    return unescape(re.findall(r'<textarea name="text"[^>]*>\n?(.*?)</textarea>', page.text, re.DOTALL)[0])


def test_there_are_sixteen() -> None:
    assert len(FILES) == 16


@pytest.mark.parametrize("name", FILES)
def test_each_file_ends_in_the_same_forty_partnerships(name: str, client: Client, ada: Person) -> None:
    content = FILES[name]()
    Partnership.objects.all().delete()
    sent = {"text": content} if isinstance(content, str) else {"file": SimpleUploadedFile("pairs", content)}
    page = client.post(reverse("partnership_import"), sent)
    answer = {"dates": "month"} if name == "pasted rows" else {}
    if answer:
        assert "Which comes first?" in page.text
        assert "Put in" not in page.text
        page = client.post(reverse("partnership_import"), {"text": box(page), **answer})
    assert "40 lines are right, 0 lines are wrong" in " ".join(page.text.split())
    done = client.post(
        reverse("partnership_import_create"), {"text": box(page), "seen": hidden(page, "seen"), **answer}
    )
    assert "40 partnerships put in." in done.text
    found = {
        (pair.label, pair.kind, *sorted((i.email, i.seat, i.role_label) for i in pair.invitations.all()))
        for pair in Partnership.objects.prefetch_related("invitations")
    }
    wanted = {
        (row[2], row[8], (f"a{n}@x.example", "a", "Produktchefin"), (f"b{n}@x.example", "b", "Designer"))
        for n, row in enumerate(forty()[1:])
    }
    assert found == wanted
    rules = {series.partnership.label: series.rule for series in Series.objects.select_related("partnership")}
    for row in forty(lambda value: value)[1:]:
        rule = rules[str(row[2])]
        assert (rule.start_date, rule.local_time, rule.timezone, rule.duration_min) == (row[4], row[5], row[6], 60)
        assert rule.cadence.words.lower() in {row[3], "every month"}


def test_the_example_can_be_read_as_it_is(client: Client, ada: Person) -> None:
    answer = client.get(reverse("partnership_import_example"))
    assert answer["Content-Disposition"] == 'attachment; filename="partnerships.xlsx"'
    page = client.post(reverse("partnership_import"), {"file": SimpleUploadedFile("x.xlsx", answer.content)})
    assert "2 lines are right, 0 lines are wrong" in " ".join(page.text.split())
    table = parse(text_of(example(date(2027, 1, 5), "Asia/Tokyo")), now=datetime(2027, 1, 5, tzinfo=UTC))
    assert [(row.rule.start_date, row.rule.local_time, row.rule.timezone) for row in table.rows if row.rule] == [
        (date(2027, 2, 1), time(14), "Asia/Tokyo"), (date(2027, 2, 1), time(10, 30), "Asia/Tokyo"),
    ]  # fmt: skip


def test_rows_keep_their_numbers() -> None:
    rows: Rows = [["Our pairs"], [], list(HEAD[:2]), [], ["a@x.example", "b@x.example"], ["a\nb", "c@x.example"]]
    filled = [[*row, *[""] * (2 - len(row))] for row in rows[2:]]
    for content in (
        spreadsheets.xlsx_file([["", ""], ["", ""], *filled]), spreadsheets.ods_file([["", ""], ["", ""], *filled]),
    ):  # fmt: skip
        table = parse(text_of(content), now=datetime(2027, 1, 5, tzinfo=UTC))
        assert [(row.line, row.ok) for row in table.rows] == [(5, True), (6, False)]


def test_what_reads_as_another_encoding() -> None:
    polish = "member_a_email;member_b_email;label\r\na@x.example;b@x.example;Zażółć gęślą jaźń\r\n"
    russian = "member_a_email;member_b_email;label\r\na@x.example;b@x.example;Команда роста и платежи\r\n"
    assert text_of(polish.encode("cp1250")) == polish
    assert text_of(russian.encode("cp1251")) == russian
    assert text_of("Preise in € – „neu“".encode("cp1252")) == "Preise in € – „neu“"


# --- what is no table, or too much of one ---------------------------------------------------------------------------


def lying(size: int) -> bytes:
    """An archive whose sheet says that it is small and unpacks to much more."""
    content = spreadsheets.xlsx_of("<row><c><v>1</v></c></row>" + " " * size)
    name = b"xl/worksheets/sheet1.xml"
    entry = content.rindex(name) - 46  # in the directory at the end
    return content[: entry + 24] + (100).to_bytes(4, "little") + content[entry + 28 :]


CELL = '<table:table-cell office:value-type="float" office:value="1"{}/>'
LARGE = {
    "a bomb": lambda: spreadsheets.xlsx_of(" " * 30_000_000),
    "a corner far away": lambda: spreadsheets.xlsx_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a row far away": lambda: spreadsheets.xlsx_of('<row r="1048576"><c><v>1</v></c></row>'),
    "a cell repeated": lambda: spreadsheets.ods_of(
        "<table:table-row>" + CELL.format(' table:number-columns-repeated="900000000"') + "</table:table-row>"
    ),
    "a row repeated": lambda: spreadsheets.ods_of(
        f'<table:table-row table:number-rows-repeated="900000000">{CELL.format("")}</table:table-row>'
    ),
    "a gap": lambda: spreadsheets.ods_of(
        '<table:table-row><table:table-cell table:number-columns-repeated="900000000"/>'
        f"{CELL.format('')}</table:table-row>"
    ),
    "spaces": lambda: spreadsheets.ods_of(
        '<table:table-row><table:table-cell office:value-type="string"><text:p><text:s text:c="900000000"/></text:p>'
        "</table:table-cell></table:table-row>"
    ),
    "a text that many cells are": lambda: spreadsheets.xlsx_of(
        "".join(f'<row><c t="s"><v>{n % 2}</v></c></row>' for n in range(1_000)), texts=["x" * 100_000, "y" * 100_000]
    ),
    "a text in a cell that is repeated": lambda: spreadsheets.ods_of(
        '<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="1000"><text:p>'
        f"{'x' * 100_000}</text:p></table:table-cell></table:table-row>"
    ),
    "a value in a row that is repeated": lambda: spreadsheets.ods_of(
        '<table:table-row table:number-rows-repeated="1000"><table:table-cell office:value-type="string" '
        f'office:string-value="{"x" * 100_000}"/></table:table-row>'
    ),
    "spaces again and again": lambda: spreadsheets.ods_of(
        '<table:table-row><table:table-cell office:value-type="string"><text:p>'
        + '<text:s text:c="1000"/>' * 50_000
        + "</text:p></table:table-cell></table:table-row>"
    ),
    "elements": lambda: spreadsheets.xlsx_of(f"<row><c><v>1</v></c></row><row>{'<c/>' * 5_000_000}</row>"),
    "many members": lambda: spreadsheets.archive({f"{n}.xml": "" for n in range(1_001)}),
    "much text": lambda: b"member_a_email,member_b_email\n" + b"x" * 950_000,
}
NOT_A_TABLE = {
    "a lie": lambda: lying(1_000),
    "entities": lambda: spreadsheets.archive(
        {"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>'}
    ),
    "half an archive": lambda: spreadsheets.xlsx_file(forty())[:2_000],
    "another archive": lambda: spreadsheets.archive({"readme.txt": "x"}),
    "an empty sheet": lambda: spreadsheets.xlsx_of(""),
    "an old Excel file": lambda: b"\xd0\xcf\x11\xe0" + bytes(600),
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "no text": lambda: b"a\x00b",
}


@pytest.mark.parametrize("name", LARGE)
def test_what_would_be_too_large_is_refused_in_a_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is built from it."""
    monkeypatch.setattr("python_calamine.CalamineWorkbook", SimpleNamespace(from_filelike=pytest.fail))
    with pytest.raises(Invalid, match="too large"):
        text_of(LARGE[name]())


@pytest.mark.parametrize("name", NOT_A_TABLE)
def test_what_is_no_table_is_refused_in_a_sentence(name: str, client: Client, ada: Person) -> None:
    content = NOT_A_TABLE[name]()
    with pytest.raises(Invalid):
        text_of(content)
    page = client.post(reverse("partnership_import"), {"file": SimpleUploadedFile("x", content)})
    assert page.status_code == 422
    assert re.search("We cannot read this|nothing in this spreadsheet|old or a locked Excel file", page.text)
    assert "Copy it, go back" not in page.text


@given(st.data())
def test_no_damage_breaks_it(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _n in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Invalid):
        assert isinstance(text_of(bytes(content)), str)


def stored(content: bytes) -> bytes:
    """The same without compression, so that damage reaches what is inside."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return file.getvalue()


DAMAGED = [
    pack(write([["member_a_email", "member_b_email"], ["a@x.example", "b@x.example"]]))
    for write in (spreadsheets.xlsx_file, spreadsheets.ods_file)
    for pack in (stored, bytes)
]
