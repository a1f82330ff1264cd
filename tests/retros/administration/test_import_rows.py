from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerships.refusals import Invalid
from retros.administration import import_rows
from retros.administration.import_rows import COLUMNS, DateQuestion, Error, ImportRow, RowNotice, parse
from retros.recurrence.rule import DEFAULT, PRESETS, Rule
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
    return parse(lines(",".join(f'"{row[name]}"' for name in COLUMNS)), now=NOW).rows[0]


def test_the_case() -> None:
    known = case("CSV-01")
    rows = {row.line: row for row in parse(known["given"]["csv"], now=NOW).rows}
    for expected in known["expected"]["rows"]:
        row = rows.pop(expected["row"])
        assert row.ok is expected["ok"]
        assert (row.error and row.error.code) == expected.get("error")
        assert [each.other_line for each in row.problems] in ([], [expected.get("other_row")])
        assert [notice.code for notice in row.notices] == [expected[key] for key in ("notice",) if key in expected]
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
        ({"first_date": "31.02.2027"}, Error.INVALID_DATE),
        ({"first_date": "2/31/2027"}, Error.INVALID_DATE),
        ({"first_date": "13/13/2027"}, Error.INVALID_DATE),
        ({"first_date": "9.2/2027"}, Error.INVALID_DATE),
        ({"first_date": "9/2/1999"}, Error.INVALID_DATE),
        ({"first_date": "9/2/027"}, Error.INVALID_DATE),
        ({"first_date": "46062"}, Error.INVALID_DATE),
        ({"first_date": "2/9/2027"}, Error.AMBIGUOUS_DATE),
        ({"first_date": "2-9-2027"}, Error.AMBIGUOUS_DATE),
        ({"first_date": "9999-12-31"}, Error.INVALID_DATE),
        ({"first_date": "2026-11-20"}, Error.IN_PAST),
        ({"time": "24:00"}, Error.INVALID_TIME),
        ({"time": "2 pm"}, Error.INVALID_TIME),
        ({"time": "14:00 PM"}, Error.INVALID_TIME),
        ({"time": "0:30 AM"}, Error.INVALID_TIME),
        ({"time": "14:60:00"}, Error.INVALID_TIME),
        ({"time": "٣:٠٠"}, Error.INVALID_TIME),
        ({"timezone": "Mars/Olympus"}, Error.UNKNOWN_TIMEZONE),
        ({"timezone": "../../etc/passwd"}, Error.UNKNOWN_TIMEZONE),
        ({"duration": "0"}, Error.INVALID_DURATION),
        ({"duration": "1e9"}, Error.INVALID_DURATION),
        ({"first_date": "2027-03-28", "time": "03:30"}, Error.NONEXISTENT_TIME),
        ({"cadence": "EVERY_2_MONTHS"}, None),
        ({"time": "9:05"}, None),
        ({"duration": ""}, None),
        ({"cadence": "every 5 weeks"}, Error.UNKNOWN_CADENCE),
        ({"cadence": ""}, None),
        ({"first_date": ""}, None),
        ({"time": ""}, None),
        ({"timezone": ""}, None),
        ({"member_a_email": ""}, Error.INVALID_EMAIL),
        ({"member_a_email": "Ana <ana>"}, Error.INVALID_EMAIL),
        ({"member_a_email": "Ana <ana@example.com> <x@example.com>"}, Error.INVALID_EMAIL),
        ({"label": "=cmd|' /C calc'!A0"}, None),
    ],
)
def test_what_a_cell_may_be(cells: dict[str, str], error: Error | None) -> None:
    assert one(**cells).error == error


@pytest.mark.parametrize("words", ["bimonthly", "Bi-Monthly", "bi monthly"])
def test_the_ambiguous_word_for_two_months_is_read_and_never_repeated(words: str) -> None:
    row = one(cadence=words)
    assert (row.cadence, row.notices) == ("every_2_months", (RowNotice.READ_AS_EVERY_2_MONTHS,))
    told = [str(each.words).lower() for each in (*Error, *RowNotice)]
    assert not any(word in text for text in told for word in ("bimonthly", "biweekly", "bi-"))


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("09.02.2027", 9), ("9.2.2027", 9), ("9.2.27", 9), ("9. 2. 2027", 9), ("2027. 02. 09.", 9), ("2027/2/9", 9),
        ("2027-02-09 00:00:00", 9), ("13/2/2027", 13), ("2/13/2027", 13), ("2/13/27", 13), ("13-02-2027", 13),
        ("2/2/2027", 2),
    ],
)  # fmt: skip
def test_a_date_as_spreadsheets_write_it(cell: str, day: int) -> None:
    assert one(first_date=cell).rule.start_date == date(2027, 2, day)


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("14:00:00", time(14)), ("2:00 PM", time(14)), ("2:00:00 PM", time(14)), ("2:00\u202fpm", time(14)),
        ("2:00 p.\u00a0m.", time(14)), ("12:05 AM", time(0, 5)), ("12:05 PM", time(12, 5)), ("14.00", time(14)),
    ],
)  # fmt: skip
def test_a_time_as_spreadsheets_write_it(cell: str, at: time) -> None:
    assert one(time=cell).rule.local_time == at


@pytest.mark.parametrize("cell", ["Ann Lee <Ann@X.example>", '"Lee, Ann" <ann@x.example>;', "<mailto:ann@x.example>"])
def test_an_address_with_a_name(cell: str) -> None:
    quoted = cell.replace('"', '""')
    row = parse(f'member_a_email;member_b_email\n"{quoted}";ben@x.example', now=NOW).rows[0]
    assert row.emails == ("ann@x.example", "ben@x.example")


def test_a_date_that_means_two_days_is_asked_once_for_all_of_them() -> None:
    text = lines(*(f"a{n}@x.example,b{n}@x.example,L,monthly,{n}/9/2027,9:00,UTC,60" for n in range(8, 15)))
    table = parse(text, now=NOW)
    assert [row.error for row in table.rows] == [Error.AMBIGUOUS_DATE, None, *[Error.AMBIGUOUS_DATE] * 3, None, None]
    assert table.question == DateQuestion("8/9/2027", date(2027, 9, 8), date(2027, 8, 9))
    for day_first, months in ((True, [9] * 7), (False, [8, 9, 10, 11, 12, 9, 9])):
        rows = parse(text, now=NOW, day_first=day_first).rows
        assert [row.rule and row.rule.start_date.month for row in rows] == months


def test_what_may_be_missing() -> None:
    (row,) = parse("member_b_email\tmember_a_email\nben.ray@x.example\tAnn Lee <ann@x.example>", now=NOW).rows
    assert row == ImportRow(
        2, ("ann@x.example", "ben.ray@x.example"), "Ann Lee and Ben Ray", has_label=False, cadence=DEFAULT
    )
    (row,) = parse("member_a_email,member_b_email,first_date\na@x.example,b@x.example,9.2.2027", now=NOW,
                   zone="Asia/Tokyo").rows  # fmt: skip
    assert row.rule == Rule.starting(date(2027, 2, 9), PRESETS[DEFAULT], time(10), "Asia/Tokyo")


def test_kind_roles_and_lead() -> None:
    head = "Member A email,MEMBER_B_EMAIL,Kind,member a role,member-b-role,lead_email,Notes"
    good = "a@x.example,b@x.example,Product manager and designer,PM,Designer,Lea <lea@x.example>,?"
    bad = "a2@x.example,b2@x.example,friends,www.evil.example,x\ty,a2@x.example,?"
    table = parse(lines(good, bad, head=head), now=NOW)
    assert table.unread == ["notes"]
    assert (table.rows[0].kind, table.rows[0].roles, table.rows[0].lead) == (
        "pm_designer", ("PM", "Designer"), "lea@x.example",
    )  # fmt: skip
    assert [(each.error, each.column) for each in table.rows[1].problems] == [
        (Error.INVALID_ROLE, "member_a_role"), (Error.INVALID_ROLE, "member_b_role"),
        (Error.LEAD_IS_MEMBER, "lead_email"), (Error.UNKNOWN_KIND, "kind"),
    ]  # fmt: skip


def test_a_made_label_holds_no_address() -> None:
    text = "member_a_email,member_b_email\nwww.evil.example <a@x.example>,b@x.example"
    assert parse(text, now=NOW).rows[0].error is Error.INVALID_LABEL


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_understood(key: str) -> None:
    words = PRESETS[key].words.lower()
    assert one(cadence=key).cadence == one(cadence=key.replace("_", " ")).cadence == one(cadence=words).cadence == key


@pytest.mark.parametrize("text", ["", "name\nx", HEAD.replace("member_b_email,", ""), HEAD + ",label", "\x00", '"'])
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
    rows = parse(lines("", good, '"two', 'lines"', "short;line", "", head=head), now=NOW).rows
    assert [(row.line, row.error) for row in rows] == [
        (3, None), (4, Error.WRONG_COLUMNS), (6, Error.WRONG_COLUMNS)
    ]  # fmt: skip
    assert rows[0].label == 'A "quoted" label'


def test_as_many_lines_as_allowed_with_fifty_broken_ones() -> None:
    broken = {n * 99 + 7 for n in range(50)}
    bad = ["{n}@example.com,x", "a{n}@example.com,a{n}@example.com,L,monthly,2027-02-09,9:00,Europe/Berlin,60",
           "a{n}@example.com,b{n}@example.com,L,biweekly,2027-02-09,9:00,Europe/Berlin,60"]  # fmt: skip
    good = "a{n}@example.com,b{n}@example.com,L{n},every 2 months,2027-02-09,9:00,Europe/Berlin,60"
    rows = parse(lines(*((bad[n % 3] if n in broken else good).format(n=n) for n in range(2, 5_002))), now=NOW).rows
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
    assert len(parse(lines(*["", "x", ",,,,,,,"] * 5_000), now=NOW).rows) == 5_000


@given(
    st.text(max_size=300), st.sampled_from([HEAD + "\n", HEAD.replace(",", ";") + "\r\n", "\ufeff" + HEAD + "\n", ""])
)
def test_no_text_breaks_it(text: str, head: str) -> None:
    try:
        rows = parse(head + text, now=NOW).rows
    except Invalid:
        return
    assert all(row.ok or row.error for row in rows)
