"""Many pairs at once: looked at, done once, taken back."""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partnerships.models import Audit, Delivery, Look, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from retros.administration import bulk, bulk_acts
from retros.administration.bulk_acts import BulkPair, BulkRequest
from retros.administration.placing import BUFFER, occurrences
from retros.dates import one_date, rhythm
from retros.dates.planning import Planning, looked_at
from retros.lifecycle.erasure import erase
from retros.models import Bulk, BulkLine, Series, Session
from retros.worker import tick
from tests.cast import Cast
from tests.factories import PartnershipFactory, PersonFactory
from tests.presses import at_once
from tests.queries import asked
from tests.retros.administration.bulks import in_rhythm, starts, wish
from tests.rows import checksum

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

ZONES = ["Europe/Tallinn", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata"]


def do(what: BulkRequest, by: Person, **more: Any) -> Bulk:
    return bulk.commit(what, by=by, key=uuid.uuid4(), digest=bulk.preview(what, by=by, **more).digest, **more)


@pytest.fixture
def mail_is_sent() -> Iterator[None]:
    with override_settings(MAIL_IS_SENT=True):
        yield


# --- planning for many ------------------------------------------------------------------------------------------------


@pytest.fixture
def forty(db: None) -> list[Partnership]:
    """One person is in six of them; five zones; two who never work at the same time."""
    busy = PersonFactory.create(name="Busy", timezone="Europe/Tallinn")
    pairs = []
    for n in range(40):
        a = busy if n < 6 else PersonFactory.create(name=f"A {n}", timezone=ZONES[n % 3])
        b = PersonFactory.create(name=f"B {n}", timezone=ZONES[n % 5 if n > 5 else n % 3])
        pairs.append(PartnershipFactory.create(a=a, b=b, label=f"Pair {n}"))
    Person.objects.filter(memberships__partnership=pairs[39]).update(timezone="Asia/Kolkata")
    Person.objects.filter(memberships__partnership=pairs[39], memberships__seat="b").update(timezone="America/New_York")
    return pairs


def test_forty_pairs_are_planned_in_one_sitting(forty: list[Partnership], cast: Cast) -> None:
    what = wish("plan", *forty, first_day=timezone.localdate() + timedelta(days=3))
    before = checksum()
    seen = bulk.preview(what, by=cast.ada)
    assert checksum() == before
    assert {line.label: line.refused for line in seen.refused} == {"Pair 39": "They have no working hours in common."}
    key = uuid.uuid4()
    done = bulk.commit(what, by=cast.ada, key=key, digest=seen.digest)
    assert [line.shown for line in done.lines.all()] == [line.shown for line in seen.lines]

    spans: dict[Person, list[datetime]] = defaultdict(list)
    for series in Series.objects.all():
        for slot in occurrences(series.rule):
            for person in Person.objects.filter(memberships__partnership=series.partnership_id):
                local = slot.start_utc.astimezone(person.tz)
                assert local.weekday() < 5
                assert time(8) <= local.time() <= time(17)
                spans[person].append(slot.start_utc)
    assert len(spans[Person.objects.get(name="Busy")]) > 30
    for moments in spans.values():
        assert all(b - a >= timedelta(minutes=60) + BUFFER for a, b in pairwise(sorted(moments)))
    assert Series.objects.count() == 39

    before = checksum()
    assert bulk.commit(what, by=cast.ada, key=key, digest="whatever") == done
    assert checksum() == before


def test_as_many_mails_go_out_as_the_preview_said(cast: Cast) -> None:
    what = wish("plan", cast.checkout, cast.search)
    seen = bulk.preview(what, by=cast.ada)
    bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    assert Delivery.objects.filter(kind__in=Delivery.CALENDAR).count() == seen.mails > 0


def test_what_they_have_already_is_in_nobodys_way(cast: Cast) -> None:
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    standing = in_rhythm(other, cast.ada, cadence="every_2_months")
    do(wish("plan", cast.checkout), cast.ada)
    ours = Series.objects.get(partnership=cast.checkout)
    weeks = [
        {s.start_utc.astimezone(cast.tom.tz).isocalendar()[:2] for s in occurrences(x.rule)} for x in (standing, ours)
    ]
    assert not weeks[0] & weeks[1]


def test_who_has_a_rhythm_or_a_free_seat_is_left_alone(cast: Cast) -> None:
    in_rhythm(cast.checkout, cast.ada)
    half = PartnershipFactory.create(a=cast.mei, label="Half")
    seen = bulk.preview(wish("plan", cast.checkout, half, cast.search), by=cast.ada)
    assert {line.label: line.refused for line in seen.lines} == {
        "Checkout": "They have a rhythm already.", "Half": "The other seat is still free.", "Search": "",
    }  # fmt: skip


def test_a_pair_that_is_not_complete_is_named_by_who_is_here(client: Client, cast: Cast, ada: Person) -> None:
    """And where nothing can be done the page has its way back."""
    alone = PartnershipFactory.create(a=cast.mei, label="Alone")
    empty = Partnership.objects.create(kind="other", label="Empty")
    seen = bulk.preview(wish("plan", alone, empty), by=ada)
    assert [(line.label, line.title) for line in seen.lines] == [("Alone", "Mei"), ("Empty", "Nobody here yet")]
    page = client.get(reverse("bulk_preview"), {"act": "plan", "pick": [f"{alone.pk}:0"]}).text
    assert "Back to the schedule" in page
    assert "Do it for" not in page


def test_a_planned_rhythm_is_taken_back(cast: Cast) -> None:
    done = do(wish("plan", cast.checkout, cast.search), cast.ada)
    assert len(starts(cast.checkout)) >= 3
    for _press in range(2):
        done = bulk.undo(done, by=cast.ada)
    assert starts(cast.checkout) == starts(cast.search) == []
    assert Series.objects.get(partnership=cast.checkout).is_ended
    assert bulk.preview(wish("plan", cast.checkout), by=cast.ada).done


# --- changing many ----------------------------------------------------------------------------------------------------


def test_move_by_a_week_and_back(cast: Cast) -> None:
    for pair in (cast.checkout, cast.search):
        in_rhythm(pair, cast.ada, cadence="monthly")
    before = starts(cast.checkout)
    done = do(wish("move", cast.checkout, cast.search, weeks=1), cast.ada)
    after = starts(cast.checkout)
    assert after[0] - before[0] in {timedelta(days=7), timedelta(days=7, hours=1), timedelta(days=6, hours=23)}
    assert after[1:] == before[1:]
    bulk.undo(done, by=cast.ada)
    assert starts(cast.checkout) == before


@pytest.mark.parametrize(
    ("zones", "ends"), [(("Europe/Tallinn", "Europe/Tallinn"), "15:00 (Europe/Tallinn)"),
                        (("Europe/Berlin", "Europe/Tallinn"), "14:00 for Ines, 15:00 for Tom")],
)  # fmt: skip
def test_a_time_of_a_pair_says_by_which_clock(cast: Cast, zones: tuple[str, str], ends: str) -> None:
    for person, zone in zip((cast.ines, cast.tom), zones, strict=True):
        Person.objects.filter(pk=person.pk).update(timezone=zone)
    in_rhythm(cast.checkout, cast.ada)
    (line,) = bulk.preview(wish("move", cast.checkout), by=cast.ada).lines
    assert all(words.endswith(ends) for words in (line.before, *line.after))


def test_pause_and_go_on(cast: Cast) -> None:
    in_rhythm(cast.checkout, cast.ada)
    before = starts(cast.checkout)
    done = do(wish("pause", cast.checkout, first_day=timezone.localdate()), cast.ada)
    assert starts(cast.checkout) == []
    assert Series.objects.get().status == Series.Status.PAUSED
    bulk.undo(done, by=cast.ada)
    assert starts(cast.checkout) == before


def test_who_has_it_already_is_left_as_it_is(cast: Cast) -> None:
    """They were counted among those that would change, with the same words before and after."""
    in_rhythm(cast.checkout, cast.ada, cadence="monthly")
    before = checksum()
    same = wish("rhythm", cast.checkout, cadence="monthly")
    assert do(same, cast.ada).lines.get().refused == "They have this rhythm already."
    assert {name for name, kept in checksum().items() if before[name] != kept} == {"retros_bulk", "retros_bulkline"}
    pause = wish("pause", cast.checkout, first_day=timezone.localdate())
    assert [do(pause, cast.ada).lines.get().refused for _again in range(2)] == ["", "They are paused then already."]


def test_another_rhythm_and_back(cast: Cast) -> None:
    series = in_rhythm(cast.checkout, cast.ada, cadence="monthly")
    before, words = starts(cast.checkout), series.rule.words
    done = do(wish("rhythm", cast.checkout, cadence="every_2_months"), cast.ada)
    line = done.lines.get()
    assert line.before == f"{words} (Europe/Berlin)"
    assert line.after[0].startswith("Every 2 months")
    assert len(starts(cast.checkout)) < len(before)
    bulk.undo(done, by=cast.ada)
    assert starts(cast.checkout) == before
    assert Series.objects.get().rule.words == words


def test_where_no_mail_leaves_none_is_promised(client: Client, cast: Cast, ada: Person) -> None:
    series = in_rhythm(cast.checkout, cast.ada)
    seen = [client.get(reverse("bulk_preview"), {"act": act, "pick": [f"{cast.checkout.pk}:{series.version}"]})
            for act in ("move", "remind")]  # fmt: skip
    session = Session.objects.filter(series=series).earliest("start_utc")
    seen.append(client.get(reverse("admin_session_move", args=[session.pk])))
    client.force_login(cast.ines)
    seen.append(client.get(reverse("partnership_end", args=[cast.checkout.pk])))
    change = {"day": f"{session.wall_start + timedelta(days=1):%Y-%m-%d}", "time": "14:00", "zone": "Europe/Berlin",
              "cadence": "monthly", "duration": "60", "version": series.version}  # fmt: skip
    seen.append(client.post(reverse("series_change", args=[session.pk]), change))
    for page in seen:
        assert "This installation sends no" in page.text
        for promise in ("would go out", "get a mail", "by mail to their calendars"):
            assert promise not in page.text


@pytest.mark.usefixtures("mail_is_sent")
def test_remind_once_in_seven_days(cast: Cast, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        do(wish("remind", cast.checkout), cast.ada)  # and looked at before, which sends nothing
    assert sorted(mail.to[0] for mail in mailoutbox) == [cast.ines.email, cast.tom.email]
    seen = bulk.preview(wish("remind", cast.checkout, cast.search), by=cast.ada)
    assert [line.label for line in seen.refused] == ["Checkout"]
    for wrong in (-1, 1):  # of a clock that was ahead
        later = timezone.now() + wrong * timedelta(days=7, minutes=1)
        assert not bulk.preview(wish("remind", cast.checkout), by=cast.ada, now=later).refused


def test_the_pair_reads_what_the_admin_did(cast: Cast) -> None:
    do(wish("plan", cast.checkout), cast.ada)
    assert Look.objects.of(cast.tom)[0].what == Look.What.SCHEDULE
    assert Audit.objects.for_admins().filter(act=Audit.Act.BULK_DONE, by_id=cast.ada.pk).exists()


# --- taken back -------------------------------------------------------------------------------------------------------

MINUTE = timedelta(minutes=1)
ACTS: dict[str, dict[str, Any]] = {"move": {"weeks": 1}, "rhythm": {"cadence": "monthly"}, "pause": {}}


def told(person: Person) -> list[tuple[str, str]]:
    """Kind and state of the calendar mails to this person that went out or wait."""
    mails = Delivery.objects.filter(person=person, kind__in=Delivery.CALENDAR).exclude(status="cancelled")
    return sorted(mails.values_list("kind", "status"))


def as_it_is(pair: Partnership) -> list[dict[str, Any]]:
    """The dates of a pair to come, with all that calendars know of them."""
    unchanging = {"version_a", "version_b"}
    rows = Session.objects.filter(partnership=pair).exclude(reason="surplus").order_by("start_utc").values()
    return [{name: value for name, value in row.items() if name not in unchanging} for row in rows]


@pytest.mark.parametrize("act", ACTS)
def test_taken_back_before_anybody_was_told_is_as_if_nothing_had_been(cast: Cast, act: str) -> None:
    in_rhythm(cast.checkout, cast.ada)
    now = timezone.now()
    tick(now)
    before, mails = as_it_is(cast.checkout), told(cast.ines)
    more = {"first_day": now.date()} if act == "pause" else {}
    done = do(wish(act, cast.checkout, **ACTS[act], **more), cast.ada, now=now)
    assert told(cast.ines) != mails
    bulk.undo(done, by=cast.ada, now=now + MINUTE)
    assert as_it_is(cast.checkout) == before
    tick(now + 2 * MINUTE)
    assert told(cast.ines) == told(cast.tom) == mails == [("invite", "sent")] * 2


def test_whoever_was_told_of_a_change_hears_that_it_is_as_before(cast: Cast, mailoutbox: list[Any]) -> None:
    in_rhythm(cast.checkout, cast.ada, cadence="monthly")
    now = timezone.now()
    tick(now)
    first = Session.objects.filter(partnership=cast.checkout).upcoming()[0]
    done = do(wish("move", cast.checkout, weeks=1), cast.ada, now=now)
    Delivery.objects.filter(person=cast.tom, kind="update").update(send_at=now + timedelta(hours=1))
    tick(now)
    bulk.undo(done, by=cast.ada, now=now + MINUTE)
    tick(now + 2 * MINUTE)
    assert told(cast.ines) == [("invite", "sent")] * 2 + [("update", "sent")] * 2
    assert told(cast.tom) == [("invite", "sent")] * 2
    assert mailoutbox[-1].subject.startswith("As before: retro with Tom, ")
    moved = Session.objects.get(pk=first.pk)
    assert (moved.start_utc, moved.moved, moved.sequence) == (first.start_utc, False, 2)


def test_whoever_was_told_of_a_pause_gets_the_dates_again(cast: Cast, mailoutbox: list[Any]) -> None:
    in_rhythm(cast.checkout, cast.ada)
    now = timezone.now()
    tick(now)
    before = starts(cast.checkout)
    done = do(wish("pause", cast.checkout, first_day=now.date()), cast.ada, now=now)
    tick(now)
    bulk.undo(done, by=cast.ada, now=now + MINUTE)
    tick(now + 2 * MINUTE)
    assert starts(cast.checkout) == before
    assert told(cast.ines) == [("cancel", "sent")] * 2 + [("invite", "sent")] * 4
    assert mailoutbox[-1].subject.startswith("As before: retro with ")


def test_two_rules_come_back_as_two(cast: Cast) -> None:
    series = in_rhythm(cast.checkout, cast.ada)
    later = Session.objects.filter(partnership=cast.checkout).upcoming()[4]
    rhythm.change_from(series, later, by=cast.ada, local_time=time(16))
    before, rule = starts(cast.checkout), Series.objects.get().rule
    done = do(wish("rhythm", cast.checkout, cadence="monthly"), cast.ada)
    assert starts(cast.checkout) != before
    bulk.undo(done, by=cast.ada)
    assert starts(cast.checkout) == before
    assert Series.objects.get().rule == rule


def test_a_date_that_went_by_meanwhile_is_not_taken_back(cast: Cast) -> None:
    in_rhythm(cast.checkout, cast.ada, cadence="monthly")
    start = starts(cast.checkout)[0]
    done = do(wish("move", cast.checkout, weeks=1), cast.ada, now=start - MINUTE)
    done = bulk.undo(done, by=cast.ada, now=start + MINUTE)
    assert done.lines.get().left == "That time has already gone by. Pick one that is still to come."


@pytest.mark.usefixtures("mail_is_sent")
def test_they_are_reminded_of_the_date_that_they_have(
    cast: Cast, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    in_rhythm(cast.search, cast.ada)
    with django_capture_on_commit_callbacks(execute=True):
        done = do(wish("remind", cast.checkout, cast.search), cast.ada)
    (start,) = starts(cast.search)[:1]
    bodies = {mail.to[0]: mail.body for mail in mailoutbox}
    for person, day in ((cast.priya, start.astimezone(cast.priya.tz)), (cast.daniel, start.astimezone(cast.daniel.tz))):
        assert f"{day:%H:%M}. Keep it" in bodies[person.email]
        assert "none is planned" not in bodies[person.email]
    assert "none is planned" in bodies[cast.tom.email]
    assert done.lines.all()[1].after[0].startswith("Both get a mail that names their date: ")


# --- the preview and the act ------------------------------------------------------------------------------------------


def waiting() -> set[uuid.UUID]:
    """The calendar mails that are to go out."""
    return set(Delivery.objects.waiting().filter(kind__in=Delivery.CALENDAR).values_list("pk", flat=True))


STATES = ["nothing", "rhythm", "weekly", "moved", "paused", "ended", "skipped", "two rules", "one date"]


def make_state(pair: Partnership, state: str, by: Person) -> None:
    """Dates of a pair, with what may have happened to them."""
    now = timezone.now()
    if state == "one date":
        one_date.plan(pair, by=by, start=datetime.now() + timedelta(days=9), zone="Europe/Berlin")  # noqa: DTZ005
    if state in {"nothing", "one date"}:
        return
    series = in_rhythm(pair, by, cadence="weekly" if state == "weekly" else "every_2_weeks")
    first, _second, third = Session.objects.filter(partnership=pair).upcoming()[:3]
    if state == "moved":
        one_date.move(first, by=by, start=first.wall_start + timedelta(days=2), zone=first.timezone)
    elif state == "paused":
        rhythm.pause(series, (now + timedelta(days=20)).date(), (now + timedelta(days=40)).date(), by=by)
    elif state == "ended":
        rhythm.end(series, (now + timedelta(days=60)).date(), by=by)
    elif state == "skipped":
        one_date.skip(first, by=by, reason="leave")
    elif state == "two rules":
        rhythm.change_from(series, third, by=by, local_time=time(16))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(Bulk.Act.values), st.lists(st.sampled_from(STATES), min_size=1, max_size=3), st.booleans(),
    st.sampled_from(["weekly", "every_4_weeks", "monthly", "quarterly"]), st.integers(1, 30), st.sampled_from([-1, 1]),
)  # fmt: skip
def test_the_preview_says_what_the_act_does(
    cast: Cast, act: str, states: list[str], told: bool, cadence: str, days: int, weeks: int
) -> None:
    """Of each pair, and of the mails; and saying it changes nothing."""
    with transaction.atomic():
        pairs = [cast.checkout, cast.search, PartnershipFactory.create(a=cast.mei, b=cast.tom, label="Other")]
        for pair, state in zip(pairs, states, strict=False):
            make_state(pair, state, cast.ada)
        if told:
            tick(timezone.now())
        day = timezone.localdate() + timedelta(days=days)
        what = BulkRequest(act, tuple(p.pk for p in pairs), cadence=cadence, first_day=day, weeks=weeks)
        before, mails = checksum(), waiting()
        seen = bulk.preview(what, by=cast.ada)
        assert checksum() == before
        done = bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
        assert [line.shown for line in done.lines.all()] == [line.shown for line in seen.lines]
        assert len(waiting() - mails) == seen.mails
        for line in done.lines.exclude(refused="").select_related("partnership"):
            assert line.done_at is None
        for line in done.lines.filter(refused="").select_related("partnership"):
            dates = [BulkPair(change).times(start) for change, start in dates_now(line.partnership, cast.ada)]
            if act == "move":
                assert line.after[0] in dates
            elif act in {"plan", "rhythm"}:
                assert line.after[1:] == [date for date in dates if date in line.after]
                rule = Series.objects.get(partnership=line.partnership).rule
                assert line.after[0] == f"{rule.words} ({rule.timezone})"
        transaction.set_rollback(True)


def dates_now(pair: Partnership, by: Person) -> list[tuple[Planning, datetime]]:
    (change,) = looked_at([pair.pk], by=by, now=timezone.now(), versions={})
    return [(change, start) for start in starts(pair)]


@pytest.mark.usefixtures("mail_is_sent")
@pytest.mark.parametrize("act", Bulk.Act.values)
def test_a_preview_of_many_asks_no_more_than_one_of_a_few(cast: Cast, act: str, django_assert_num_queries: Any) -> None:
    pairs = [
        cast.checkout,
        cast.search,
        *(PartnershipFactory.create(b=PersonFactory.create(), label=f"Pair {n}") for n in range(10)),
    ]
    if act != "plan":
        for pair in pairs:
            in_rhythm(pair, cast.ada)
    for chosen in (pairs[:2], pairs):
        with django_assert_num_queries(10 if act in {"move", "rhythm"} else 8):  # who sits elsewhere then
            assert len(bulk.preview(wish(act, *chosen), by=cast.ada).done) == len(chosen)


@pytest.mark.usefixtures("mail_is_sent")
@pytest.mark.both_databases
def test_a_pair_takes_at_most_30_statements(cast: Cast) -> None:
    """With its part of what is asked once: how many pairs have a mail to be moved is the same for all twenty alone."""
    pairs = [PartnershipFactory.create(b=PersonFactory.create(), label=f"Pair {n}") for n in range(20)]
    took = {}
    for act in Bulk.Act.values:
        took[act] = _statements(act, pairs, cast.ada) / len(pairs)
        if act == "plan":
            do(wish(act, *pairs), cast.ada)
            tick(timezone.now())
    assert {act: statements for act, statements in took.items() if statements > 30} == {}


def _statements(act: str, pairs: list[Partnership], by: Person) -> int:
    """How many it takes to do it to all of these, which is taken back: the rhythm with the most dates."""
    what = wish(act, *pairs, **({"cadence": "every_2_weeks"} if act == "rhythm" else {}))
    digest = bulk.preview(what, by=by).digest
    with transaction.atomic():
        with asked() as statements:
            done = bulk.commit(what, by=by, key=uuid.uuid4(), digest=digest)
        assert done.lines.exclude(done_at=None).count() == len(pairs)
        transaction.set_rollback(True)
    return len(statements)


class Stopped(Exception):
    """As a kill."""


def stop_before(monkeypatch: pytest.MonkeyPatch, number: int, do: Callable[[BulkLine], object]) -> None:
    """Before that pair (from 1) of a press, do something; no transaction is open there."""
    count = Counter[str]()

    def instead(own: Callable[..., None], line: BulkLine, *more: Any) -> None:
        count["pairs"] += 1
        if count["pairs"] == number:
            do(line)
        own(line, *more)

    for name in ("_do", "_take_back"):
        monkeypatch.setattr(bulk, name, partial(instead, getattr(bulk, name)))


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_others_write_between_two_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.cast import make_cast

    cast = make_cast()
    seen: list[tuple[bool, int]] = []
    stop_before(monkeypatch, 2, lambda line: seen.append((connection.in_atomic_block, Series.objects.count())))
    do(wish("plan", cast.checkout, cast.search), cast.ada)
    assert seen == [(False, 1)]


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("then", ["resume", "undo"])
def test_what_stopped_half_way_goes_on_or_is_taken_back(
    client: Client, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    from tests.cast import make_cast

    cast = make_cast()
    pairs = [cast.checkout, cast.search, PartnershipFactory.create(b=PersonFactory.create(), label="Third")]
    what, key = wish("plan", *pairs), uuid.uuid4()
    seen = bulk.preview(what, by=cast.ada)

    def stop(line: BulkLine) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        stop_before(patched, 2, stop)
        with pytest.raises(Stopped):
            bulk.commit(what, by=cast.ada, key=key, digest=seen.digest)
    half = Bulk.objects.get()
    assert Series.objects.count() == 1
    client.force_login(cast.ada)
    page = client.get(reverse("bulk_detail", args=[half.pk])).text
    assert "It stopped before 2 pairs. The others are done." in page
    assert "Take it back" in page
    if then == "resume":
        Bulk.objects.update(at=timezone.now() - timedelta(minutes=20))
    client.post(reverse(f"bulk_{then}", args=[half.pk]))
    page = client.get(reverse("bulk_detail", args=[half.pk])).text
    assert "It stopped" not in page
    assert ("Take it back" in page) == (then == "resume")  # within ten minutes of what was done last
    if then == "resume":
        assert Series.objects.exclude(status="ended").count() == 3
        assert [line.shown for line in half.lines.all()] == [line.shown for line in seen.lines]
        assert bulk.commit(what, by=cast.ada, key=key, digest="whatever") == half
    else:
        assert [series.is_ended for series in Series.objects.all()] == [True]
        bulk.resume(half, by=cast.ada)
        assert Series.objects.count() == 1


@pytest.mark.parametrize("act", ["plan", "move"])
def test_a_pair_whose_dates_change_meanwhile_is_left_and_named(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The others are done. Of a plan, it may be the dates of another pair of one of them."""
    pairs = [cast.checkout, cast.search]
    if act == "move":
        for pair in pairs:
            in_rhythm(pair, cast.ada, cadence="monthly")
    what = wish(act, *pairs)
    seen = bulk.preview(what, by=cast.ada)
    lines = {line.partnership_id: line for line in seen.lines}

    def meanwhile(line: BulkLine) -> None:
        if act == "plan":
            someone = line.partnership.memberships.get(seat="a").person
            other = PartnershipFactory.create(a=someone, b=cast.mei, label="Other")
            rhythm.begin(other, by=cast.ada, rule=bulk_acts.read(line.rule or {}))
        else:
            session = Session.objects.filter(partnership=line.partnership).upcoming()[0]
            start = session.wall_start + timedelta(days=1)
            one_date.move(session, by=someone_of(line.partnership), start=start, zone=session.timezone)

    stop_before(monkeypatch, 2, meanwhile)
    done = bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    first, second = done.lines.all()
    assert first.done_at is not None
    assert first.shown == lines[first.partnership_id].shown
    assert second.done_at is None
    assert ("sits in another retro then" if act == "plan" else "The dates changed") in second.refused
    bulk.undo(done, by=cast.ada)
    assert done.lines.get(pk=second.pk).left == ""


@pytest.mark.parametrize("back", [False, True], ids=["done", "taken back"])
def test_a_pair_of_which_one_is_erased_meanwhile_stops_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    """Its line goes with them, and the pair after it has its turn."""
    third = PartnershipFactory.create(b=PersonFactory.create(), label="Third")
    what = wish("plan", cast.checkout, cast.search, third)
    seen = bulk.preview(what, by=cast.ada)
    done = do(what, cast.ada) if back else None
    stop_before(monkeypatch, 2, lambda line: erase(someone_of(line.partnership)))
    if done is None:
        bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    else:
        bulk.undo(done, by=cast.ada)
    first, last = Bulk.objects.get().lines.all()
    assert [line.partnership for line in (first, last)] == [cast.checkout, third]
    assert None not in ((first.undone_at, last.undone_at) if back else (first.done_at, last.done_at))


def test_an_admin_who_is_none_any_more_leaves_the_rest(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes minutes. Another admin may go on with it."""
    grace = PersonFactory.create(name="Grace", is_staff=True)
    what = wish("plan", cast.checkout, cast.search)
    seen = bulk.preview(what, by=cast.ada)
    own = Person.objects.get(pk=cast.ada.pk)
    stop_before(monkeypatch, 2, lambda _line: own.end_admin(by=grace))
    with pytest.raises(NotAllowed, match="Only an admin"):
        bulk.commit(what, by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    assert Series.objects.count() == 1
    bulk.resume(Bulk.objects.get(), by=grace)
    assert Series.objects.count() == 2


def someone_of(pair: Partnership) -> Person:
    return pair.memberships.get(seat="a").person


# --- when somebody else was quicker -----------------------------------------------------------------------------------


def test_the_second_admin_sees_what_changed_and_overwrites_nothing(cast: Cast) -> None:
    series = in_rhythm(cast.checkout, cast.ada, cadence="monthly")
    grace = PersonFactory.create(name="Grace Admin", is_staff=True)
    looked = BulkRequest("move", (cast.checkout.pk,), versions={str(cast.checkout.pk): series.version})
    seen = bulk.preview(looked, by=grace)
    do(wish("rhythm", cast.checkout, cadence="weekly"), cast.ada)
    before = checksum()
    with pytest.raises(Refusal) as refused:
        bulk.commit(looked, by=grace, key=uuid.uuid4(), digest=seen.digest)
    assert "Ada Osei: From" in str(refused.value.message)
    assert checksum() == before


def test_other_dates_than_those_of_the_preview_are_not_done(cast: Cast) -> None:
    seen = bulk.preview(wish("plan", cast.checkout), by=cast.ada)
    other = PartnershipFactory.create(a=cast.tom, b=cast.mei, label="Other")
    do(wish("plan", other), cast.ada)
    before = checksum()
    with pytest.raises(Refusal):
        bulk.commit(wish("plan", cast.checkout), by=cast.ada, key=uuid.uuid4(), digest=seen.digest)
    assert checksum() == before


def test_what_changed_since_is_not_taken_back(cast: Cast) -> None:
    for pair in (cast.checkout, cast.search):
        in_rhythm(pair, cast.ada, cadence="monthly")
    done = do(wish("move", cast.checkout, cast.search, weeks=1), cast.ada)
    session = Session.objects.filter(partnership=cast.checkout).upcoming()[0]
    wall = session.wall_start.replace(hour=9)
    one_date.move(session, by=cast.ines, start=wall, zone=session.timezone)
    done = bulk.undo(done, by=cast.ada)
    left = {line.label: line.left for line in done.lines.all()}
    assert left == {"Checkout": "Its dates changed since, so it stays as it is.", "Search": ""}
    session.refresh_from_db()
    assert session.wall_start == wall


def test_ten_minutes(cast: Cast) -> None:
    done = do(wish("plan", cast.checkout), cast.ada)
    with pytest.raises(Refusal):
        bulk.undo(done, by=cast.ada, now=timezone.now() + timedelta(minutes=10, seconds=1))
    assert starts(cast.checkout)


def test_only_admins_and_only_their_own_key(cast: Cast) -> None:
    what, grace = wish("plan", cast.checkout), PersonFactory.create(name="Grace", is_staff=True)
    done = do(what, cast.ada)
    for person in (cast.ines, cast.sara):
        with pytest.raises(NotAllowed):
            bulk.commit(what, by=person, key=uuid.uuid4(), digest="x")
        with pytest.raises(NotAllowed):
            bulk.undo(done, by=person)
    with pytest.raises(Refusal):
        bulk.commit(what, by=grace, key=done.pk, digest="x")


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_one_key_pressed_at_once_is_done_once() -> None:
    from tests.cast import make_cast

    cast = make_cast()
    what = wish("plan", cast.checkout, cast.search)
    digest, key = bulk.preview(what, by=cast.ada).digest, uuid.uuid4()
    outcomes = at_once(*[partial(bulk.commit, what, by=cast.ada, key=key, digest=digest)] * 3)
    assert {outcome.pk for outcome in outcomes} == {key}
    assert Bulk.objects.count() == 1
    assert Series.objects.count() == 2
    assert Look.objects.filter(what=Look.What.SCHEDULE).count() == 2


# --- the pages --------------------------------------------------------------------------------------------------------


def test_from_the_choice_to_the_way_back(client: Client, cast: Cast, ada: Person) -> None:
    picks = [f"{pair.pk}:0" for pair in (cast.checkout, cast.search)]
    page = client.get(reverse("bulk_preview"), {"act": "plan", "pick": picks})
    assert page.status_code == 200
    assert "Ines and Tom" in page.text
    assert "Every 2 months" in page.text
    fields = defaultdict(list)
    form = page.text.partition('class="bulk')[2]
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        fields[name].append(value)
    del fields["csrfmiddlewaretoken"]
    for _press in range(2):
        answer = client.post(reverse("bulk_create"), fields)
    done = Bulk.objects.get()
    assert answer.headers["Location"] == reverse("bulk_detail", args=[done.pk])
    assert "Take it back" in client.get(answer.headers["Location"]).text
    client.post(reverse("bulk_undo", args=[done.pk]))
    page = client.get(answer.headers["Location"])
    assert "It was taken back." in page.text
    assert starts(cast.checkout) == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"act": "plan"},
        {"act": "burn", "pick": ["x"]},
        {"act": "plan", "pick": ["x:y"]},
        {"act": "plan", "pick": [f"{uuid.uuid4()}:1"] * 3, "cadence": "never"},
        {"act": "pause", "pick": [str(uuid.uuid4())], "first_day": "0001-01-01"},
        {"act": "plan", "pick": [str(uuid.uuid4()) for _n in range(101)]},
    ],
)
def test_bad_choices_are_told_and_do_nothing(client: Client, ada: Person, asked: dict[str, Any]) -> None:
    before = checksum()
    assert client.get(reverse("bulk_preview"), asked).status_code == 422
    data = {**asked, "key": uuid.uuid4(), "digest": "x"}
    assert client.post(reverse("bulk_create"), data).status_code == 422
    assert checksum() == before


def test_who_may_not(client: Client, cast: Cast) -> None:
    done = do(wish("plan", cast.checkout), cast.ada)
    for person in (cast.ines, cast.sara, cast.mei):
        client.force_login(person)
        for name in ("schedule", "schedule_month", "schedule_load", "schedule_checks", "bulk_preview"):
            assert client.get(reverse(name)).status_code == 404
        assert client.get(reverse("bulk_detail", args=[done.pk])).status_code == 404
        assert client.post(reverse("bulk_undo", args=[done.pk])).status_code == 404
        assert client.post(reverse("bulk_create"), {"act": "plan"}).status_code == 404
