from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.refusals import Invalid
from retros.administration import import_rows
from retros.administration.import_rows import COLUMNS, Error, ImportRow, RowNotice, parse
from retros.recurrence.rule import PRESETS
from tests.retros.scheduling import case

pytestmark = pytest.mark.one_database

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEAD = ",".join(COLUMNS)


def lines(*rows: str, head: str = HEAD) -> str:
    return "\r\n".join([head, *rows, ""])


def one(**cells: str) -> Any:
    good = {
        "member_a_email": "ana@example.com", "member_b_email": "ben@example.com", "label": "Checkout",
        "cadence": "every 2 months", "first_date": "2027-02-09", "time": "14:00", "timezone": "Europe/Tallinn",
        "duration": "60",
    }  # fmt: skip
    row = {**good, **cells}
    return parse(lines(",".join(f'"{row[name]}"' for name in COLUMNS)), now=NOW)[0]


def test_the_case() -> None:
    known = case("CSV-01")
    rows = {row.line: row for row in parse(known["given"]["csv"], now=NOW)}
    for expected in known["expected"]["rows"]:
        row = rows.pop(expected["row"])
        assert row.ok is expected["ok"]
        assert (row.error and row.error.code) == expected.get("error")
        assert row.other_line == expected.get("other_row")
        assert (row.notice and row.notice.code) == expected.get("notice")
        if "cadence" in expected:
            assert row.cadence == expected["cadence"]
            assert row.rule
            assert row.rule.duration_min == expected["duration_min"]
    assert rows == {}


@pytest.mark.parametrize(
    ("cells", "error"),
    [
        ({"member_b_email": "ANA@example.com"}, Error.SAME_PERSON),
        ({"member_b_email": "ben"}, Error.INVALID_EMAIL),
        ({"member_b_email": "a\r\nBcc: x@example.com"}, Error.INVALID_EMAIL),
        ({"label": ""}, Error.INVALID_LABEL),
        ({"label": "x" * 61}, Error.INVALID_LABEL),
        ({"label": "two\nlines"}, Error.INVALID_LABEL),
        ({"label": "a\u202eb"}, Error.INVALID_LABEL),
        ({"label": "Reset at www.evil.example"}, Error.INVALID_LABEL),
        ({"cadence": "Bi-Weekly"}, Error.AMBIGUOUS_CADENCE),
        ({"cadence": "now and then"}, Error.UNKNOWN_CADENCE),
        ({"first_date": "2027-02-30"}, Error.INVALID_DATE),
        ({"first_date": "09.02.2027"}, Error.INVALID_DATE),
        ({"first_date": "9999-12-31"}, Error.INVALID_DATE),
        ({"first_date": "2026-11-20"}, Error.IN_PAST),
        ({"time": "24:00"}, Error.INVALID_TIME),
        ({"time": "2 pm"}, Error.INVALID_TIME),
        ({"time": "٣:٠٠"}, Error.INVALID_TIME),
        ({"timezone": "Mars/Olympus"}, Error.UNKNOWN_TIMEZONE),
        ({"timezone": "../../etc/passwd"}, Error.UNKNOWN_TIMEZONE),
        ({"duration": "0"}, Error.INVALID_DURATION),
        ({"duration": "1e9"}, Error.INVALID_DURATION),
        ({"first_date": "2027-03-28", "time": "03:30"}, Error.NONEXISTENT_TIME),
        ({"cadence": "EVERY_2_MONTHS"}, None),
        ({"time": "9:05"}, None),
        ({"duration": ""}, None),
        ({"label": "=cmd|' /C calc'!A0"}, None),
    ],
)
def test_what_a_cell_may_be(cells: dict[str, str], error: Error | None) -> None:
    assert one(**cells).error == error


@pytest.mark.parametrize("words", ["bimonthly", "Bi-Monthly", "bi monthly"])
def test_the_ambiguous_word_for_two_months_is_read_and_never_repeated(words: str) -> None:
    row = one(cadence=words)
    assert (row.cadence, row.notice) == ("every_2_months", RowNotice.READ_AS_EVERY_2_MONTHS)
    told = [str(each.words).lower() for each in (*Error, *RowNotice)]
    assert not any(word in text for text in told for word in ("bimonthly", "biweekly", "bi-"))


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_understood(key: str) -> None:
    words = PRESETS[key].words.lower()
    assert one(cadence=key).cadence == one(cadence=key.replace("_", " ")).cadence == one(cadence=words).cadence == key


@pytest.mark.parametrize("text", ["", "name\nx", HEAD.replace("label,", ""), "\x00", '"'])
def test_a_file_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text, now=NOW)


def test_columns_come_in_any_order_and_lines_are_those_of_the_file() -> None:
    head = ";".join(reversed(COLUMNS))
    good = ";".join(
        reversed(
            [
                "a@example.com",
                "b@example.com",
                '"A ""quoted"" label"',
                "monthly",
                "2027-02-09",
                "9:00",
                "Europe/Berlin",
                "",
            ]
        )
    )
    rows = parse(lines("", good, '"two', 'lines"', "short;line", "", head=head), now=NOW)
    assert [(row.line, row.error) for row in rows] == [
        (3, None), (4, Error.WRONG_COLUMNS), (6, Error.WRONG_COLUMNS)
    ]  # fmt: skip
    assert rows[0].label == 'A "quoted" label'


def test_as_many_lines_as_allowed_with_fifty_broken_ones() -> None:
    broken = {n * 99 + 7 for n in range(50)}
    bad = ["{n}@example.com,x", "a{n}@example.com,a{n}@example.com,L,monthly,2027-02-09,9:00,Europe/Berlin,60",
           "a{n}@example.com,b{n}@example.com,L,biweekly,2027-02-09,9:00,Europe/Berlin,60"]  # fmt: skip
    good = "a{n}@example.com,b{n}@example.com,L{n},every 2 months,2027-02-09,9:00,Europe/Berlin,60"
    rows = parse(lines(*((bad[n % 3] if n in broken else good).format(n=n) for n in range(2, 5_002))), now=NOW)
    assert {row.line for row in rows if not row.ok} == broken
    assert len(rows) == 5_000


@pytest.mark.parametrize("count", [5_001, 450_000])
def test_more_lines_than_allowed_are_not_looked_at(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def row(line: int, **kwargs: Any) -> ImportRow:
        made.append(line)
        return ImportRow(line, **kwargs)

    monkeypatch.setattr(import_rows, "ImportRow", row)
    with pytest.raises(Invalid, match=r"at most 5,000 lines"):
        parse(lines(*["x"] * count), now=NOW)
    assert len(made) == 5_000


def test_empty_lines_are_not_counted() -> None:
    assert len(parse(lines(*["", "x", ",,,,,,,"] * 5_000), now=NOW)) == 5_000


@given(
    st.text(max_size=300), st.sampled_from([HEAD + "\n", HEAD.replace(",", ";") + "\r\n", "\ufeff" + HEAD + "\n", ""])
)
def test_no_text_breaks_it(text: str, head: str) -> None:
    try:
        rows = parse(head + text, now=NOW)
    except Invalid:
        return
    assert all(row.ok or row.error for row in rows)
