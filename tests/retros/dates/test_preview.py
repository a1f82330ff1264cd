"""What a preview says is what happens, and saying it changes nothing."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from partnerships.models import Delivery
from partnerships.refusals import Refusal
from retros.dates import one_date, rhythm, upkeep
from retros.dates.planning import Planning
from retros.dates.preview import DatesPreview, preview
from retros.models import Series, Session
from retros.recurrence.rule import PRESETS
from tests.cast import Cast, make_cast
from tests.retros.scheduling import Planned, utc
from tests.rows import checksum

pytestmark = pytest.mark.django_db


def ahead(planned: Planned, day: str = "2027-02-16", **change: Any) -> DatesPreview:
    """The preview of a change from the slot of that day on."""

    def do(dates: Planning) -> None:
        rhythm.change_from_in(dates, dates.row(planned.at(day)), confirmed=True, **change)

    return preview(planned.partnership, do, by=planned.by, now=planned.now)


def done(planned: Planned, day: str = "2027-02-16", **change: Any) -> None:
    series = Series.objects.get(pk=planned.series.pk)
    rhythm.change_from(series, planned.at(day), by=planned.by, now=planned.now, confirmed=True, **change)


def scheduled(planned: Planned) -> dict[Any, Any]:
    return {row.pk: row.start_utc for row in planned.rows() if row.status == "scheduled"}


def test_a_preview_names_old_and_new_dates_and_changes_nothing(cast: Cast) -> None:
    planned = Planned("S1", cast.checkout, "2027-02-10T12:00Z")
    moved = planned.at("2027-03-02")
    one_date.move(moved, by=planned.by, start=moved.wall_start.replace(day=4), zone=moved.timezone, now=planned.now)
    before = checksum()
    seen = ahead(planned, weekday=3, local_time=time(15))
    assert checksum() == before
    assert seen.mails == 4  # an update of each of the next two, to each of the two
    rows = [row for row in planned.rows() if row.slot_date and row.slot_date >= date(2027, 2, 16)]
    kept = [shift for shift in seen.shifts if shift.was and shift.becomes]
    assert [shift.session_id for shift in kept] == [row.pk for row in rows][: len(kept)]
    assert f"{kept[0].was:%d %H:%M} {kept[0].becomes:%d %H:%M}" == "16 09:00 18 14:00"
    assert [shift.session_id for shift in seen.shifts if shift.reset] == [moved.pk]


def test_a_rule_that_begins_later_makes_no_date_beyond_the_horizon(cast: Cast) -> None:
    """Three dates are still to come before its first one, so it needs none further away than 190 days."""
    planned = Planned("S2", cast.checkout, "2026-12-01T12:00Z")
    days = [row.slot_date for row in planned.rows()]
    assert days[3:] == [date(2027, 6, 8)]
    (shift,) = ahead(planned, "2027-06-08", local_time=time(15)).shifts
    assert (f"{shift.was:%d %H}", f"{shift.becomes:%d %H}") == ("08 11", "08 12")
    done(planned, "2027-06-08", local_time=time(15))
    assert [row.slot_date for row in planned.rows()] == days
    for at in ("2027-02-10T12:00Z", "2027-06-09T12:00Z", "2028-01-01T12:00Z"):
        upkeep.materialise(utc(at))
        later = [row for row in planned.rows() if row.start_utc > utc(at)]
        assert len(later) >= 3
        assert later[-1].start_utc <= utc(at) + timedelta(days=190)


def test_a_mail_of_another_pair_is_none_of_this_change(cast: Cast) -> None:
    planned = Planned("S1", cast.checkout, "2027-02-10T12:00Z")
    Planned("S2", cast.search, "2026-12-01T12:00Z")
    assert ahead(planned, local_time=time(15)).mails == 4


def test_what_is_refused_is_refused_in_the_preview(cast: Cast) -> None:
    planned = Planned("S1", cast.checkout, "2027-02-10T12:00Z")
    before = checksum()
    with pytest.raises(Refusal):
        ahead(planned, first=date(2027, 2, 2))
    assert checksum() == before


class PreviewIsTheEffect(TestCase):
    """Whatever the change: the same dates, and the order, the identity and the slots are kept."""

    @settings(max_examples=8)
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "weekday": st.integers(0, 6),
                "cadence": st.sampled_from(list(PRESETS.values())),
                "local_time": st.sampled_from([time(2, 30), time(9), time(15)]),
                "timezone": st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Europe/Berlin"]),
                "duration_min": st.sampled_from([30, 60, 90]),
            },
        )
    )
    def test_it(self, change: dict[str, Any]) -> None:
        planned = Planned("S1", make_cast().checkout, "2027-02-10T12:00Z")
        before, old_order = scheduled(planned), [row.pk for row in planned.rows()]
        seen = ahead(planned, **change)
        assert scheduled(planned) == before
        mails = Delivery.objects.filter(kind__in=Delivery.CALENDAR).count()
        done(planned, **change)
        assert Delivery.objects.filter(kind__in=Delivery.CALENDAR).count() - mails == seen.mails
        after = scheduled(planned)
        expected = {shift.session_id: shift.becomes for shift in seen.shifts if shift.becomes}
        new = set(expected) - set(before)
        assert {pk: start for pk, start in after.items() if pk in before} == {
            pk: expected.get(pk, start) for pk, start in before.items() if pk in after
        }
        assert sorted(after[pk] for pk in set(after) - set(before)) == sorted(expected[pk] for pk in new)
        rows = [row for row in planned.rows() if row.status == "scheduled"]
        assert [row.start_utc for row in rows] == sorted(row.start_utc for row in rows)
        survivors = [pk for pk in old_order if pk in after]
        assert [row.pk for row in rows if row.pk in survivors] == survivors
        rule = Series.objects.get(pk=planned.series.pk).rule
        slots = [row.slot_date for row in rows if row.slot_date and row.slot_date >= rule.start_date]
        assert slots == rule.made_by(date(2027, 2, 10))
        for row in Session.objects.filter(pk__in=after, slot_date__gte=rule.start_date):
            assert row.start_utc == rule.slot(row.slot_date or date.min).start_utc
            assert row.uid_generation == 1
