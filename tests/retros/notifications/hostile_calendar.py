"""A retro whose words would break a calendar."""

from __future__ import annotations

from typing import Any

from retros.models import Session
from tests.retros.planned_dates import pair, rhythm, session

BIDI = "\u202e"


HOSTILE = [
    "Ana Õun & Björn, \"PM\"; Q1 🌿\nline2", "BEGIN:VEVENT", "x\r\nEND:VEVENT\r\nBEGIN:VEVENT", "a;b,c:d\\e",
    "\\n\\N\\;\\,", "x\r\nATTENDEE:mailto:evil@example.org", "🌿" * 40, "õ" * 120, "a" * 120, " leading", "trailing ",
    "\ttab\t", "\"quoted\"", "'", "<b>bold</b>", "{{ 7 }}", "%s %d %(x)s", "&amp;", "mailto:x@y", "Ω≈ç√∫˜µ≤",
    "日本語" * 30, "עברית", BIDI + "txt.ics", "e\u0301" * 50, "\u2028line\u2029", "\x85next", "\x0bvt\x0cff",
    "\x1c\x1d\x1e", "=?utf-8?q?x?=", "👩‍👩‍👧‍👦" * 10,
]  # fmt: skip


def s2(*zones: str, start: str = "2027-02-09T14:00", **series: Any) -> Session:
    ours = pair(*(zones or ("Europe/Tallinn", "America/New_York")))
    return session(ours, start, "Europe/Tallinn", rhythm(ours, **series))
