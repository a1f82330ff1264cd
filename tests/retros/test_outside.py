"""Outside of the pair nobody can tell when a retro begins and ends: it is as planned until its day is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from partnerships.models import CalendarFeed, Person
from retros.dates import one_date
from retros.models import Session, creation
from tests.cast import Cast
from tests.clock import Clock
from tests.retros import play
from tests.retros.play import LAST, Participant, wall
from tests.world import NEW_EACH_TIME

pytestmark = pytest.mark.django_db

LATE = datetime(2026, 11, 4, 12, tzinfo=UTC)  # then the third of November is over everywhere


@pytest.fixture
def clock() -> Iterator[Clock]:
    with Clock().running() as clock:
        clock.now = datetime(2026, 11, 1, 9, tzinfo=UTC)
        yield clock


class Outside:
    """What a lead, an admin and whoever has the address of a calendar read, page by page."""

    def __init__(self, cast: Cast) -> None:
        pair = cast.checkout.pk
        self.feed = CalendarFeed.issue(by=cast.ines)
        self.people = {"sara": cast.sara, "ada": cast.ada}
        self.pages = [("sara", reverse("lead_list")), ("sara", reverse("history_detail", args=[pair]))]
        admin = ("schedule", "schedule_month", "schedule_load", "schedule_checks", "audit_list")
        self.pages += [("ada", reverse(name)) for name in admin]
        self.pages += [("ada", f"{reverse('schedule')}?state={state}") for state in ("none", "due", "overdue")]
        frames = ("admin_partnership_detail", "admin_partnership_dates")
        self.pages += [("ada", reverse(name, args=[pair])) for name in frames]

    def read(self) -> dict[str, str]:
        found = {url: self.page(url, self.people[who]) for who, url in self.pages}
        return {**found, "feed": self.page(reverse("calendar_feed", args=[self.feed]))}

    def page(self, url: str, person: Person | None = None) -> str:
        client = Client()
        if person:
            client.force_login(person)
        answer = client.get(url)
        assert answer.status_code == 200
        return NEW_EACH_TIME.sub("~", answer.text)


def close(cast: Cast, session: Session) -> None:
    """Both go through all of it, and something is opened."""
    hands = [Participant(person, session.pk) for person in (cast.ines, cast.tom)]
    while not hands[0].session.is_closed:
        position = hands[0].session.position
        for hand in hands:
            if hand.step(position).written_alone:
                hand.ready(position)
        for hand in hands:
            hand.next(position)
    assert hands[0].session.position == LAST


def test_a_planned_retro_is_planned_until_its_day_is_over(cast: Cast, clock: Clock) -> None:
    session = one_date.plan(cast.checkout, by=cast.ines, start=wall(2026, 11, 3, 10), zone="UTC")
    clock.now = datetime(2026, 11, 3, 9, 50, tzinfo=UTC)
    outside = Outside(cast)
    planned = outside.read()
    assert "Tue 3 Nov" in planned[reverse("lead_list")]
    session.start(by=cast.tom)
    assert outside.read() == planned
    close(cast, session)
    assert outside.read() == planned
    clock.now = LATE - timedelta(seconds=1)
    before = outside.read()
    assert "Retro held" not in before[reverse("history_detail", args=[cast.checkout.pk])]
    assert "Date gone by" in before[reverse("schedule")]
    clock.now = LATE
    after = outside.read()
    assert "Retro held" in after[reverse("history_detail", args=[cast.checkout.pk])]
    assert "No date</th>" in after[reverse("schedule")]
    assert "Held" in after[reverse("schedule_month")]


def test_a_retro_that_was_begun_at_once_shows_when_its_day_is_over(cast: Cast, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 3, 9, 41, tzinfo=UTC)
    outside = Outside(cast)
    nothing = outside.read()
    session = creation.start_now(cast.checkout, by=cast.tom)
    assert outside.read() == nothing
    close(cast, session)
    assert outside.read() == nothing
    clock.now = LATE
    after = outside.read()
    assert "Retro held" in after[reverse("history_detail", args=[cast.checkout.pk])]
    month = after[reverse("schedule_month")]
    assert "Held" in month
    assert "09:41" not in month
    assert "10:41" not in month


def test_what_was_held_without_the_app_shows_at_once(cast: Cast, clock: Clock) -> None:
    session = one_date.plan(cast.checkout, by=cast.ines, start=wall(2026, 11, 3, 10), zone="UTC")
    clock.now = datetime(2026, 11, 3, 11, tzinfo=UTC)
    one_date.met_on(session, wall(2026, 11, 3).date(), by=cast.ada)
    outside = Outside(cast)
    assert "Retro held" in outside.read()[reverse("history_detail", args=[cast.checkout.pk])]


def test_a_pair_could_use_a_word_until_that_day_is_over(cast: Cast, clock: Clock) -> None:
    """Two that did not happen, and now one that was begun at once."""
    for day in (3, 10):
        session = one_date.plan(cast.checkout, by=cast.ines, start=wall(2026, 12, day, 10), zone="UTC")
        start = datetime(2026, 9, day, 10, tzinfo=UTC)
        Session.objects.filter(pk=session.pk).update(status="missed", start_utc=start, start_local=start)
    clock.now = datetime(2026, 11, 3, 9, tzinfo=UTC)
    outside, why = Outside(cast), "Two retros in a row didn’t happen"
    assert why in outside.read()[reverse("lead_list")]
    play.start(cast.checkout)
    assert why in outside.read()[reverse("lead_list")]
