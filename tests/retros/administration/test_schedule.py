"""The admin's pages about dates: what stands where, and that it costs the same however many pairs there are."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Delivery, Membership, Partnership, Person
from retros.administration.clashes import Span, clashing, overlaps
from retros.administration.schedule import Schedule, by_date, health
from retros.administration.settled import KeptByAll, kept_by_all
from retros.dates import rhythm
from retros.models import Pause, RuleVersion, Series, Session
from retros.recurrence.adherence import Kept
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros import planned_dates as dates

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def ada(client: Client, cast: Cast) -> Person:
    client.force_login(cast.ada)
    client.get(reverse("schedule"))  # the sign-in's own first look
    return cast.ada


def in_rhythm(pair: Partnership, by: Person, *, days: int = 14, cadence: str = "every_2_weeks") -> Series:
    first = timezone.localdate() + timedelta(days=days)
    return rhythm.begin(pair, by=by, rule=Rule.starting(first, PRESETS[cadence], time(14), "UTC"))


def main_of(page: Any) -> str:
    return str(page.text).partition("<main")[2].partition("<aside")[0]


def test_pairs_stand_by_their_next_date_and_those_without_one_last(client: Client, cast: Cast, ada: Person) -> None:
    PartnershipFactory.create(a=cast.mei, b=cast.sara, label="Growth")
    in_rhythm(cast.search, ada, days=1)
    in_rhythm(cast.checkout, ada, days=30, cadence="every_2_months")
    page = main_of(client.get(reverse("schedule")))
    places = [page.index(label) for label in (">Search<", ">Checkout<", "No date</th>", ">Growth<")]
    assert places == sorted(places)
    assert "Every 2 months" in page
    assert "None sent" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Checkout", "Search", "Growth"}),
        ({"q": "tom"}, {"Checkout"}),
        ({"state": "none"}, {"Growth"}),
        ({"state": "paused"}, {"Search"}),
        ({"state": "attention"}, {"Growth"}),
        ({"state": "overdue"}, {"Checkout"}),
        ({"state": "due"}, set()),
        ({"state": "nonsense", "month": "2027-13", "page": "-1"}, {"Checkout", "Search", "Growth"}),
    ],
)
def test_filters(client: Client, cast: Cast, ada: Person, asked: dict[str, str], found: set[str]) -> None:
    PartnershipFactory.create(a=cast.mei, b=cast.sara, label="Growth")
    cast.mei.deactivate(by=ada)
    rhythm.pause(in_rhythm(cast.search, ada), timezone.localdate(), by=ada)
    missed = in_rhythm(cast.checkout, ada)
    first = Session.objects.filter(series=missed).earliest("start_utc")
    gone = timezone.now() - timedelta(days=30)
    Session.objects.filter(pk=first.pk).update(status=Session.Status.MISSED, start_utc=gone)
    page = main_of(client.get(reverse("schedule"), asked))
    assert {label for label in ("Checkout", "Search", "Growth") if f">{label}<" in page} == found


@pytest.mark.parametrize(
    ("retros", "states"),
    [
        ([(20, "scheduled", False)], set()),
        ([(2, "held", False), (20, "scheduled", False)], set()),
        ([(2, "held", False), (9, "scheduled", False)], {"due"}),
        ([(2, "held", False), (9, "missed", False)], {"none", "overdue"}),
        ([(2, "missed", False), (9, "held", False)], {"none"}),
        ([(2, "held", False), (9, "skipped", False)], {"none", "overdue"}),
        ([(2, "held", False), (9, "skipped", True)], {"none"}),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_health(retros: list[tuple[int, str, bool]], states: set[str], paused: bool) -> None:
    """What the dates of a pair say on 10 January 2027. A pause is all there is to say while it lasts."""
    two, now = dates.pair("UTC"), datetime(2027, 1, 10, 9, 0, tzinfo=UTC)
    dates.rhythm(two, status="paused" if paused else "active")
    for day, status, excused in retros:
        dates.session(two, f"2027-01-{day:02}T09:00", status=status, excused=excused)
    found = {state for state, condition in health(now).items() if by_date(now).filter(condition).exists()}
    assert found - {"all"} == ({"paused"} if paused else states)


def test_the_list_of_a_week(client: Client, cast: Cast, ada: Person) -> None:
    in_rhythm(cast.search, ada, days=1)
    in_rhythm(cast.checkout, ada, days=15)
    starts = Session.objects.filter(partnership=cast.checkout).earliest("start_utc").start_utc.date()
    monday = starts - timedelta(days=starts.weekday())
    page = client.get(reverse("schedule"), {"week": monday.isoformat()})
    assert ">Checkout<" in main_of(page)
    assert ">Search<" not in main_of(page)
    assert f'<option value="{monday}" selected>' in page.text
    for asked in ("", "2027", (monday + timedelta(days=1)).isoformat(), "2100-01-04"):
        assert ">Search<" in main_of(client.get(reverse("schedule"), {"week": asked}))


def needing_attention(client: Client) -> set[str]:
    page = main_of(client.get(reverse("schedule"), {"state": "attention"}))
    return {label for label in ("Checkout", "Search", "Other") if f">{label}<" in page}


def test_two_retros_at_once_need_attention_until_one_is_moved(client: Client, cast: Cast, ada: Person) -> None:
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    for pair in (cast.checkout, cast.search, other):
        in_rhythm(pair, ada, days=7)
    assert needing_attention(client) == {"Checkout", "Other"}
    page = client.get(reverse("schedule")).text
    assert re.search(r'\?state=attention">Needs attention</a><div class="meta"><span>2 pairs<', page)
    Session.objects.filter(partnership=other).update(start_utc=F("start_utc") + timedelta(hours=1))
    assert needing_attention(client) == set()


def test_an_invitation_that_could_not_be_sent_needs_attention(client: Client, cast: Cast, ada: Person) -> None:
    for pair in (cast.checkout, cast.search):
        in_rhythm(pair, ada, days=7)
    session = Session.objects.filter(partnership=cast.checkout).earliest("start_utc")
    invites = Delivery.objects.filter(subject_id=session.pk, kind="invite")
    assert invites.update(status=Delivery.Status.FAILED) == 2
    Delivery.objects.filter(kind="prep_open").update(status=Delivery.Status.FAILED)
    assert needing_attention(client) == {"Checkout"}
    assert "Could not be sent" in main_of(client.get(reverse("schedule")))
    invites.get(person=cast.ines).retry()
    invites.get(person=cast.tom).retry()
    assert needing_attention(client) == set()


def test_the_list_of_what_needs_attention_says_why(client: Client, cast: Cast, ada: Person) -> None:
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    for pair in (cast.checkout, cast.search, other):
        in_rhythm(pair, ada, days=7)
    invites = Delivery.objects.filter(
        subject_id=Session.objects.filter(partnership=cast.search).earliest("start_utc").pk
    )
    invites.filter(kind="invite").update(status=Delivery.Status.FAILED)
    cast.mei.deactivate(by=ada)
    for asked in ({"state": "attention"}, {"state": "attention", "q": "e"}):
        why = {row.frame.partnership.label: list(row.why) for row in Schedule(asked, ada).listed}
        assert why == {
            "Checkout": ["One of them has two retros at once."],
            "Other": ["The account of Mei Tan is switched off.", "One of them has two retros at once."],
            "Search": ["A calendar mail could not be sent."],
        }
    page = main_of(client.get(reverse("schedule"), {"state": "attention"}))
    assert "The account of Mei Tan is switched off." in page
    assert "switched off" not in main_of(client.get(reverse("schedule")))


def test_a_short_retro_hides_no_clash_behind_it() -> None:
    pairs = [uuid.uuid4() for _ in range(3)]
    at = [datetime(2027, 3, 1, 10, minute, tzinfo=UTC) for minute in (0, 10, 40)]
    long, short, late = (
        Span(start, start + timedelta(minutes=length), pair)
        for start, length, pair in zip(at, (60, 15, 60), pairs, strict=True)
    )
    assert list(overlaps([long, short, late])) == [(long, short), (long, late)]
    assert list(overlaps([])) == []


@pytest.mark.parametrize(
    ("second", "clash"),
    [
        ("2027-03-01T10:40", {"long", "short", "late"}),  # while the long one still lasts
        ("2027-03-01T11:00", {"long", "short"}),
        ("2027-03-03T10:00", {"long", "short"}),
    ],
)
def test_what_overlaps_is_found_among_the_dates_of_one_person(cast: Cast, second: str, clash: set[str]) -> None:
    for label, start, minutes in (("long", "2027-03-01T10:00", 60), ("short", "2027-03-01T10:10", 15)):
        two = PartnershipFactory.create(a=cast.tom, b=PersonFactory.create(name=label), label=label)
        dates.session(two, start, duration_min=minutes)
    late = PartnershipFactory.create(a=PersonFactory.create(name="late"), b=cast.tom, label="late")
    dates.session(late, second)
    found = clashing(datetime(2027, 2, 1, tzinfo=UTC))
    assert {pair.label for pair in Partnership.objects.filter(pk__in=found)} == clash


def test_a_date_that_has_gone_by_is_worth_a_check(client: Client, cast: Cast, ada: Person) -> None:
    series = in_rhythm(cast.checkout, ada)
    first = Session.objects.filter(series=series).earliest("start_utc")
    Session.objects.filter(pk=first.pk).update(start_utc=timezone.now() - timedelta(hours=3))
    page = client.get(reverse("schedule")).text
    assert "Date gone by</th>" in page
    assert re.search(r'\?state=due">Date gone by</a><div class="meta"><span>1 pair<', page)


def test_a_paused_pair_is_not_listed_as_not_planned(client: Client, cast: Cast, ada: Person) -> None:
    """Its state says “paused”; beside the list only those who are not planned are counted as such."""
    Partnership.objects.exclude(pk__in=[cast.checkout.pk, cast.search.pk]).delete()
    rhythm.pause(in_rhythm(cast.checkout, ada), timezone.localdate(), by=ada)
    page = client.get(reverse("schedule")).text
    assert re.findall(r'scope="colgroup">([^<]+)<', page) == ["No date"]
    assert re.search(r'state=none">Not planned</a>\s*<div class="meta">\s*<span>\s*1 pair\s*<', page)


def test_month(client: Client, cast: Cast, ada: Person) -> None:
    Person.objects.filter(pk=ada.pk).update(timezone="Pacific/Auckland")
    in_rhythm(cast.checkout, ada)
    session = Session.objects.filter(partnership=cast.checkout).earliest("start_utc")
    Session.objects.exclude(pk=session.pk).delete()
    Session.objects.filter(pk=session.pk).update(start_utc=datetime(2027, 5, 31, 14, 0, tzinfo=UTC))
    page = client.get(reverse("schedule_month"), {"month": "2027-06"}).text  # there it is June already
    assert 'id="day-1">Tuesday 1 June</h2>' in page
    assert "02:00" in page
    assert "Ines and Tom" in page
    assert "Ines and Tom" not in client.get(reverse("schedule_month"), {"month": "2027-05"}).text
    for asked in ("x", "0001-01", "9999-12", "2027-00"):
        assert client.get(reverse("schedule_month"), {"month": asked}).status_code == 200


def test_load_and_clashes(client: Client, cast: Cast, ada: Person) -> None:
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    for pair in (cast.checkout, other):
        in_rhythm(pair, ada, days=7)
    load = main_of(client.get(reverse("schedule_load")))
    assert "Tom Lindqvist" in load
    assert "Ines" not in load  # only in one
    mondays = re.findall(r'<td\s+data-l="([^"]+)">\s*<strong>2</strong>', load)
    assert mondays
    assert all(f'<th scope="col">{monday}</th>' in load for monday in mondays)
    assert re.search(r'<td class="wide-only" data-l="[^"]+">\s*–', load)  # on a phone a week with nothing is left out
    assert "Two at once" in load
    checks = client.get(reverse("schedule_checks")).text
    assert "Tom Lindqvist" in checks


def test_a_clash_is_told_by_the_clock_that_the_page_names(client: Client, cast: Cast, ada: Person) -> None:
    """As is the time beside it to which one of the two could move."""
    Person.objects.filter(pk=ada.pk).update(timezone="Europe/Tallinn")
    Person.objects.filter(pk=cast.tom.pk).update(timezone="America/New_York")
    start = timezone.now().replace(hour=19, minute=0) + timedelta(days=9)
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    for pair in (cast.checkout, other):
        dates.session(pair, f"{start:%Y-%m-%dT%H:%M}")
    page = main_of(client.get(reverse("schedule_checks")))
    assert "Times as in Europe/Tallinn." in page
    local = start.astimezone(ZoneInfo("Europe/Tallinn"))
    assert f"{local:%H:%M}: " in page
    assert f"{start.astimezone(ZoneInfo('America/New_York')):%H:%M}: " not in page


def test_who_never_had_a_date_is_named(client: Client, cast: Cast, ada: Person) -> None:
    Partnership.objects.update(created_at=timezone.now() - timedelta(days=15))
    in_rhythm(cast.checkout, ada)
    page = main_of(client.get(reverse("schedule_checks")))
    assert "Priya and Daniel" in page
    assert "Ines and Tom" not in page


def many(count: int) -> None:
    """So many pairs in a rhythm, with the dates of a year, straight into the tables."""
    start = timezone.now() + timedelta(days=3)
    people = Person.objects.bulk_create(Person(name=f"M {n:04}", email=f"m{n}@example.org") for n in range(count + 1))
    pairs = Partnership.objects.bulk_create(Partnership(kind="other", label=f"L{n:04}") for n in range(count))
    Membership.objects.bulk_create(
        Membership(partnership=pair, person=people[n + (seat == "b")], seat=seat)
        for n, pair in enumerate(pairs)
        for seat in "ab"
    )
    series = Series.objects.bulk_create(Series(partnership=pair) for pair in pairs)
    RuleVersion.objects.bulk_create(
        RuleVersion(
            series=each, n=n, start_date=start.date(), unit="week", interval=8, local_time=time(9), timezone="UTC"
        )
        for each in series
        for n in (1, 2)
    )
    Pause.objects.bulk_create(Pause(series=each, from_date=start.date()) for each in series[::7])
    Session.objects.bulk_create(
        Session(partnership=pair, series=each, slot_date=when.date(), start_local=when, timezone="UTC", start_utc=when)
        for number, (pair, each) in enumerate(zip(pairs, series, strict=True))
        for weeks in (0, 8, 16)
        if (when := start + timedelta(weeks=weeks, hours=number % 9)) and number % 5
    )


def cost_of(client: Client, name: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse(name))
    assert page.status_code == 200
    assert main_of(page).count("<tr><td>") <= 50
    return len(queries)


def test_a_pair_with_two_retros_of_its_own_at_once_is_named(client: Client, cast: Cast, ada: Person) -> None:
    in_rhythm(cast.checkout, ada, days=30)
    first = Session.objects.earliest("start_utc")
    twin = dates.session(cast.checkout, f"{first.wall_start + timedelta(days=1):%Y-%m-%dT%H:%M}")
    now = timezone.now()
    assert not by_date(now).filter(health(now)["attention"]).exists()
    Session.objects.filter(pk=twin.pk).update(start_utc=first.start_utc + timedelta(minutes=59))
    assert by_date(now).filter(health(now)["attention"]).get() == cast.checkout
    page = main_of(client.get(reverse("schedule_checks")))
    assert "Ines Okafor" in page
    assert "Tom Lindqvist" in page
    assert "Priya" not in page


PAGES = ("schedule", "schedule_month", "schedule_load", "schedule_checks", "admin_partnership_list", "person_list")


@pytest.mark.both_databases
def test_every_page_costs_the_same_with_two_thousand_pairs(client: Client, cast: Cast, ada: Person) -> None:
    in_rhythm(cast.checkout, ada, days=2)
    PartnershipFactory.create(a=cast.tom, b=PersonFactory.create(name="Other"), label="Other")
    few = {name: cost_of(client, name) for name in PAGES}
    with connection.cursor() as cursor:  # PostgreSQL plans for these few, as before autovacuum comes by
        for model in (Partnership, Membership, Person, Series, Session):
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    many(2_000)
    assert {name: cost_of(client, name) for name in PAGES} == few
    assert max(few.values()) <= 12
    assert "Page 1 of 41" in client.get(reverse("schedule")).text


@pytest.mark.both_databases
@pytest.mark.parametrize("clashes", [0, 1, 3])
def test_what_is_worded_once_finds_what_each_state_says(cast: Cast, ada: Person, clashes: int) -> None:
    """The numbers and the lists of all pairs, however many of them clash."""
    now = timezone.now()
    in_rhythm(cast.checkout, ada, days=2)
    for n in range(clashes):
        two = PartnershipFactory.create(a=cast.tom, b=PersonFactory.create(name=f"Other {n}"), label=f"Other {n}")
        in_rhythm(two, ada, days=2)
    gone_by = dates.session(cast.search, f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}")
    for key, condition in health(now).items():
        expected = list(by_date(now).filter(condition).values_list("pk", flat=True))
        shown = Schedule({"state": key}, ada)
        assert [row.frame.partnership.pk for row in shown.listed] == expected
        assert shown.counts[key] == shown.page.paginator.count == len(expected)
    assert len(Schedule({"state": "attention"}, ada).listed) == (clashes + 1 if clashes else 0)
    assert [row.next_start for row in Schedule({"state": "due"}, ada).listed] == [gone_by.start_utc]


# --- what became of the dates ----------------------------------------------------------------------------------------


def became(pair: Partnership, *statuses: str, excused: bool = False) -> list[Session]:
    """Slots of this pair in the past year, one a month, with these ends."""
    rule = RuleVersion.objects.filter(series__partnership=pair).first() or dates.rhythm(pair)
    made = []
    for n, status in enumerate(statuses, Session.objects.filter(partnership=pair).count() + 1):
        start = timezone.now() - timedelta(days=25 * n)
        made.append(dates.session(pair, f"{start:%Y-%m-%dT%H:%M}", rule=rule, status=status, excused=excused))
        if status == "held":
            Session.objects.filter(pk=made[-1].pk).update(held_on=start.date())
    return made


def test_what_was_kept_stands_by_pair_and_for_all(client: Client, cast: Cast, ada: Person) -> None:
    became(cast.checkout, "held", "held", "held", "missed", "skipped")
    became(cast.checkout, "skipped", "cancelled", excused=True)
    became(cast.search, "missed")
    became(PartnershipFactory.create(a=cast.mei, b=cast.sara, label="Growth"), "cancelled")
    kept = {
        pair.label: main_of(client.get(reverse("admin_partnership_dates", args=[pair.pk])))
        for pair in Partnership.objects.all()
    }
    assert "3 of 5 kept" in kept["Checkout"]
    assert "0 of 1 kept" in kept["Search"]
    assert "Nothing was due yet." in kept["Growth"]
    assert "3 of 6 kept, by 2 pairs." in " ".join(main_of(client.get(reverse("schedule_checks"))).split())


def test_what_was_held_today_is_not_counted_before_its_day_is_over(cast: Cast) -> None:
    (held,) = became(cast.checkout, "held")
    now = timezone.now()
    Session.objects.filter(pk=held.pk).update(held_on=now.date(), started_at=now, slot_date=now.date())
    assert kept_by_all(now, now.date()).kept == Kept(0, 0)
    later = now + timedelta(days=2)
    assert kept_by_all(later, later.date()) == KeptByAll(Kept(1, 1), 1)


def test_an_admin_settles_what_the_two_no_longer_can(client: Client, cast: Cast, ada: Person) -> None:
    missed = became(cast.checkout, "held", "held", "held", "missed")[-1]
    day = missed.wall_start.date()
    client.force_login(cast.ines)
    late = client.post(reverse("session_met", args=[missed.pk]), {"day": day.isoformat()})
    assert "Your admin can still settle it." in late.text
    assert client.get(reverse("admin_session_met", args=[missed.pk])).status_code == 404
    client.force_login(ada)
    url = reverse("admin_session_met", args=[missed.pk])
    assert (
        reverse("admin_partnership_dates", args=[cast.checkout.pk])
        in client.get(reverse("admin_partnership_detail", args=[cast.checkout.pk])).text
    )
    assert url in main_of(client.get(reverse("admin_partnership_dates", args=[cast.checkout.pk])))
    tomorrow = timezone.localdate() + timedelta(days=2)
    assert client.post(url, {"day": tomorrow.isoformat()}).status_code == 422
    assert client.get(url).status_code == 200
    assert client.post(url, {"day": day.isoformat()}).status_code == 302
    missed.refresh_from_db()
    assert (missed.status, missed.held_on) == ("held", day)
    assert client.get(url).status_code == 404
