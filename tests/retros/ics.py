"""What every calendar file has to keep to, whoever reads it (docs/rules/scheduling.md S15).

Not checked with what wrote it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import recurring_ical_events
import vobject

ONCE = ("UID", "DTSTAMP", "DTSTART")
AT_MOST_ONCE = ("SEQUENCE", "STATUS", "SUMMARY", "ORGANIZER", "DTEND", "DESCRIPTION", "LOCATION")
PROPERTY = re.compile(r"^([A-Z-]+)((?:;[A-Z-]+=(?:\"[^\"]*\"|[^\";:,]*))*):(.*)$", re.DOTALL)


def lint(document: bytes, *, method: str | None = None) -> list[dict[str, list[str]]]:
    """Fails for what parsers let through. Returns the events: each property's values, as they are written."""
    assert document.endswith(b"\r\n")
    assert b"\r" not in document.replace(b"\r\n", b"")
    assert b"\n" not in document.replace(b"\r\n", b"")
    physical = document.split(b"\r\n")[:-1]
    assert max(len(line) for line in physical) <= 75
    for octets in physical:
        octets.decode("utf-8")  # no character is cut in two
    lines = document.decode("utf-8").replace("\r\n ", "").split("\r\n")[:-1]
    open_parts: list[str] = []
    events: list[dict[str, list[str]]] = []
    calendar: dict[str, list[str]] = {}
    for line in lines:
        found = PROPERTY.match(line)
        assert found, line
        name, parameters, value = found.groups()
        assert name not in {"RRULE", "EXDATE", "RDATE"}
        assert "TZID" not in parameters
        if name == "BEGIN":
            open_parts.append(value)
            assert value in {"VCALENDAR", "VEVENT"}
            events += [{}] if value == "VEVENT" else []
        elif name == "END":
            assert open_parts.pop() == value
        else:
            place = events[-1] if open_parts[-1] == "VEVENT" else calendar
            place.setdefault(name, []).append(value)
    assert open_parts == []
    assert lines.count("BEGIN:VCALENDAR") == 1
    assert calendar["VERSION"] == ["2.0"]
    assert len(calendar["PRODID"]) == 1
    assert calendar.get("METHOD") == ([method] if method else None)
    for event in events:
        _event(event, method)
    assert len({event["UID"][0] for event in events}) == len(events)
    return events


def _event(event: dict[str, list[str]], method: str | None) -> None:
    for name in ONCE:
        assert len(event.get(name, [])) == 1, name
    for name in AT_MOST_ONCE:
        assert len(event.get(name, [])) <= 1, name
    start, end, _stamp = (stamp(event[name][0]) for name in ("DTSTART", "DTEND", "DTSTAMP"))
    assert end > start
    people = event.get("ORGANIZER", []) + event.get("ATTENDEE", [])
    assert all(re.fullmatch(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+", person) for person in people), people
    if method:
        assert len(event["ORGANIZER"]) == 1
        assert event["ATTENDEE"]
        assert event["SEQUENCE"]
    if method == "CANCEL":
        assert event["STATUS"] == ["CANCELLED"]


def stamp(value: str) -> datetime:
    assert value.endswith("Z")
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read_back(document: bytes) -> list[tuple[str, str, datetime, datetime]]:
    """UID, summary, start and end of each event; the same to two readers, or it fails."""
    one = [
        (str(event["UID"]), str(event["SUMMARY"]), event["DTSTART"].dt, event["DTEND"].dt)
        for event in _occurrences(document)
    ]
    read: Any = vobject.readOne(document.decode())
    two = [
        (event.uid.value, event.summary.value, event.dtstart.value, event.dtend.value)
        for event in read.contents.get("vevent", [])
    ]
    assert sorted(one) == sorted(two)
    return sorted(one, key=lambda event: event[2])


def _occurrences(document: bytes) -> list[Any]:
    import icalendar

    calendar = icalendar.Calendar.from_ical(document)
    return list(recurring_ical_events.of(calendar).between(date(2000, 1, 1), date(2100, 1, 1)))
