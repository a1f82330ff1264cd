"""What an admin sees and changes of one pair, and what is said before a date is kept."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships import public_holidays
from partnerships.models import Audit, Look, Person
from partnerships.seen import version_of
from retros.administration import bulk
from retros.administration.bulk_acts import BulkRequest
from retros.administration.clashes import clashes
from retros.administration.placing import BusyTimes, Two, WorkingPerson, nearest_free
from retros.dates import one_date, rhythm
from retros.dates.warnings import SHOWN, warnings
from retros.models import Bulk, Series, Session
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros.administration.bulks import in_rhythm, starts, wish
from tests.retros.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


# --- many are chosen --------------------------------------------------------------------------------------------------


def test_all_that_match_are_chosen_at_once(client: Client, cast: Cast, ada: Person) -> None:
    in_rhythm(cast.search, ada)
    for n in range(120):
        PartnershipFactory.create(label=f"Half {n:03}")
    page = client.get(reverse("schedule"), {"q": "Half"}).text
    assert 'name="all"' in page
    assert "All 120 that match" in page
    asked = {"act": "plan", "all": "1", "state": "none"}
    page = client.get(reverse("bulk_preview"), asked).text
    assert "1 pair would change" in page
    assert "120 pairs would be left as they are" in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.partition('class="bulk')[2]))
    assert "pick" not in fields
    client.post(reverse("bulk_create"), fields)
    assert Bulk.objects.get().lines.filter(refused="").get().partnership == cast.checkout


def test_more_than_there_were_are_not_done(client: Client, cast: Cast, ada: Person) -> None:
    page = client.get(reverse("bulk_preview"), {"act": "plan", "all": "1"}).text
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.partition('class="bulk')[2]))
    PartnershipFactory.create(b=PersonFactory.create(), label="Later")
    assert client.post(reverse("bulk_create"), fields).status_code == 409
    assert not Series.objects.exists()


@pytest.mark.parametrize(("weekday", "hour"), [(2, 9), (4, None), (None, 16)])
def test_a_plan_keeps_to_the_weekday_and_the_hour(cast: Cast, weekday: int | None, hour: int | None) -> None:
    first, last = timezone.localdate() + timedelta(days=3), timezone.localdate() + timedelta(days=24)
    what = wish("plan", cast.checkout, cast.search, first_day=first, last_day=last, weekday=weekday, hour=hour)
    digest = bulk.preview(what, by=cast.ada).digest
    bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=digest)
    for series in Series.objects.all():
        rule = series.rule
        assert first <= rule.start_date <= last
        assert weekday in {None, rule.start_date.weekday()}
        assert hour in {None, rule.local_time.hour}
    assert Series.objects.count() == 2


def test_what_is_not_free_within_what_was_chosen_is_said_so(cast: Cast) -> None:
    first = timezone.localdate() + timedelta(days=3)
    what = wish("plan", cast.checkout, first_day=first, last_day=first - timedelta(days=1))
    (line,) = bulk.preview(what, by=cast.ada).lines
    assert line.refused == "Nothing within what you chose is free for both, all year."


# --- a pair by its label ----------------------------------------------------------------------------------------------


def test_two_pairs_of_the_same_two_are_told_apart(client: Client, cast: Cast, ada: Person) -> None:
    PartnershipFactory.create(a=cast.ines, b=cast.tom, label="Wallet")
    page = client.get(reverse("schedule")).text
    for label in ("Checkout", "Wallet"):
        assert f'aria-label="Select {label} (Ines and Tom)"' in page
        assert f'aria-label="More for {label} (Ines and Tom)"' in page


def test_label_and_kind_are_changed_and_the_two_can_read_it(client: Client, cast: Cast, ada: Person) -> None:
    sent = {"label": "Payments", "kind": "other", "version": version_of(cast.checkout.details)}
    answer = client.post(reverse("admin_partnership_update", args=[cast.checkout.pk]), sent, follow=True)
    assert "Payments" in text_of(answer)
    cast.checkout.refresh_from_db()
    assert (cast.checkout.label, cast.checkout.kind) == ("Payments", "other")
    assert Look.objects.of(cast.tom).filter(what=Look.What.DETAILS).count() == 1
    assert Audit.objects.for_admins().filter(act=Audit.Act.PARTNERSHIP_CHANGED).count() == 1
    client.post(reverse("admin_partnership_update", args=[cast.checkout.pk]), sent)
    assert Look.objects.of(cast.tom).filter(what=Look.What.DETAILS).count() == 1  # nothing was changed again
    bad = client.post(reverse("admin_partnership_update", args=[cast.checkout.pk]), {"label": "", "kind": "x"})
    assert bad.status_code == 422


# --- its dates --------------------------------------------------------------------------------------------------------


def test_the_dates_of_a_pair_are_planned_moved_and_skipped(client: Client, cast: Cast, ada: Person) -> None:
    series = in_rhythm(cast.checkout, ada, cadence="monthly", days=20)
    first, second = Session.objects.filter(series=series).upcoming()[:2]
    page = client.get(reverse("admin_partnership_dates", args=[cast.checkout.pk]))
    for session in (first, second):
        assert reverse("admin_session_move", args=[session.pk]) in page.text
        assert reverse("admin_session_skip", args=[session.pk]) in page.text
    day = (first.wall_start + timedelta(days=1)).date()
    move = {"day": day.isoformat(), "time": "11:00", "zone": "Europe/Berlin", "version": series.version}
    client.post(reverse("admin_session_move", args=[first.pk]), move)
    first.refresh_from_db()
    assert first.wall_start == datetime.combine(day, time(11))
    assert client.post(reverse("admin_session_move", args=[second.pk]), move).status_code == 409  # an old page
    skip = {"reason": "holiday", "version": series.version + 1}
    for _time in range(2):  # its answer was lost
        assert client.post(reverse("admin_session_skip", args=[second.pk]), skip).status_code == 302
    second.refresh_from_db()
    assert second.status == Session.Status.SKIPPED
    new = {"day": (timezone.localdate() + timedelta(days=9)).isoformat(), "time": "09:00", "zone": "Europe/Berlin"}
    told = client.post(reverse("admin_session_create", args=[cast.checkout.pk]), new | {"time": "05:00"}, follow=True)
    assert re.search(r": it is 0\d:00 for (Ines|Tom) then\.", text_of(told))
    assert Session.objects.filter(partnership=cast.checkout, series=None).count() == 1
    assert [look.what for look in Look.objects.of(cast.tom)][:4] == [Look.What.SCHEDULE] * 4


def test_what_was_held_or_is_begun_at_once_is_not_to_come(client: Client, cast: Cast, ada: Person) -> None:
    in_rhythm(cast.checkout, ada)
    first, second = Session.objects.filter(partnership=cast.checkout).upcoming()[:2]
    Session.objects.filter(pk=first.pk).update(status="held", held_on=timezone.localdate())
    assert client.get(reverse("admin_session_move", args=[first.pk])).status_code == 404
    second.start(by=cast.ines)  # early: outside of the pair it is as it was planned
    page = client.get(reverse("admin_partnership_dates", args=[cast.checkout.pk])).text
    assert reverse("admin_session_move", args=[second.pk]) in page


def test_a_clash_names_both_pairs_and_is_solved_with_one_press(client: Client, cast: Cast, ada: Person) -> None:
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    for pair in (cast.checkout, other):
        in_rhythm(pair, ada, cadence="monthly", days=14)
    assert len(clashes(timezone.now())[cast.tom.pk]) > 2
    page = client.get(reverse("schedule_checks"))
    assert re.search(r"(Checkout|Other) \(\w+ and \w+\) and (Checkout|Other) \(\w+ and \w+\)\.", text_of(page))
    found = re.findall(r'href="(/admin/sessions/[^"]+/move/\?to=[^"]+)">\s*([^<]+)', page.text)
    before = len(clashes(timezone.now())[cast.tom.pk])
    form = client.get(unescape(found[0][0])).text
    fields = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', form)
        for name in ("day", "time", "version")
    }
    sent = {name: next(filter(None, match.groups())) for name, match in fields.items() if match}
    assert client.post(unescape(found[0][0]), {**sent, "zone": ada.timezone}).status_code == 302
    assert len(clashes(timezone.now()).get(cast.tom.pk, [])) == before - 1


def test_the_nearest_free_time_lies_in_both_days_and_in_nobodys_way() -> None:
    two = Two("pair", WorkingPerson("a", "Europe/Berlin"), WorkingPerson("b", "America/New_York"))
    start = datetime(2027, 2, 2, 15, tzinfo=UTC)  # a Tuesday, 16:00 in Berlin
    hour = timedelta(hours=1)
    own = BusyTimes({"a": [(start, start + hour)], "b": [(start, start + hour)]})
    now = start - timedelta(days=1)
    assert nearest_free(two, start, 60, own, now) == start  # its own time is not in its way
    twice = BusyTimes({"a": [(start, start + hour)] * 2, "b": [(start, start + hour)]})
    assert nearest_free(two, start, 60, twice, now) == start - 2 * hour  # in two at exactly that time
    busy = BusyTimes({"a": [(start + timedelta(minutes=5), start + hour)]})
    assert nearest_free(two, start, 60, busy, now) == start - 2 * hour  # 14:00 in Berlin, 08:00 there
    assert nearest_free(two, start, 60, busy, start) == start + timedelta(hours=22)  # nothing that has gone by
    assert nearest_free(Two("pair", two.a, WorkingPerson("b", "Pacific/Auckland")), start, 60, own, now) is None


# --- what is said before a date is kept -------------------------------------------------------------------------------


def test_nights_and_public_holidays_are_named(cast: Cast, settings: Any) -> None:
    settings.COUNTRY = ""
    ines, tom = cast.ines, cast.tom
    ines.timezone, tom.timezone = "Europe/Tallinn", "America/New_York"
    day = datetime(2027, 2, 24, 8, 30, tzinfo=UTC)
    assert warnings([day], [ines, tom]) == ["Wed 24 February 2027: it is 03:30 for Tom then."]
    assert warnings([day + timedelta(hours=5)], [ines, tom]) == []
    ines.country = "EE"
    assert warnings([day + timedelta(hours=5)], [ines, tom]) == [
        "Wed 24 February 2027 is a public holiday for Ines: Independence Day, Estonia."
    ]
    settings.COUNTRY = "US"
    assert "for Tom: Thanksgiving Day, United States." in warnings([datetime(2027, 11, 25, 16, tzinfo=UTC)], [tom])[0]
    nights = [day + timedelta(days=n) for n in range(9)]
    assert len(warnings(nights, [tom])) == SHOWN + 1
    assert warnings(nights, [tom])[-1] == "And 5 more of the kind."


def test_a_holiday_counts_by_the_own_day() -> None:
    assert public_holidays.on(date(2027, 2, 24), "EE") == "Independence Day"
    assert public_holidays.on(date(2027, 2, 24), "") == public_holidays.on(date(2027, 2, 25), "EE") == ""
    assert ("EE", "Estonia") in public_holidays.countries()
    assert [public_holidays.name_of(letters) for letters in ("CD", "IM", "SJ", "HM")] == [
        "DR Congo", "Isle of Man", "Svalbard and Jan Mayen", "Heard Island and McDonald Islands"
    ]  # fmt: skip


def test_the_preview_of_many_names_what_people_would_rather_know(cast: Cast) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/Los_Angeles")
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    day = timezone.localdate() + timedelta(days=14)
    rule = Rule.starting(day, PRESETS["monthly"], time(11), "Europe/Berlin")
    rhythm.begin(cast.checkout, by=cast.ada, rule=rule)
    one_date.plan(other, by=cast.ada, start=datetime.combine(day + timedelta(days=7), time(11)), zone="Europe/Berlin")
    seen = bulk.preview(BulkRequest("move", (cast.checkout.pk,), weeks=1), by=cast.ada)
    (line,) = seen.lines
    assert "Tom sits with Other then: " in line.remark
    assert "it is 02:00 for Tom then." in line.remark
    bulk.commit(BulkRequest("move", (cast.checkout.pk,), weeks=1), by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    assert starts(cast.checkout)[0] - starts(other)[0] == timedelta(0)


def test_the_previews_of_a_pair_name_it_too(client: Client, cast: Cast) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/Los_Angeles")
    client.force_login(cast.ines)
    day = timezone.localdate() + timedelta(days=14)
    chosen = {"cadence": "monthly", "day": day.isoformat(), "time": "11:00", "zone": "Europe/Berlin"}
    asked = {**chosen, "duration": "60", "pattern": "weekday", "meeting_url": ""}
    url = reverse("series_create", args=[cast.checkout.pk])
    assert "it is 02:00 for Tom then." in client.get(url, asked, headers={"hx-request": "true"}).text
    series = rhythm.begin(
        cast.checkout, by=cast.ines, rule=Rule.starting(day, PRESETS["monthly"], time(17), "Europe/Berlin")
    )
    session = Session.objects.filter(series=series).upcoming()[0]
    sent = {**chosen, "duration": "60", "version": series.version}
    assert "it is 02:00 for Tom then." in client.post(reverse("series_change", args=[session.pk]), sent).text
