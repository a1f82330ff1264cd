"""Every kind of calendar file, read by ical.js in Chromium: a third reader, and the one behind most web calendars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from partnerships.models import Person
from retros.models import Series, Session
from retros.notifications.ics import InvitationVersion, download, feed, invitation
from tests.retros import ics
from tests.retros.notifications.hostile_calendar import HOSTILE, s2
from tests.retros.planned_dates import moment, pair, people, session

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

READER = Path(__file__).parents[2] / "vendor" / "ical.min.js"
LOAD = """async (code) => {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  window.ICAL = (await import(address)).default;
}"""
READ = """(documents) => documents.map((document) => {
  const calendar = new ICAL.Component(ICAL.parse(document));
  return calendar.getAllSubcomponents("vevent").map((part) => {
    const event = new ICAL.Event(part);
    const times = [event.startDate, event.endDate].map((time) => time.toJSDate().toISOString());
    return [event.uid, event.summary, ...times, event.sequence, event.isRecurring()];
  });
})"""


def test_every_file_is_read_the_same(browser: Any) -> None:
    made = s2()
    both = list(people(made.partnership))
    documents = []
    for title in ("", *HOSTILE):
        Series.objects.update(title=title)
        made = Session.objects.select_related("series", "partnership").get(pk=made.pk)
        edition = InvitationVersion.of(made)
        documents += [
            invitation(made, both, edition=edition),
            invitation(made, both, edition=edition, cancel=True),
            download(made, both),
        ]
    ours = pair("Africa/Casablanca")
    Person.objects.update(calendar_mode="feed")
    for month in range(1, 10):
        session(ours, f"2027-0{month}-09T14:00", "Africa/Casablanca")
    documents.append(feed(people(ours)[0], moment("2027-01-01T00:00Z")))
    page = browser.new_page()
    page.evaluate(LOAD, READER.read_text(encoding="utf-8"))
    found = page.evaluate(READ, [document.decode() for document in documents])
    page.close()
    assert len(found[-1]) == 9
    for document, events in zip(documents, found, strict=True):
        expected = ics.read_back(document)
        told = [(uid, text, moment(start), moment(end)) for uid, text, start, end, _seq, _again in events]
        assert sorted(told) == sorted(expected)
        assert not any(event[-1] for event in events)
