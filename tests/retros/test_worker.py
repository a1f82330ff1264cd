"""What comes by itself comes once and at nine, for 400 days, with many workers and with killed ones."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.db.models import F
from django.utils import timezone

from partnerships import turns
from partnerships.models import Delivery, Partnership, Person
from retros import worker
from retros.dates import rhythm, upkeep
from retros.lifecycle import retention
from retros.models import Expiry, Series, Session, Tick
from retros.notifications import reconcile
from retros.notifications.plan import plan_deliveries
from retros.recurrence.rule import PRESETS, Rule, Slot
from retros.worker import tick
from tests.retros import play
from tests.retros.planned_dates import moment, pair, people, session

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SOME = ("Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca")
MORE = (
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham", "America/St_Johns", "Asia/Tokyo",
    "Europe/London", "Pacific/Kiritimati", "America/Santiago",
)  # fmt: skip
Expected = Counter[tuple[str, str, str, datetime]]  # kind, channel, person, when


class Killed(BaseException):
    """A worker that is gone: nothing of ours catches it."""


# --- what should come, by other means ---------------------------------------------------------------------------------


def nine(zone: str, day: date) -> datetime:
    return datetime.combine(day, time(9), ZoneInfo(zone)).astimezone(UTC)


def weekday(day: date, step: int) -> date:
    while day.weekday() > 4:
        day += step * DAY
    return day


def expect(slot: Slot, both: tuple[Person, Person], fate: str, expected: Expected) -> None:
    """Every four weeks; in one zone for both, so a day is a day."""
    zone, day = both[0].timezone, slot.day
    due = {
        ("prep_open", "email"): nine(zone, weekday(day - 7 * DAY, -1)),
        ("day_ahead", "email"): nine(zone, weekday(day - DAY, -1)),
        ("starting", "in_app"): slot.start_utc - 10 * MINUTE,
    }
    if fate != "held":
        due |= {("wrap_up", channel): nine(zone, weekday(day + DAY, 1)) for channel in ("email", "in_app")}
    if fate == "missed":  # two weeks later, at an hour and on a day when it may be told
        due |= {("missed_notice", channel): grace_of(slot, zone) for channel in ("email", "in_app")}
    for person in both:
        for (kind, channel), at in due.items():
            expected[kind, channel, person.email, at] += 1


def grace_of(slot: Slot, zone: str) -> datetime:
    return datetime.combine(slot.day + 14 * DAY, time(14), ZoneInfo(zone)).astimezone(UTC)


def came() -> Expected:
    rows = Delivery.objects.filter(status="sent", kind__in=Delivery.REMINDERS)
    return Counter(rows.values_list("kind", "channel", "person__email", "send_at"))


@contextmanager
def workers(count: int) -> Iterator[Callable[[datetime], None]]:
    """So many workers, in threads of their own, that begin each round at the same moment.

    Whoever waited longer for a lock than the settings allow does the round once more, as a worker does.
    """
    together = threading.Barrier(count, timeout=60)

    def one(round_: Callable[[], None]) -> None:
        together.wait()
        try:
            round_()
        except OperationalError:
            round_()

    with ThreadPoolExecutor(count) as pool:

        def all_at_once(round_: Callable[[], None]) -> None:
            for done in [pool.submit(one, round_) for _ in range(count)]:
                done.result()

        try:
            yield lambda now: all_at_once(partial(tick, now))
        finally:
            all_at_once(connections.close_all)


# --- time passes ------------------------------------------------------------------------------------------------------


class Life:
    """Pairs that meet every four weeks: some retros are held, some closed a week later, some missed."""

    def __init__(self, zones: tuple[str, ...], start: datetime, days: int) -> None:
        self.expected: Expected = Counter()
        self.held: list[tuple[datetime, Series, date]] = []
        self.missed: list[datetime] = []
        for n, zone in enumerate(zones):
            ours = pair(zone)
            a, b = people(ours)
            first = weekday(start.date() + timedelta(days=10 + n % 5), 1)
            rule = Rule.starting(first, PRESETS["every_4_weeks"], time(14), zone)
            series = rhythm.begin(ours, by=a, rule=rule, now=start)
            for turn in range(days // 28 + 2):
                slot = rule.slot(first + turn * 28 * DAY)
                fate = ("held", "late", "missed")[turn % 3]
                expect(slot, (a, b), fate, self.expected)
                if fate == "missed":
                    self.missed.append(grace_of(slot, zone))
                else:
                    over = slot.start_utc + (HOUR if fate == "held" else 7 * DAY)
                    self.held.append((over, series, slot.day))
            due = weekday(first + 60 * DAY, 1)
            play.agree(ours, owners="b", due=due)
            self.expected["action_due_soon", "email", b.email, nine(zone, weekday(due - 2 * DAY, -1))] += 1
            for channel in ("email", "in_app"):
                self.expected["action_due", channel, b.email, nine(zone, due)] += 1
        self.held.sort(key=lambda held: held[0])

    def moments(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Once a day, and whenever something is due or happens."""
        now = start
        while now < end:
            while self.held and self.held[0][0] <= now:
                at, series, day = self.held.pop(0)
                rows = Session.objects.filter(series=series, slot_date=day)
                assert rows.update(status="held", held_on=at.date()) == 1
            yield now
            ahead = [now + DAY, *(held[0] for held in self.held[:1]), *(at for at in self.missed if at > now)]
            waiting = Delivery.objects.waiting().filter(send_at__gt=now).order_by("send_at").first()
            now = min([*ahead, waiting.send_at] if waiting else ahead)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "zones",
    [
        pytest.param(SOME, id="three", marks=pytest.mark.one_database),
        pytest.param(SOME + MORE, id="twelve", marks=pytest.mark.deep),
    ],
)
def test_400_days(zones: tuple[str, ...]) -> None:
    start = datetime(2027, 1, 4, 3, 17, tzinfo=UTC)
    life = Life(zones, start, 400)
    end = start + 400 * DAY
    for now in life.moments(start, end):
        tick(now)
    assert len([key for key in life.expected if key[3] < end]) > 120 * len(zones)
    each_came_once(life, end)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("zones", "days"),
    [pytest.param(SOME, 40, id="some"), pytest.param(SOME + MORE, 400, id="400", marks=pytest.mark.deep)],
)
def test_400_days_with_four_workers(zones: tuple[str, ...], days: int) -> None:
    start = datetime(2027, 1, 4, 3, 17, tzinfo=UTC)
    life = Life(zones, start, days)
    end = start + days * DAY
    with workers(4) as rounds:
        for now in life.moments(start, end):
            rounds(now)
    each_came_once(life, end)


def each_came_once(life: Life, end: datetime) -> None:
    """Each reminder that was to come by then, at its minute; no other; and each mail once."""
    expected = Counter({key: n for key, n in life.expected.items() if key[3] < end})
    assert came() - expected == Counter()
    assert expected - came() == Counter()
    sent = Delivery.objects.filter(status="sent")
    assert not sent.exclude(sent_at__range=("2027-01-01T00:00Z", "2028-03-01T00:00Z")).exists()
    assert not sent.filter(kind__in=Delivery.REMINDERS, sent_at__gt=F("send_at") + MINUTE).exists()
    assert len(mail.outbox) == sent.filter(channel="email").count()
    assert len({m.extra_headers["Message-ID"] for m in mail.outbox}) == len(mail.outbox)


@contextmanager
def killed_at(query: int) -> Iterator[None]:
    """The connection dies with the worker, at the n-th thing it asks the database."""
    left = query

    def wrapper(execute: Any, *args: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return execute(*args)

    with connection.execute_wrapper(wrapper):
        yield


# Who is killed closes no cursor; psycopg says so when the collector finds one.
@pytest.mark.filterwarnings("ignore:.*ServerCursorMixin.__del__:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kills", [pytest.param(3, id="some"), pytest.param(100, id="many", marks=pytest.mark.deep)])
def test_killed_at_random_points(kills: int) -> None:
    """Each reminder of nine comes in that hour, once; after a kill in the middle of a mail, at most once more."""
    rng = random.Random(kills)
    start = datetime(2027, 1, 4, 3, 17, tzinfo=UTC)
    died = 0
    while died < kills:
        mail.outbox.clear()
        Partnership.objects.all().delete()
        Delivery.objects.all().delete()
        life = Life(("Europe/Berlin",), start, 80)
        for now in life.moments(start, start + 35 * DAY):
            busy = Delivery.objects.due(now).exists()
            if busy and died < kills and rng.random() < 0.5:
                with killed_at(rng.randrange(1, 40)):
                    try:
                        tick(now)
                    except Killed:
                        died += 1
            tick(now + MINUTE)
            tick(now + 17 * MINUTE)
        ids = Counter(m.extra_headers["Message-ID"] for m in mail.outbox)
        assert max(ids.values()) <= 2
        emails = Delivery.objects.filter(channel="email")
        assert set(ids) == set(emails.filter(status="sent").values_list("message_id", flat=True))
        assert not emails.filter(status__in=["claimed", "failed"]).exists()
        until = start + 34 * DAY
        due = Counter({key: n for key, n in life.expected.items() if start + DAY < key[3] < until})
        found = Counter({key: n for key, n in came().items() if start + DAY < key[3] < until})
        assert found == due


@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once() -> None:
    for _ in range(6):
        ours = pair("Europe/Berlin")
        session(ours, "2027-03-18T14:00", "Europe/Berlin")
        play.agree(ours, due=date(2027, 3, 16))
    moments = [moment(f"2027-03-{day}T08:00Z") for day in ("08", "11", "12", "16", "17")]
    with workers(4) as rounds:
        for now in moments:
            rounds(now)
    emails = Delivery.objects.filter(channel="email", status="sent")
    assert Counter(emails.values_list("kind", flat=True)) == {
        "invite": 12, "prep_open": 12, "day_ahead": 12, "action_due_soon": 6, "action_due": 6,
    }  # fmt: skip
    assert Counter(m.extra_headers["Message-ID"] for m in mail.outbox) == Counter(
        emails.values_list("message_id", flat=True)
    )


@pytest.mark.django_db
def test_a_clock_that_is_set_back_repeats_nothing() -> None:
    ours = pair("Europe/Berlin")
    session(ours, "2027-03-18T14:00", "Europe/Berlin")
    for at in ("11T07:59", "11T08:00", "11T07:00", "11T07:59", "11T08:01", "17T08:00", "17T07:00", "17T08:00"):
        tick(moment(f"2027-03-{at}Z"))
    to_one = [m for m in mail.outbox if m.to == [people(ours)[0].email]]
    assert len(to_one) == 3  # invited, a week ahead, a day ahead


@pytest.mark.django_db
def test_a_part_that_fails_keeps_none_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = pair("Europe/Berlin")
    session(ours, "2027-03-18T14:00", "Europe/Berlin")
    now = moment("2027-03-11T08:00Z")
    plan_deliveries(now)

    def broken(now: datetime) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "plan_deliveries", broken)
        with pytest.raises(RuntimeError):
            tick(now)
    assert len(mail.outbox) == 4
    assert Tick.last() is None
    tick(now)
    assert Tick.last() == now


@pytest.mark.django_db
def test_manage_py_tick_is_one_round() -> None:
    ours = pair("Europe/Berlin")
    play.plan(ours, days=3)
    call_command("tick")
    assert {m.to[0] for m in mail.outbox} == {person.email for person in people(ours)}
    assert Tick.last() is not None


@pytest.mark.django_db(transaction=True)
def test_the_zones_are_asked_again_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of the zones are others since this process began; a round of this day was done by the one before."""
    session = play.plan(pair("Europe/Berlin"), days=3)
    tick(timezone.now())
    Session.objects.filter(pk=session.pk).update(start_utc=session.start_utc + timedelta(hours=1))
    monkeypatch.setattr(worker, "EVERY", timedelta(milliseconds=5))
    stop = threading.Event()
    rounds: list[datetime] = []

    def once(now: datetime) -> None:
        rounds.append(now)
        if len(rounds) == 2:
            stop.set()

    monkeypatch.setattr(worker, "tick", once)
    worker.work(stop)
    assert Session.objects.get(pk=session.pk).start_utc == session.start_utc


@pytest.mark.django_db(transaction=True)
def test_the_loop_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "EVERY", timedelta(milliseconds=5))
    stop = threading.Event()
    rounds: list[datetime] = []

    def once(now: datetime) -> None:
        rounds.append(now)
        if len(rounds) == 3:
            stop.set()
        raise RuntimeError("broken")

    monkeypatch.setattr(worker, "tick", once)
    worker.work(stop)
    assert len(rounds) == 3


# --- beside people ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", ["slots", "grace", "plan", "zones", "words"])
def test_people_write_between_the_transactions_of_a_round(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """SQLite has no queue of writers: without a rest nobody else had a turn before the last of hundreds was done."""
    start = timezone.now()
    for _pair in range(3):
        ours = pair("Europe/Tallinn")
        rule = Rule.starting(start.date() + 20 * DAY, PRESETS["every_2_weeks"], time(14), "Europe/Tallinn")
        rhythm.begin(ours, by=people(ours)[0], rule=rule, now=start)
    later = start + 40 * DAY
    if part == "zones":
        Session.objects.update(start_utc=F("start_utc") + HOUR)
    if part == "words":
        for session in Session.objects.all()[:3]:
            Expiry.objects.create(partnership=session.partnership, session=session, warned_at=start - 40 * DAY)
    parts: dict[str, Callable[[], object]] = {
        "slots": lambda: upkeep.materialise(later),
        "grace": lambda: upkeep.close_grace(later),
        "plan": lambda: plan_deliveries(later),
        "zones": lambda: upkeep.resync_timezones(start),
        "words": lambda: retention.expire(start),
    }
    monkeypatch.setattr(reconcile, "AT_ONCE", 5)
    with ThreadPoolExecutor(1) as others:
        rests: list[int] = []

        def somebody_writes(_seconds: float) -> None:
            rests.append(others.submit(Series.objects.update, title=f"{len(rests)}").result())

        monkeypatch.setattr(turns, "time", SimpleNamespace(sleep=somebody_writes))
        parts[part]()
        others.submit(connections.close_all).result()
    if connection.vendor == "sqlite":
        assert len(rests) >= 2
        assert set(rests) == {3}


@pytest.mark.django_db
def test_of_thousands_beyond_their_grace_some_now_more_in_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PER_ROUND", 2)
    for _pair in range(3):
        session(pair("UTC"), "2027-01-12T14:00")
    late = moment("2027-03-01T12:00Z")
    assert [upkeep.close_grace(late) for _round in range(3)] == [2, 1, 0]
    assert Session.objects.filter(status="missed").count() == 3
