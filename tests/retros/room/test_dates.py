"""Dates in the room: a start that is early, its taking back, and the date of the next retro."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Lead, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from retros.dates import one_date
from retros.models import Entry, Ready, Session, Step
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.play import PULSE, Participant, wall
from tests.world import HTMX

pytestmark = pytest.mark.one_database

ASKS = "Start it now?"


def press(who: Client, name: str, session: Session, *, status: int = 302, **data: object) -> str:
    answer = who.post(reverse(name, args=[session.pk]), data)
    assert answer.status_code == status, answer.content.decode()
    return answer.headers.get("Location", "")


def fresh(session: Session) -> Session:
    return Session.objects.get(pk=session.pk)


# --- started early ----------------------------------------------------------------------------------------------------


def test_a_start_that_is_days_early_asks_once(cast: Cast, ines: Client) -> None:
    session = play.plan(cast.checkout, days=21)
    asks = reverse("session_start", args=[session.pk])
    page = ines.get(reverse("step_detail", args=[session.pk, 0])).text
    assert re.search(rf'<a class="btn" href="{asks}">Start the retro</a>', page)  # no press that starts it
    assert press(ines, "session_start", session) == asks
    answer = ines.post(asks, headers=HTMX)
    assert answer.headers["HX-Redirect"] == asks
    text = ines.get(asks).text
    assert ASKS in text
    assert "It is planned for " in text
    assert fresh(session).is_planned
    press(ines, "session_start", session, sure="1")
    assert fresh(session).is_running
    assert ines.get(asks).headers["Location"] == reverse("session_detail", args=[session.pk])


@pytest.mark.parametrize("hours", [-2, 0.5, 23])
def test_on_its_day_nobody_is_asked(cast: Cast, ines: Client, hours: float) -> None:
    session = play.plan(cast.checkout)
    Session.objects.filter(pk=session.pk).update(start_utc=timezone.now() + timedelta(hours=hours))
    page = ines.get(reverse("step_detail", args=[session.pk, 0])).text
    assert f'formaction="{reverse("session_start", args=[session.pk])}"' in page
    press(ines, "session_start", session)
    assert fresh(session).is_running


@pytest.fixture
def early(cast: Cast, ines: Client) -> Session:
    """Planned in three weeks, begun now; both wrote, Ines is ready for the pulse check's reveal, the two moved on."""
    session = play.plan(cast.checkout, days=21)
    Participant(cast.tom, session.pk).fold("Written ahead")
    press(ines, "session_start", session, sure="1")
    play.go_on(session, "look_back")
    participant = Participant(cast.ines, session.pk)
    participant.answer("changed", "A new boss")
    participant.ready(1)
    return fresh(session)


def test_an_early_start_is_taken_back_from_its_toast_or_the_menu(early: Session, ines: Client, tom: Client) -> None:
    undo = reverse("session_start_delete", args=[early.pk])
    page = ines.get(reverse("step_detail", args=[early.pk, 1])).text
    assert "Started before its date" in page
    assert page.count(undo) >= 2
    assert undo in tom.get(reverse("step_detail", args=[early.pk, 1])).text
    press(tom, "session_start_delete", early)
    press(ines, "session_start_delete", early)  # by both
    after = fresh(early)
    assert (after.status, after.number, after.position, after.started_at) == ("scheduled", None, 0, None)
    assert after.start_utc == early.start_utc
    assert not Ready.objects.exists()
    assert not Step.objects.filter(session=early, started_at__isnull=False).exists()
    assert Entry.unrestricted.filter(is_card=True).count() == 1
    assert Entry.unrestricted.get(text="A new boss").sealed_at is None  # a draft again, as without a Ready
    text = tom.get(reverse("session_detail", args=[early.pk]), follow=True).text
    assert "Written ahead, opened together" in text


def test_started_again_it_goes_as_if_for_the_first_time(cast: Cast, early: Session) -> None:
    one_date.take_back_start(early, by=cast.tom)
    fresh(early).start(by=cast.ines)
    assert (fresh(early).number, fresh(early).position) == (1, 0)


@pytest.mark.parametrize("opened", ["both", "one side"])
def test_once_something_was_opened_it_goes_on(cast: Cast, early: Session, ines: Client, opened: str) -> None:
    tom_there = Participant(cast.tom, early.pk)
    if opened == "both":
        tom_there.ready(PULSE)
    else:
        tom_there.open_side(PULSE)
    undo = reverse("session_start_delete", args=[early.pk])
    assert f'formaction="{undo}"' not in ines.get(reverse("step_detail", args=[early.pk, 1])).text
    press(ines, "session_start_delete", early, status=409)
    assert fresh(early).is_running


def test_what_was_begun_at_once_or_on_time_has_no_date_to_go_back_to(cast: Cast, early: Session) -> None:
    Session.objects.filter(pk=early.pk).update(start_utc=timezone.now() - timedelta(minutes=1))
    with pytest.raises(Refusal, match="can no longer be taken back"):
        one_date.take_back_start(fresh(early), by=cast.ines)
    fresh(early).discard(by=cast.ines)
    now = play.start(cast.checkout)
    with pytest.raises(Refusal, match="can no longer be taken back"):
        one_date.take_back_start(now, by=cast.ines)


def test_where_another_was_planned_meanwhile_it_does_not_go_back(cast: Cast, early: Session) -> None:
    one_date.plan(cast.checkout, by=cast.tom, start=early.wall_start, zone=early.timezone)
    with pytest.raises(Refusal, match="next retro"):
        one_date.take_back_start(early, by=cast.ines)
    assert fresh(early).is_running


def test_nobody_else_takes_it_back(cast: Cast, early: Session) -> None:
    for person in (cast.ada, cast.sara, cast.priya):
        with pytest.raises(NotAllowed):
            one_date.take_back_start(fresh(early), by=person)
    assert fresh(early).is_running


# --- the next one -----------------------------------------------------------------------------------------------------


@pytest.fixture
def closing(cast: Cast) -> Session:
    session = play.start(cast.checkout)
    Session.objects.filter(pk=session.pk).update(position=4)
    return fresh(session)


def next_date(who: Client, session: Session) -> str:
    text = who.get(reverse("step_detail", args=[session.pk, 4])).text
    found = re.search(r'<section[^>]*id="next-date".*?</section>', text, re.DOTALL)
    assert found
    return found[0]


def test_another_time_is_planned_by_ones_own_clock_without_leaving(cast: Cast, closing: Session) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/New_York")
    tom = client_of(Person.objects.get(pk=cast.tom.pk))
    text = next_date(tom, closing)
    assert 'type="datetime-local"' in text
    assert 'name="zone" value="America/New_York"' in text
    assert reverse("session_create", args=[closing.partnership_id]) not in text
    day = (timezone.now() + timedelta(days=50)).date()
    data = {"start": f"{day}T09:00", "zone": "America/New_York", "client_id": uuid.uuid4()}
    answer = tom.post(reverse("session_next", args=[closing.pk]), data, headers=HTMX)
    assert "Your next retro" in answer.text
    following = Session.objects.upcoming().get()
    assert (following.timezone, following.wall_start) == ("America/New_York", wall(day.year, day.month, day.day, 9))


def test_a_time_that_has_gone_by_is_mended_on_the_page_that_says_so(cast: Cast, closing: Session, ines: Client) -> None:
    data = {"start": "2001-02-03T09:30", "zone": cast.ines.timezone, "client_id": uuid.uuid4()}
    page = ines.post(reverse("session_next", args=[closing.pk]), data).text
    assert '<input type="datetime-local" name="start" value="2001-02-03T09:30"' in page
    assert page.count('name="start"') == 1
    assert f'name="client_id" value="{data["client_id"]}"' in page


def test_the_next_retro_is_moved_without_leaving(cast: Cast, closing: Session, ines: Client, tom: Client) -> None:
    following = play.plan(cast.checkout, days=40)
    text = next_date(ines, closing)
    assert reverse("session_move", args=[following.pk]) not in text
    local = following.start_utc.astimezone(cast.ines.tz)
    assert f'value="{local:%Y-%m-%dT%H:%M}"' in text
    moved = local + timedelta(days=1, hours=1)
    data = {"start": f"{moved:%Y-%m-%dT%H:%M}", "zone": cast.ines.timezone}
    answer = ines.post(reverse("session_next_move", args=[closing.pk]), data, headers=HTMX)
    assert "Your next retro" in answer.text
    assert fresh(following).start_utc == moved.astimezone(UTC)
    assert f"{moved:%H:%M}" in next_date(tom, closing)


@pytest.mark.parametrize("sent", [{"zone": "Mars/Olympus"}, {"start": "soon"}, {"version": "x"}])
def test_what_is_no_time_is_refused_in_the_form(
    cast: Cast, closing: Session, ines: Client, sent: dict[str, str]
) -> None:
    following = play.plan(cast.checkout, days=40)
    data = {"start": f"{play.next_year(5, 5, 10):%Y-%m-%dT%H:%M}", "zone": "UTC", **sent}
    answer = ines.post(reverse("session_next_move", args=[closing.pk]), data, headers=HTMX)
    assert answer.status_code == 422
    assert fresh(following).start_utc == following.start_utc


def test_without_one_to_move_it_says_so(closing: Session, ines: Client) -> None:
    data = {"start": f"{play.next_year(5, 5, 10):%Y-%m-%dT%H:%M}", "zone": "UTC"}
    answer = ines.post(reverse("session_next_move", args=[closing.pk]), data, headers=HTMX)
    assert answer.status_code == 409
    assert "No retro is planned after this one" in answer.text


def test_what_lies_behind_is_not_the_next_one(cast: Cast, closing: Session, ines: Client) -> None:
    gone = play.plan(cast.checkout)
    Session.objects.filter(pk=gone.pk).update(start_utc=timezone.now() - timedelta(days=1))
    assert "When do you meet next?" in next_date(ines, closing)


def saturday_night(*, in_days: int) -> datetime:
    """At 21:15 UTC, so many days from now or up to six more."""
    day = timezone.localdate() + timedelta(days=in_days)
    return datetime.combine(day + timedelta(days=(5 - day.weekday()) % 7), time(21, 15), UTC)


def test_wrap_up_and_actions_propose_no_weekend_and_no_night(cast: Cast, closing: Session, ines: Client) -> None:
    """It began at 21:15 on a Saturday."""
    Session.objects.filter(pk=closing.pk).update(start_local=saturday_night(in_days=50))
    offered = re.findall(r'name="start" value="([^"]+)"', next_date(ines, closing))
    dates = [datetime.fromisoformat(value).replace(tzinfo=closing.zone) for value in offered[:2]]
    assert len(dates) == 2
    for person in (cast.ines, cast.tom):
        for local in (moment.astimezone(person.tz) for moment in dates):
            assert local.weekday() < 5
            assert 8 <= local.hour < 18
    saturday = play.plan(cast.checkout, days=40)
    start = saturday_night(in_days=110)
    Session.objects.filter(pk=saturday.pk).update(start_local=start, start_utc=start)
    text = ines.get(reverse("step_detail", args=[closing.pk, 3])).text
    assert set(re.findall(r'name="due"\s+value="([^"]+)"', text)) == {f"{start - timedelta(days=1):%Y-%m-%d}"}


# --- long after -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_led", [True, False])
def test_a_retro_of_long_ago_tells_nothing_of_what_is_to_come(cast: Cast, ines: Client, is_led: bool) -> None:
    if not is_led:
        Lead.objects.all().delete()
    old = play.hold(cast.checkout, on=timezone.now() - timedelta(days=400))
    new = play.hold(cast.checkout)
    play.plan(cast.checkout)
    text, now = (ines.get(reverse("step_detail", args=[each.pk, 4])).text for each in (old, new))
    assert f"You held it on {old.day:%-d %B %Y}." in text
    assert "You held it on" not in now
    for ahead in ("Nobody sees that before its day is over.", "Your next retro"):
        assert ahead in now
        assert ahead not in text
    assert re.search(r"What leaves this room:</strong>\s*an? (lead|admin) sees that this retro took place", text)
    assert re.search(r"(stay with you two\.|</a>)\s+Nobody sees that before its day is over\.", now)


def test_who_works_together_no_more_is_asked_for_no_next_date(cast: Cast, ines: Client) -> None:
    session = play.hold(cast.checkout)
    url = reverse("step_detail", args=[session.pk, 4])
    assert "When do you meet next?" in ines.get(url).text
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=timezone.now())
    assert "When do you meet next?" not in ines.get(url).text
