"""The rhythm on the pair's pages: planned, changed with a preview, paused, skipped, settled."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Person
from retros.dates import one_date, rhythm, upkeep
from retros.lifecycle import ending
from retros.models import Pause, Series, Session
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.pages import text_of
from tests.rows import checksum

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ZONE = "Europe/Paris"


def planned_rhythm(cast: Cast, *, days: int = 30, preset: str = "every_2_weeks") -> Series:
    first = timezone.localdate() + timedelta(days=days)
    rule = Rule.starting(first, PRESETS[preset], time(14), ZONE)
    return rhythm.begin(cast.checkout, by=cast.ines, rule=rule)


def rows(series: Series) -> list[Session]:
    return list(Session.objects.filter(series=series).order_by("slot_date"))


def home(cast: Cast) -> str:
    return text_of(client_of(cast.ines).get(reverse("partnership_detail", args=[cast.checkout.pk])))


def chosen(**more: str) -> dict[str, str]:
    day = timezone.localdate() + timedelta(days=20)
    fields = {"cadence": "every_2_months", "day": day.isoformat(), "time": "14:00", "zone": ZONE, "duration": "60"}
    return {**fields, "pattern": "weekday", "meeting_url": "", **more}


# --- planning one ----------------------------------------------------------------------------------------------------


def test_series_create_offers_every_2_months_with_its_dates(cast: Cast) -> None:
    client, url = client_of(cast.ines), reverse("series_create", args=[cast.checkout.pk])
    page = client.get(url).content.decode()
    assert '<option value="every_2_months" selected>Every 2 months</option>' in page
    dates = page.partition('id="dates"')[2].partition("</div>")[0]
    assert dates.count("<li>") == 6
    assert "bimonthly" not in page.lower()


def test_series_create_shows_the_dates_of_what_is_chosen(cast: Cast) -> None:
    client, url = client_of(cast.ines), reverse("series_create", args=[cast.checkout.pk])
    before = checksum()
    days = [play.next_year(month, day).date() for month, day in ((1, 31), (3, 31), (5, 31))]
    first, second, third = (f"{day:%A} {day.day} {day:%B %Y}, 09:30" for day in days)
    sent = chosen(day=days[0].isoformat(), pattern="day", time="09:30")
    fragment = text_of(client.get(url, sent, headers={"HX-Request": "true"}))
    assert f"{first} {second} {third}" in fragment
    without_script = client.post(url, sent | {"show": "1"})
    assert without_script.status_code == 200
    assert second in text_of(without_script)
    assert "Pick a first date" in text_of(client.get(url, {"day": "x"}, headers={"HX-Request": "true"}))
    assert checksum() == before


def test_series_create_plans_it_and_home_says_so(cast: Cast) -> None:
    client = client_of(cast.tom)
    sent = chosen(meeting_url="https://meet.example.org/ours")
    for _press in range(2):
        answer = client.post(reverse("series_create", args=[cast.checkout.pk]), sent)
        assert answer.status_code == 302
    series = Series.objects.get()
    assert (series.rule.local_time, series.rule.interval, series.rule.unit) == (time(14), 2, "month")
    page = home(cast)
    assert f"{series.rule.words}. Then " in page
    assert "Join the call" in page
    room = client_of(cast.ines).get(reverse("step_detail", args=[rows(series)[0].pk, 2])).content.decode()
    assert 'href="https://meet.example.org/ours"' in room


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"day": "2001-01-01"}, 409, "That time has already gone by."),
        ({"day": "2027-03-28", "time": "02:30"}, 409, "The next time that exists is 03:30."),
        ({"cadence": "biweekly"}, 422, "Select a valid choice."),
        ({"meeting_url": "javascript:alert(1)"}, 422, "Enter a valid URL."),
        ({"meeting_url": "ftp://example.org/x"}, 422, "Enter a valid URL."),
        ({"zone": "Mars/Olympus"}, 422, "Select a valid choice."),
    ],
)
def test_series_create_says_no_on_the_page(cast: Cast, wrong: dict[str, str], status: int, said: str) -> None:
    answer = client_of(cast.ines).post(reverse("series_create", args=[cast.checkout.pk]), chosen(**wrong))
    assert answer.status_code == status
    assert said in text_of(answer)
    assert not Series.objects.exists()


def test_series_create_keeps_clear_of_what_is_planned(cast: Cast) -> None:
    planned = play.plan(cast.checkout, days=10)
    page = client_of(cast.ines).get(reverse("series_create", args=[cast.checkout.pk])).content.decode()
    proposed = re.search(r'name="day" value="([^"]*)"', page)
    assert proposed
    assert date.fromisoformat(proposed[1]) > planned.wall_start.date() + timedelta(days=40)


# --- this and following ----------------------------------------------------------------------------------------------


def following(session: Session, series: Series, **more: Any) -> dict[str, Any]:
    rule = series.rule
    fields = {"day": session.slot_date, "time": "15:30", "zone": rule.timezone, "cadence": "every_2_weeks"}
    return {**fields, "duration": "60", "version": series.version, **more}


def test_series_change_shows_first_and_then_does_exactly_that(cast: Cast) -> None:
    series = planned_rhythm(cast)
    second, third = rows(series)[1:3]
    client, url = client_of(cast.tom), reverse("series_change", args=[second.pk])
    one_date.move(third, by=cast.ines, start=third.wall_start + timedelta(days=1), zone=ZONE)
    series.refresh_from_db()
    before = checksum()
    preview = client.post(url, following(second, series))
    assert checksum() == before
    text = text_of(preview)
    assert (preview.status_code, "Was moved by hand" in text) == (200, True)
    assert text.count(", 14:00") == len(rows(series)) - 1
    fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', preview.content.decode()))
    answer = client.post(url, fields)
    assert answer.status_code == 302
    assert [row.wall_start.time() for row in rows(series)] == [time(14)] + [time(15, 30)] * (len(rows(series)) - 1)


def test_series_change_by_the_second_of_two_shows_what_changed(cast: Cast) -> None:
    series = planned_rhythm(cast)
    second = rows(series)[1]
    sent = following(second, series, confirm="1")
    one_date.skip(second, by=cast.ines, reason="too_busy")
    answer = client_of(cast.tom).post(reverse("series_change", args=[rows(series)[2].pk]), sent)
    assert answer.status_code == 409
    assert "Ines Okafor: Skipped " in text_of(answer)
    assert f'name="version" value="{series.version + 1}"' in answer.content.decode()
    assert series.rules.count() == 1


# --- one date --------------------------------------------------------------------------------------------------------


def test_session_move_past_the_next_one_offers_two_ways(cast: Cast) -> None:
    series = planned_rhythm(cast)
    first, second = rows(series)[:2]
    day = second.wall_start.date() + timedelta(days=1)
    sent = {"day": day.isoformat(), "time": "14:00", "zone": ZONE, "version": series.version}
    answer = client_of(cast.ines).post(reverse("session_move", args=[first.pk]), sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert reverse("session_skip", args=[first.pk]) in page
    assert reverse("series_change", args=[first.pk]) in page
    assert rows(series)[0].start_utc == first.start_utc


def test_session_skip_and_plan_it_again(cast: Cast) -> None:
    series = planned_rhythm(cast)
    client, first = client_of(cast.ines), rows(series)[0]
    url = reverse("session_skip", args=[first.pk])
    assert client.post(url, {"version": series.version}).status_code == 422
    assert client.post(url, {"reason": "holiday", "version": series.version}).status_code == 302
    page = client.get(reverse("series_detail", args=[cast.checkout.pk]))
    assert "Skipped: A holiday" in text_of(page)
    series.refresh_from_db()
    restored = client.post(reverse("session_restore", args=[first.pk]), {"version": series.version})
    assert restored.status_code == 302
    assert rows(series)[0].status == "scheduled"


def test_session_met_settles_what_nobody_began(cast: Cast) -> None:
    now = timezone.now()
    start = (now - timedelta(days=3)).replace(tzinfo=None, hour=10, minute=0, second=0, microsecond=0)
    session = one_date.plan(cast.checkout, by=cast.ines, start=start, zone="UTC", now=now - timedelta(days=9))
    page = home(cast)
    assert "That date has gone by. Did you meet?" in page
    assert "We did meet on …" in page
    client, url = client_of(cast.tom), reverse("session_met", args=[session.pk])
    assert client.post(url, {"day": (now + timedelta(days=3)).date().isoformat()}).status_code == 422
    assert client.post(url, {"day": start.date().isoformat()}).status_code == 302
    session.refresh_from_db()
    assert (session.status, session.held_on) == ("held", start.date())
    assert "Retro 1" in home(cast)


def test_a_missed_one_is_said_on_home_until_one_is_held(cast: Cast) -> None:
    now = timezone.now()
    start = (now - timedelta(days=20)).replace(tzinfo=None, microsecond=0)
    one_date.plan(cast.checkout, by=cast.ines, start=start, zone="UTC", now=now - timedelta(days=30))
    upkeep.close_grace(now)
    assert "was missed." in home(cast)
    play.hold(cast.checkout)
    assert "was missed." not in home(cast)


def test_kept_is_said_as_so_many_of_so_many(cast: Cast) -> None:
    series = planned_rhythm(cast, days=1)
    for n, (row, status) in enumerate(zip(rows(series), ("held", "held", "missed", "skipped"), strict=False), 1):
        day = timezone.localdate() - timedelta(days=30 * n)
        Session.objects.filter(pk=row.pk).update(
            status=status, slot_date=day, held_on=day, closed_at=timezone.now(), reason="too_busy",
            start_utc=datetime.combine(day, time(12), UTC),
        )  # fmt: skip
    assert "2 of 4 kept." in home(cast)
    assert "%" not in home(cast)


# --- the rhythm as a whole -------------------------------------------------------------------------------------------


def test_pause_resume_end_and_the_link(cast: Cast) -> None:
    series = planned_rhythm(cast)
    client, of = client_of(cast.tom), [cast.checkout.pk]

    def press(name: str, **data: Any) -> str:
        series.refresh_from_db()
        answer = client.post(reverse(name, args=of), {"version": series.version, **data}, follow=True)
        assert answer.redirect_chain == [(reverse("series_detail", args=of), 302)]
        return text_of(answer)

    first = rows(series)[0].slot_date
    assert first
    assert "Paused from " in press("series_pause", from_date=first.isoformat(), to_date=first.isoformat())
    assert rows(series)[0].reason == "paused"
    pause = Pause.objects.get()
    page = client.get(reverse("series_detail", args=of)).content.decode()
    assert f'name="pause" value="{pause.pk}"' in page
    assert "Take it back" in page
    assert client.post(reverse("series_resume", args=of), {"pause": pause.pk + 1}).status_code == 404
    assert "Paused from " not in press("series_resume", pause=pause.pk)
    assert rows(series)[0].status == "scheduled"
    assert "The last day is " in press("series_end", last=first.isoformat())
    assert [row.status for row in rows(series)][:2] == ["scheduled", "cancelled"]
    assert "The last day is " not in press("series_end", last="")
    press("series_update", title="Our hour", meeting_url="https://meet.example.org/new")
    series.refresh_from_db()
    assert (series.title, series.meeting_url) == ("Our hour", "https://meet.example.org/new")


def test_a_rhythm_that_ended_is_brought_back_by_a_later_last_day(cast: Cast) -> None:
    """As its page says: a slip of the finger at the last day took all dates, and the way back."""
    play.hold(cast.checkout)
    series = planned_rhythm(cast)
    before = [row.start_utc for row in rows(series)]
    end = reverse("series_end", args=[cast.checkout.pk])
    client = client_of(cast.ines)
    client.post(end, {"version": series.version, "last": "2001-01-01"})
    detail = reverse("series_detail", args=[cast.checkout.pk])
    start = client.get(reverse("partnership_detail", args=[cast.checkout.pk])).text
    assert "Your rhythm has ended." in start
    assert "No rhythm yet" not in start
    assert f'href="{detail}"' in start
    page = client.get(detail).text
    assert "It has ended." in page
    assert f'action="{end}"' in page
    version = re.findall(r'name="version" value="(\d+)"', page)
    client.post(end, {"version": version, "last": ""})
    assert [row.start_utc for row in rows(series) if row.is_planned] == before


@pytest.mark.parametrize("name", ["series_pause", "series_resume", "series_end", "series_update"])
def test_an_old_page_changes_nothing_and_is_told_why(cast: Cast, name: str) -> None:
    series = planned_rhythm(cast)
    old = series.version
    today = series.today(timezone.now())
    rhythm.pause(series, today, today, by=cast.ines)
    one_date.skip(rows(series)[0], by=cast.ines, reason="leave")
    client, before = client_of(cast.tom), checksum()
    data = {"version": old, "from_date": "2030-01-01", "last": "2030-01-01", "title": "Ours"}
    answer = client.post(reverse(name, args=[cast.checkout.pk]), data)
    assert answer.status_code == 409
    assert "Ines Okafor: Skipped " in text_of(answer)
    assert {k: v for k, v in checksum().items() if k != "partnerships_ratecounter"} == before


@pytest.mark.parametrize(
    "name", ["series_pause", "series_resume", "series_end", "series_update", "series_change", "move", "skip", "restore"]
)
def test_a_press_whose_answer_was_lost_is_done_when_it_is_sent_again(cast: Cast, name: str) -> None:
    series = planned_rhythm(cast)
    client, day = client_of(cast.ines), timezone.localdate() + timedelta(days=90)
    rhythm.pause(series, day, day, by=cast.ines)
    first, second = rows(series)[:2]
    one_date.skip(second, by=cast.ines, reason="leave")
    sent: dict[str, dict[str, Any]] = {
        "series_pause": {"from_date": day + timedelta(days=1)},
        "series_resume": {"pause": Pause.objects.get().pk},
        "series_end": {"last": day},
        "series_update": {"title": "Ours"},
        "series_change": {**following(first, series, time="09:00"), "confirm": "1"},
        "move": {"day": first.wall_start.date(), "time": "16:30", "zone": "Europe/London"},
        "skip": {"reason": "leave"},
        "restore": {},
    }
    args = [{"series_change": first.pk, "move": first.pk, "skip": first.pk}.get(name, second.pk)]
    where = reverse(
        name if name.startswith("series") else f"session_{name}",
        args=args if name in {"series_change", "move", "skip", "restore"} else [cast.checkout.pk],
    )
    data = {**sent[name], "version": Series.objects.get().version}
    answers, sums = [], []
    for _ in range(2):
        answers.append(text_of(client.post(where, data, follow=True)))
        sums.append({k: v for k, v in checksum().items() if k != "partnerships_ratecounter"})
    assert "Nothing of yours was done" not in answers[1]
    assert answers[0] == answers[1]
    assert sums[0] == sums[1]


def test_a_press_on_what_was_gone_on_with_names_a_pause_that_came_since(cast: Cast) -> None:
    series = planned_rhythm(cast)
    today = series.today(timezone.now())
    rhythm.pause(series, today, today, by=cast.ines)
    data = {"version": series.version, "pause": Pause.objects.get().pk}
    rhythm.resume(series, by=cast.tom)
    rhythm.pause(series, today, today + timedelta(days=3), by=cast.tom)
    answer = client_of(cast.ines).post(reverse("series_resume", args=[cast.checkout.pk]), data)
    assert answer.status_code == 409
    assert "Nothing of yours was done" in text_of(answer)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("series_pause", {"from_date": "2030-01-01", "to_date": "9999-12-31"}),
        ("series_pause", {"from_date": "0001-01-01", "to_date": ""}),
        ("series_end", {"last": "9999-12-31"}),
    ],
)
def test_a_day_of_another_century_is_a_slip_of_the_finger(cast: Cast, name: str, days: dict[str, str]) -> None:
    series, client = planned_rhythm(cast), client_of(cast.ines)
    client.raise_request_exception = False  # a 500 shall be seen as one
    answer = client.post(reverse(name, args=[cast.checkout.pk]), {"version": series.version, **days})
    assert answer.status_code == 422
    assert "Pick a date in this century." in text_of(answer)


def test_the_wrap_up_shows_the_next_slot_or_offers_a_rhythm(cast: Cast) -> None:
    session = play.hold(cast.checkout)
    url = reverse("step_detail", args=[session.pk, 4])
    assert reverse("series_create", args=[cast.checkout.pk]) in client_of(cast.ines).get(url).content.decode()
    series = planned_rhythm(cast)
    page = text_of(client_of(cast.ines).get(url))
    assert "Your next retro" in page
    assert series.rule.words in page


def test_as_many_queries_with_thirty_dates_as_with_three(cast: Cast) -> None:
    series = planned_rhythm(cast, preset="quarterly")
    client = client_of(cast.ines)

    def count() -> int:
        total = 0
        for name in ("series_detail", "partnership_detail"):
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse(name, args=[cast.checkout.pk]))
            total += len(queries)
        return total

    assert len(rows(series)) == 3
    count()  # the first look after signing in asks more
    few = count()
    for extra in range(2):
        upkeep.materialise(timezone.now() + timedelta(days=365 * 4 * (extra + 1)))
    assert len(rows(series)) >= 30
    assert count() == few


def test_a_paused_date_has_a_way_back_once_no_pause_takes_it(cast: Cast) -> None:
    series = planned_rhythm(cast)
    first = rows(series)[0]
    assert first.slot_date
    client, url = client_of(cast.tom), reverse("session_restore", args=[first.pk])
    rhythm.pause(series, first.slot_date, first.slot_date, by=cast.ines)
    page = reverse("series_detail", args=[cast.checkout.pk])
    assert url not in client.get(page).content.decode()
    assert client.post(url).status_code == 409
    Pause.objects.update(to_date=first.slot_date - timedelta(days=1))
    assert url in client.get(page).content.decode()
    assert client.post(url).status_code == 302
    assert rows(series)[0].status == "scheduled"


@pytest.mark.parametrize(
    ("before", "offered"), [("Europe/Paris", True), ("Europe/Berlin", False)], ids=["their own clock", "another's"]
)
def test_whoever_moves_is_offered_to_take_the_rhythm_along(cast: Cast, before: str, offered: bool) -> None:
    """Her own clock's, while his stays the same; not a rhythm that never ran by hers."""
    series = planned_rhythm(cast)  # by the clock of Paris
    Person.objects.filter(pk=cast.tom.pk).update(timezone="Europe/Paris")
    Person.objects.filter(pk=cast.ines.pk).update(timezone=before)
    client, page = client_of(cast.ines), reverse("series_detail", args=[cast.checkout.pk])
    assert "my time zone" not in text_of(client.get(page))
    sent = {"name": "Ines Okafor", "role_label": "", "timezone": "Asia/Tokyo", "theme": "system", "shortcuts": "on"}
    assert client.post(reverse("person_update"), sent).status_code == 302
    shown = client.get(page)
    assert ("Move the rhythm to my time zone" in text_of(shown)) is offered
    assert "my time zone" not in text_of(client_of(cast.tom).get(page))
    if offered:
        url = f"{reverse('series_change', args=[rows(series)[0].pk])}?clock=mine"
        assert url in shown.content.decode()
        assert '<option value="Asia/Tokyo" selected>' in client.get(url).content.decode()


def test_a_pause_that_is_refused_stands_where_it_was_typed(cast: Cast) -> None:
    series, client = planned_rhythm(cast), client_of(cast.ines)
    url = reverse("series_pause", args=[cast.checkout.pk])
    first, last = (timezone.localdate() + timedelta(days=days) for days in (30, 20))
    answer = client.post(url, {"version": series.version, "from_date": first.isoformat(), "to_date": last.isoformat()})
    assert answer.status_code == 422
    assert "The pause ends before it begins." in text_of(answer)
    form = re.search(rf'action="{url}".*?</form>', answer.text, re.DOTALL)
    assert form
    assert re.findall(r'name="(\w+_date)" value="([\d-]+)"', form[0]) == [
        ("from_date", first.isoformat()), ("to_date", last.isoformat())
    ]  # fmt: skip
    assert Pause.objects.count() == 0


def test_where_the_page_has_no_such_form_any_more_it_says_why_all_the_same(cast: Cast) -> None:
    series, client = planned_rhythm(cast), client_of(cast.ines)
    rhythm.end(series, by=cast.tom, last=timezone.localdate() - timedelta(days=1))
    answer = client.post(reverse("series_pause", args=[cast.checkout.pk]), {"from_date": timezone.localdate()})
    assert (answer.status_code, "This rhythm has ended." in text_of(answer)) == (409, True)
    ending.end(cast.checkout, by=cast.tom, leaving=False)
    answer = client.post(reverse("series_update", args=[cast.checkout.pk]), {"title": "Our hour", "meeting_url": ""})
    assert answer.status_code == 403
    assert ">Our hour</textarea>" in answer.text


def test_what_others_changed_is_said_once_and_then_it_can_be_done(cast: Cast) -> None:
    """The page that says so carries the version of now, and what was typed."""
    series, client = planned_rhythm(cast), client_of(cast.ines)
    old = series.version
    one_date.skip(rows(series)[0], by=cast.tom, reason="leave")
    url = reverse("series_update", args=[cast.checkout.pk])
    answer = client.post(url, {"version": old, "title": "Our hour", "meeting_url": ""})
    assert answer.status_code == 409
    form = re.search(rf'action="{url}".*?</form>', answer.text, re.DOTALL)
    assert form
    sent = dict(re.findall(r'name="(version|title)" value="([^"]*)"', form[0]))
    assert sent["title"] == "Our hour"
    again = client.post(url, {**sent, "meeting_url": ""})
    assert again.status_code == 302
    series.refresh_from_db()
    assert series.title == "Our hour"


def test_a_date_that_was_typed_stays_when_others_changed_the_dates(cast: Cast) -> None:
    series, client = planned_rhythm(cast), client_of(cast.ines)
    old, (first, second, *_more) = series.version, rows(series)
    one_date.skip(first, by=cast.tom, reason="leave")
    assert second.slot_date
    day = second.slot_date + timedelta(days=1)
    typed = {"day": day.isoformat(), "time": "14:30", "zone": second.timezone}
    answer = client.post(reverse("session_move", args=[second.pk]), {"version": old, **typed})
    assert answer.status_code == 409
    assert f'value="{day.isoformat()}"' in answer.text
    assert 'value="14:30"' in answer.text
    assert f'value="{second.timezone}" selected' in answer.text
