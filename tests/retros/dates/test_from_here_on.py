"""“From here on” where another rule follows, where a date was put off, and before a last day."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from retros.administration import bulk
from retros.administration.bulk_acts import BulkRequest
from retros.dates import one_date, rhythm
from retros.dates.planning import Unconfirmed
from retros.models import Series, Session
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast
from tests.clock import Clock
from tests.retros.scheduling import Planned, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def months(cast: Cast) -> Planned:
    """Every 2 months, second Tuesdays at 14:00 from 8 December; third Thursdays at 16:00 from June on."""
    planned = Planned("S2", cast.checkout, "2026-12-01T09:00Z")
    june = planned.at("2027-06-08")
    change: dict[str, Any] = {"first": date(2027, 6, 17), "local_time": time(16)}
    rhythm.change_from(planned.series, june, by=planned.by, now=planned.now, **change)
    return planned


@pytest.fixture
def weeks(cast: Cast) -> Planned:
    """Every 2 weeks, Tuesdays at 10:00 from 5 January; the clock stands on 17 February."""
    return Planned("S1", cast.checkout, "2027-02-17T12:00Z")


def planned_from(planned: Planned, day: str) -> list[str]:
    """The wall times of what is planned from that slot on."""
    rows = [row for row in planned.rows() if row.is_planned and str(row.slot_date) >= day]
    return [f"{row.wall_start:%m-%d %H:%M} {row.duration_min}" for row in rows]


# --- a date of an older rule -----------------------------------------------------------------------------------------


def test_a_change_of_an_older_rules_date_keeps_that_rule(months: Planned) -> None:
    april = months.at("2027-04-13")
    rhythm.change_from(months.series, april, by=months.by, duration_min=90, now=months.now)
    assert planned_from(months, "2027-02-09") == ["02-09 14:00 60", "04-13 14:00 90", "06-08 14:00 90"]


def test_the_form_for_a_date_of_an_older_rule_shows_that_rule(months: Planned, client: Client) -> None:
    url = reverse("series_change", args=[months.at("2027-04-13").pk])
    fields = {"day": "2027-04-13", "time": "14:00", "zone": "Europe/Tallinn", "cadence": "every_2_months"}
    sent = {**fields, "duration": "90", "version": months.series.version}
    with Clock().running() as clock:
        clock.now = months.now
        client.force_login(months.by)
        shown = dict(re.findall(r'name="(day|time)" value="([^"]*)"', client.get(url).text))
        assert shown == {"day": "2027-04-13", "time": "14:00"}
        assert client.post(url, sent).status_code == 200


def test_a_change_for_many_passes_over_an_older_rule(months: Planned, cast: Cast) -> None:
    wish = BulkRequest("rhythm", (months.partnership.pk,), cadence="quarterly")
    seen = bulk.preview(wish, by=cast.ada, now=months.now)
    assert [line.refused for line in seen.lines] == [""]
    assert seen.lines[0].after[0] == "Every quarter, second Tuesday, 14:00 (Europe/Tallinn)"


def test_a_last_day_that_was_set_later_holds_for_a_date_of_an_older_rule(months: Planned) -> None:
    rhythm.end(months.series, date(2027, 4, 30), by=months.by, now=months.now)
    rhythm.change_from(months.series, months.at("2027-02-09"), by=months.by, duration_min=90, now=months.now)
    assert planned_from(months, "2026-12-01") == ["12-08 14:00 60", "02-09 14:00 90", "04-13 14:00 90"]


# --- a date that was put off past its slot ---------------------------------------------------------------------------


def put_off(planned: Planned) -> Session:
    """16 February, held on 18 February instead; 17 February is today."""
    start = datetime(2027, 2, 18, 10)  # noqa: DTZ001 (a wall time)
    before = utc("2027-02-10T12:00Z")
    one_date.move(planned.at("2027-02-16"), by=planned.by, start=start, zone="Europe/Berlin", now=before)
    return planned.at("2027-02-16")


@pytest.mark.parametrize("first", [None, date(2027, 2, 16)])
def test_from_a_date_that_was_put_off_the_others_change(weeks: Planned, first: date | None) -> None:
    row = put_off(weeks)
    rhythm.change_from(weeks.series, row, by=weeks.by, first=first, local_time=time(15), now=weeks.now)
    assert planned_from(weeks, "2027-02-16")[:3] == ["02-18 10:00 60", "03-02 15:00 60", "03-16 15:00 60"]
    assert weeks.at("2027-02-16").moved


def test_from_a_date_that_was_put_off_another_rhythm_keeps_its_phase(weeks: Planned) -> None:
    row = put_off(weeks)
    rhythm.change_from(weeks.series, row, by=weeks.by, cadence=PRESETS["every_4_weeks"], now=weeks.now)
    assert planned_from(weeks, "2027-02-16")[:3] == ["02-18 10:00 60", "03-16 10:00 60", "04-13 10:00 60"]


def test_a_date_that_was_put_off_can_be_the_first_of_others(weeks: Planned) -> None:
    row = put_off(weeks)
    change: dict[str, Any] = {"first": date(2027, 2, 19), "now": weeks.now}
    with pytest.raises(Unconfirmed):
        rhythm.change_from(weeks.series, row, by=weeks.by, **change)
    rhythm.change_from(weeks.series, row, by=weeks.by, confirmed=True, **change)
    assert planned_from(weeks, "2027-02-16")[:3] == ["02-19 10:00 60", "03-05 10:00 60", "03-19 10:00 60"]


# --- the last day ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"first": date(2027, 3, 4)}, {"weekday": 3}])
def test_the_last_retro_takes_the_last_day_along(weeks: Planned, change: dict[str, Any]) -> None:
    rhythm.end(weeks.series, date(2027, 3, 2), by=weeks.by, now=weeks.now)
    rhythm.change_from(weeks.series, weeks.at("2027-03-02"), by=weeks.by, now=weeks.now, **change)
    assert planned_from(weeks, "2027-03-01") == ["03-04 10:00 60"]
    assert Series.objects.get().rule.ends_on == date(2027, 3, 4)


def test_a_slot_without_the_pattern_of_its_rule_gives_the_pattern() -> None:
    rule = Rule.starting(date(2027, 6, 17), PRESETS["every_2_months"], time(16), "UTC")
    assert rule.following(date(2027, 4, 13)).words == "Every 2 months, second Tuesday, 16:00"


def test_the_pages_say_what_moves_a_put_off_date(weeks: Planned, client: Client) -> None:
    """A put-off date of the real clock: the form as it stands previews the dates behind it."""
    series = Series.objects.get()
    Session.objects.filter(series=series).delete()
    now = timezone.now()
    first = now.date() - timedelta(days=1)
    rule = Rule.starting(first, PRESETS["every_2_weeks"], time(10), "UTC")
    Series.objects.all().delete()
    rhythm.begin(weeks.partnership, by=weeks.by, rule=rule, now=now - timedelta(days=9))
    row = Session.objects.filter(slot_date=first).get()
    start = datetime.combine(now.date() + timedelta(days=2), time(10))
    one_date.move(row, by=weeks.by, start=start, zone="UTC", now=now - timedelta(days=2))
    client.force_login(weeks.by)
    fields = {"day": first, "time": "15:00", "zone": "UTC", "cadence": "every_2_weeks", "duration": "60"}
    answer = client.post(reverse("series_change", args=[row.pk]), {**fields, "version": ""})
    assert answer.status_code == 200
    assert "What changes" in answer.content.decode()
