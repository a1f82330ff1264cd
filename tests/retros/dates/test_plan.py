"""Planning, starting and moving a retro from the pages around it."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Person
from partnerships.refusals import Refusal
from retros.dates import one_date, rhythm
from retros.models import Session
from retros.pair import Pair, proposal
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast, client_of
from tests.factories import PartnershipFactory
from tests.retros import play
from tests.retros.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def when(**more: Any) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=9)
    return {"day": day.isoformat(), "time": "14:00", "zone": "Europe/Paris", "client_id": str(uuid.uuid4())} | more


def spring_forward() -> date:
    """The next last Sunday of March, when the clocks of Europe jump from two to three."""
    today = timezone.localdate()
    for year in (today.year, today.year + 1):
        end = date(year, 3, 31)
        sunday = end - timedelta(days=(end.weekday() + 1) % 7)
        if sunday > today:
            return sunday
    raise AssertionError("no March ahead")


def test_session_create_plans_and_says_when(cast: Cast) -> None:
    sent = when()
    answer = client_of(cast.ines).post(reverse("session_create", args=[cast.checkout.pk]), sent, follow=True)
    session = Session.objects.get()
    assert (session.wall_start.isoformat(), session.timezone) == (f"{sent['day']}T14:00:00", "Europe/Paris")
    assert answer.redirect_chain == [(f"/partnerships/{cast.checkout.pk}/", 302)]
    assert "Planned for " in unescape(answer.content.decode())


def test_who_plans_or_moves_one_date_is_told_of_a_public_holiday(cast: Cast) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(country="EE")
    client, session = client_of(cast.ines), play.plan(cast.checkout)
    today = timezone.localdate()
    christmas = date(today.year + (today > date(today.year, 12, 20)), 12, 25)
    where = {"day": christmas.isoformat()}
    moved = client.post(reverse("session_move", args=[session.pk]), when(**where), follow=True)
    boxing_day = when(day=(christmas + timedelta(days=1)).isoformat())
    planned = client.post(reverse("session_create", args=[cast.checkout.pk]), boxing_day, follow=True)
    for answer, holiday in ((moved, "Christmas Day"), (planned, "Second Day of Christmas")):
        words = text_of(answer)
        assert "Planned for " in words
        assert f" is a public holiday for Tom: {holiday}, Estonia." in words
        assert answer.text.count('data-i="circle-alert"') == 1


def test_a_date_that_became_a_public_holiday_is_named_in_the_lists_of_dates(cast: Cast, settings: Any) -> None:
    """Of the two and of an admin, whoever changed what; without a further question to the database."""
    settings.COUNTRY = ""
    today = timezone.localdate()
    christmas = date(today.year + (today > date(today.year, 12, 20)), 12, 25)
    rule = Rule.starting(christmas, PRESETS["every_2_weeks"], time(22), "Europe/Berlin")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    places = [
        (client_of(cast.ines), reverse("series_detail", args=[cast.checkout.pk])),
        (client_of(cast.ada), reverse("admin_partnership_dates", args=[cast.checkout.pk])),
        (client_of(cast.ada), reverse("schedule")),
    ]
    said = "Public holiday for Tom: Christmas Day, Estonia."
    for client, where in places:
        client.get(where)  # the sign-in's own first look
    asked = []
    for country in ("", "EE"):
        Person.objects.filter(pk=cast.tom.pk).update(country=country)
        for client, where in places:
            with CaptureQueriesContext(connection) as queries:
                words = text_of(client.get(where))
            asked.append(len(queries))
            assert words.count(said) == bool(country), where
            assert "it is 22:00 for" not in words  # no news: the time stands there
    assert asked[:3] == asked[3:]
    Person.objects.filter(pk=cast.ines.pk).update(country="EE")
    assert "Public holiday for Ines and Tom: Christmas Day, Estonia." in text_of(places[0][0].get(places[0][1]))
    Person.objects.filter(pk=cast.ines.pk).update(country="")
    one_date.skip(Session.objects.earliest("start_utc"), by=cast.ines, reason="holiday")
    assert not any(said in text_of(client.get(where)) for client, where in places)


@pytest.mark.parametrize(
    ("exercise", "minutes", "said"),
    [
        ("retro-quick", 25, "About 25 minutes."),
        ("retro-classic", 60, "About an hour."),
        ("", 60, "About an hour."),
    ],
)
def test_session_create_takes_as_long_as_what_is_chosen(cast: Cast, exercise: str, minutes: int, said: str) -> None:
    sent = when(exercise=exercise)
    answer = client_of(cast.ines).post(reverse("session_create", args=[cast.checkout.pk]), sent, follow=True)
    assert Session.objects.get().duration_min == minutes
    assert said in answer.text


def test_session_create_offers_ones_own_clock(cast: Cast) -> None:
    text = client_of(cast.daniel).get(reverse("session_create", args=[cast.search.pk])).content.decode()
    assert '<option value="Europe/Madrid" selected>' in text
    assert text.index('value="Europe/Madrid"') < text.index('value="Europe/London"') < text.index('value="Africa/')


def test_session_create_proposes_what_the_last_retro_does(cast: Cast) -> None:
    last = play.hold(cast.checkout)
    first = last.proposed_dates(timezone.now(), [cast.ines.hours, cast.tom.hours])[0]
    text = client_of(cast.ines).get(reverse("session_create", args=[cast.checkout.pk])).content.decode()
    assert f'value="{first.date().isoformat()}"' in text


def proposed(cast: Cast) -> datetime:
    """What the form starts with, by the clock that it names."""
    initial = proposal(Pair(cast.checkout, cast.ines))
    return datetime.combine(initial["day"], initial["time"]).replace(tzinfo=ZoneInfo(initial["zone"]))


@pytest.mark.parametrize("after_a_dream_team", [False, True])
def test_a_first_retro_is_proposed_in_a_week_on_a_working_day(cast: Cast, after_a_dream_team: bool) -> None:
    if after_a_dream_team:
        play.hold(cast.checkout)
        Session.objects.update(kind=Session.Kind.DREAM_TEAM)
    start = proposed(cast)
    today = timezone.now().astimezone(cast.ines.tz).date()
    assert timedelta(days=7) <= start.date() - today <= timedelta(days=9)
    for person in (cast.ines, cast.tom):
        assert start.astimezone(person.tz).weekday() < 5
        assert start.astimezone(person.tz).hour in {13, 14, 15}


def test_beside_a_rhythm_its_hour_is_proposed_on_a_day_that_is_free(cast: Cast) -> None:
    today = timezone.now().astimezone(cast.ines.tz).date()
    in_a_week = today + timedelta(days=7)
    rule = Rule.starting(in_a_week, PRESETS["weekly"], time(10, 30), "Europe/Paris")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    start = proposed(cast)
    assert (start.hour, start.minute) == (10, 30)
    assert start.weekday() < 5
    assert start.date() > in_a_week


def test_session_create_pressed_twice_plans_one(cast: Cast) -> None:
    url, sent = reverse("session_create", args=[cast.checkout.pk]), when()
    client_of(cast.ines).post(url, sent)
    assert client_of(cast.ines).post(url, sent).status_code == 302
    assert Session.objects.count() == 1


def test_session_create_by_both_for_one_day_plans_one(cast: Cast) -> None:
    url = reverse("session_create", args=[cast.checkout.pk])
    client_of(cast.ines).post(url, when())
    answer = client_of(cast.tom).post(url, when(time="15:00"))
    assert answer.status_code == 409
    assert "There is a retro on that day already." in answer.content.decode()
    assert Session.objects.count() == 1


NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def planned(cast: Cast, start: str, zone: str, **more: Any) -> Session:
    return one_date.plan(
        cast.checkout, by=cast.ines, start=datetime.fromisoformat(start), zone=zone, **{"now": NOW, **more}
    )


def test_two_clocks_make_no_two_retros_of_one_moment(cast: Cast) -> None:
    """10 February, 08:00 in Tokyo is 9 February, 18:00 in New York."""
    planned(cast, "2027-02-10T08:00", "Asia/Tokyo")
    for start, zone in (("2027-02-09T18:00", "America/New_York"), ("2027-02-10T00:30", "Europe/Berlin")):
        with pytest.raises(Refusal, match="already"):
            planned(cast, start, zone)
    planned(cast, "2027-02-10T18:00", "America/New_York")  # a day later, on the same date of another clock
    assert Session.objects.count() == 2


def test_a_retro_reaches_over_midnight(cast: Cast) -> None:
    planned(cast, "2027-02-09T23:30", "UTC")
    with pytest.raises(Refusal, match="9 February 2027, 23:30"):
        planned(cast, "2027-02-10T00:15", "UTC")
    planned(cast, "2027-02-10T00:30", "UTC")


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"day": ""}, 422, "Pick a day, or leave the page."),
        ({"day": "2001-01-01"}, 409, "That time has already gone by."),
        ({"day": "0001-01-01"}, 422, "Pick a day within the next two years."),
        ({"day": "9999-12-31"}, 422, "Pick a day within the next two years."),
        ({"time": "25:00"}, 422, "Enter a valid time."),
        ({"zone": "Mars/Olympus"}, 422, "Select a valid choice."),
        ({"zone": "../../etc/passwd"}, 422, "Select a valid choice."),
    ],
)
def test_session_create_says_no_on_the_page(cast: Cast, wrong: dict[str, str], status: int, said: str) -> None:
    answer = client_of(cast.ines).post(reverse("session_create", args=[cast.checkout.pk]), when() | wrong)
    assert answer.status_code == status
    text = unescape(answer.content.decode())
    assert said in text
    focused = re.findall(r"<(?:input|select)\b[^>]*\bautofocus\b[^>]*>", text)
    at = "time" if status == 409 else next(iter(wrong))  # what has gone by is a time
    assert [re.findall(r'\bname="(\w+)"', field) for field in focused] == [[at]]
    assert not Session.objects.exists()


def test_session_create_names_the_next_time_that_exists(cast: Cast) -> None:
    sent = when(day=spring_forward().isoformat(), time="02:30")
    answer = client_of(cast.ines).post(reverse("session_create", args=[cast.checkout.pk]), sent)
    assert answer.status_code == 409
    text = unescape(answer.content.decode())
    assert "The clocks jump over 02:30 in Europe/Paris that day. The next time that exists is 03:30." in text
    assert 'value="02:30"' in text
    assert 'id="id_time_error"' in text  # beside the field that has to change


def test_a_date_may_stand_before_the_partner_is_here_a_retro_and_a_rhythm_need_two(cast: Cast) -> None:
    alone = PartnershipFactory.create(label="Wallet", a=cast.mei)
    answer = client_of(cast.mei).post(reverse("session_create", args=[alone.pk]), when())
    assert answer.status_code == 302
    session = Session.objects.get(partnership=alone)
    answer = client_of(cast.mei).post(reverse("session_start", args=[session.pk]), {"sure": "1"})
    assert (answer.status_code, "A retro needs two." in answer.content.decode()) == (409, True)
    rule = Rule.starting(play.next_year(3, 2).date(), PRESETS["every_2_months"], time(14), "UTC")
    with pytest.raises(Refusal, match="This needs two"):
        rhythm.begin(alone, by=cast.mei, rule=rule)


def test_session_create_now_by_both_opens_one(cast: Cast) -> None:
    url = reverse("session_create_now", args=[cast.checkout.pk])
    first, second = client_of(cast.ines).post(url), client_of(cast.tom).post(url)
    session = Session.objects.get()
    assert session.is_running
    assert first["Location"] == second["Location"] == reverse("session_detail", args=[session.pk])


def test_session_move_moves_this_one_and_keeps_what_is_written(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    play.Participant(cast.ines, session.pk).fold("kept")
    sent = when()
    answer = client_of(cast.tom).post(reverse("session_move", args=[session.pk]), sent)
    session.refresh_from_db()
    assert answer.status_code == 302
    assert (session.wall_start.isoformat(), session.moved) == (f"{sent['day']}T14:00:00", True)
    assert play.step_of(session, "write").folded_cards(cast.ines) == 1


def test_session_move_shows_where_it_stands(cast: Cast) -> None:
    session = play.plan(cast.checkout, zone="Asia/Tokyo")
    text = client_of(cast.tom).get(reverse("session_move", args=[session.pk])).content.decode()
    assert '<option value="Asia/Tokyo" selected>' in text
    assert f'value="{session.wall_start:%Y-%m-%d}"' in text
    assert 'value="14:00"' in text


def test_session_move_refuses_a_retro_that_has_started(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    session.start(by=cast.ines)
    answer = client_of(cast.ines).post(reverse("session_move", args=[session.pk]), when())
    assert answer.status_code == 409
    assert "It cannot be moved any more." in answer.content.decode()


@pytest.mark.parametrize("who", ["sara", "mei", "ada", "priya"])
def test_nobody_else_plans_or_moves(cast: Cast, who: str) -> None:
    session, client = play.plan(cast.checkout), client_of(getattr(cast, who))
    assert client.post(reverse("session_move", args=[session.pk]), when()).status_code == 404
    for name in ("session_create", "session_create_now"):
        assert client.post(reverse(name, args=[cast.checkout.pk]), when()).status_code == 404
    session.refresh_from_db()
    assert not session.moved
    assert Session.objects.count() == 1


def test_a_retro_that_is_planned_again_for_the_same_time_is_that_one(cast: Cast) -> None:
    """The answer was lost, and the form that “back” shows has another id."""
    client, day = client_of(cast.ines), (timezone.localdate() + timedelta(days=9)).isoformat()
    for name, who in (("session_create", client), ("admin_session_create", client_of(cast.ada))):
        for _ in range(2):
            data = {"day": day, "time": "14:00", "zone": "Europe/Paris", "client_id": str(uuid.uuid4())}
            answer = who.post(reverse(name, args=[cast.checkout.pk]), data)
            assert answer.status_code == 302
    assert Session.objects.count() == 1


def test_a_retro_is_held_on_one_day_whoever_says_so_last(cast: Cast) -> None:
    session = play.plan(cast.checkout, by=cast.ines)
    Session.objects.filter(pk=session.pk).update(start_utc=timezone.now() - timedelta(days=5))
    session.refresh_from_db()
    days = [timezone.localdate() - timedelta(days=back) for back in (3, 3, 2)]
    answers = [
        client_of(who).post(reverse("session_met", args=[session.pk]), {"day": day.isoformat()})
        for who, day in zip((cast.ines, cast.tom, cast.tom), days, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [302, 302, 409]
    assert "settled already" in answers[2].content.decode()
