"""One history, two readers; and the lead's own page: facts, few queries, no words that were not released."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Lead, Look, Membership, Partnership, Person, Version
from partnerships.reader import Reader
from partnerships.wording import Wording
from retros.dates import one_date
from retros.history.timeline import History, Rhythm, Standing
from retros.leads.overview import LeadOverview, LeadOverviewRow, Released
from retros.models import Action, Need, Note, Release, Session
from retros.models.release import words_of
from tests.cast import Cast, client_of
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros import play

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

QUERIES = 12  # of a page, but for the sign-in and the ends of transactions


def page(person: Person, name: str, *args: Any, **query: Any) -> str:
    answer = client_of(person).get(reverse(name, args=args), query)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def queries(person: Person, url: str) -> int:
    """How many a page takes, without those of the sign-in and without BEGIN, SAVEPOINT and the like."""
    client = client_of(person)
    client.get(url)
    with CaptureQueriesContext(connection) as taken:
        assert client.get(url).status_code == 200
    counted = [q["sql"] for q in taken if q["sql"].startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]
    return sum("partnerships_signin" not in sql for sql in counted)


def past(partnership: Partnership, day: date, status: str = "held", **more: Any) -> Session:
    """A row of the past, without the steps of a retro: what the frame is made of."""
    start = datetime.combine(day, datetime.min.time(), UTC).replace(hour=14)
    return Session.objects.create(
        partnership=partnership, template_key="retro-classic", start_local=start, start_utc=start, timezone="UTC",
        status=status, held_on=day if status == "held" else None, **more,
    )  # fmt: skip


def lead_of(cast: Cast) -> Lead:
    return Lead.objects.select_related("partnership").get(partnership=cast.checkout, person=cast.sara)


# --- the pair ---------------------------------------------------------------------------------------------------------


def test_the_two_read_all_that_is_theirs(cast: Cast) -> None:
    session = play.start(cast.checkout)
    Note.learn(play.step_of(session, "conclude"), by=cast.ines, text="Silence is no yes", id=uuid.uuid4())
    play.agree(cast.checkout, "Sketch early", session=session).finish(by=cast.ines, helped="helped")
    for kind in ("look_back",):
        play.go_on(session, kind)
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind)
    play.go_on(session, "conclude")
    play.reveal(session, "close")
    play.go_on(session, "close")
    past(cast.checkout, timezone.localdate() - timedelta(days=1), "skipped", reason="holiday", excused=True)
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    version = agreement.propose([Wording("Together.")], by=cast.ines, reason="It was unclear")
    version.sign(by=cast.tom, digest=version.digest)
    for person in (cast.ines, cast.tom):
        text = page(person, "history_detail", cast.checkout.pk, year=timezone.localdate().year)
        for words in (
            "Silence is no yes",
            "Sketch early",
            "It helped",
            "Relaunch, version 1",
            "It was unclear",
            "A holiday",
        ):
            assert words in text, words
        assert "1 action, 1 done" in text
    text = page(cast.sara, "history_detail", cast.checkout.pk)
    assert "Relaunch, version 1" in text
    assert "1 of 1 done" in text
    for words in ("Silence", "Sketch", "It helped", "It was unclear", "A holiday", "Together."):
        assert words not in text, words


def test_an_action_that_ended_is_told_with_its_moment(cast: Cast) -> None:
    play.agree(cast.checkout, "call the same day", cue="the scope moves").finish(by=cast.ines)
    for name in ("history_detail", "action_list"):
        assert "If the scope moves, then I will: call the same day" in page(cast.tom, name, cast.checkout.pk)


def test_versions_of_one_day_stand_newest_first(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    for text in ("Once.", "Twice.", "Three times."):
        agreement = Agreement.objects.get(pk=agreement.pk)
        version = agreement.propose([Wording(text)], by=cast.ines, reason="", base=agreement.in_force)
        version.sign(by=cast.tom, digest=version.digest)
    for reader in (cast.ines, cast.sara):
        shown = page(reader, "history_detail", cast.checkout.pk)
        places = [shown.index(f"Relaunch, version {n}") for n in (3, 2, 1)]
        assert places == sorted(places)


def test_a_filter_shows_one_kind_and_one_year(cast: Cast) -> None:
    today = timezone.localdate()
    Partnership.objects.filter(pk=cast.checkout.pk).update(since=date(today.year - 3, 2, 1))
    past(cast.checkout, date(today.year - 1, 3, 1), number=7)
    play.agree(cast.checkout, "Sketch early").finish(by=cast.ines)
    this_year = page(cast.ines, "history_detail", cast.checkout.pk)
    assert "Sketch early" in this_year
    assert "Retro 7" not in this_year
    assert "Sketch early" not in page(cast.ines, "history_detail", cast.checkout.pk, kind="retros")
    assert "Retro 7" in page(cast.ines, "history_detail", cast.checkout.pk, year=today.year - 1)
    started = page(cast.ines, "history_detail", cast.checkout.pk, year=today.year - 3)
    assert "You started working together" in started
    for wrong in ("0", "x", "99999999999", "-1", ""):
        assert "Sketch early" in page(cast.ines, "history_detail", cast.checkout.pk, year=wrong, kind=wrong)


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("Pacific/Auckland", datetime(2025, 1, 1, 9, tzinfo=UTC), datetime(2024, 12, 31, 20, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2024, 12, 31, 17, tzinfo=UTC), datetime(2025, 1, 1, 1, tzinfo=UTC)),
    ],
    ids=["ahead", "behind"],
)
def test_what_was_planned_around_the_new_year_stands_in_its_year(
    cast: Cast, zone: str, wall: datetime, utc: datetime
) -> None:
    Partnership.objects.filter(pk=cast.checkout.pk).update(since=date(2023, 2, 1))
    session = past(cast.checkout, date(2024, 6, 1), "skipped")
    Session.objects.filter(pk=session.pk).update(start_local=wall, start_utc=utc, timezone=zone)
    day = f'datetime="{wall:%Y-%m-%d}"'
    years = [year for year in (2024, 2025) if day in page(cast.ines, "history_detail", cast.checkout.pk, year=year)]
    assert years == [wall.year]


def test_an_agreement_counts_from_the_day_that_its_reader_has(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    version = agreement.propose([Wording("One.")], by=cast.ines, reason="")
    version.sign(by=cast.tom, digest=version.digest)
    year = timezone.localdate().year
    Partnership.objects.filter(pk=cast.checkout.pk).update(since=date(year - 1, 1, 1))
    Version.objects.filter(pk=version.pk).update(in_force_at=datetime(year - 1, 3, 10, 23, 30, tzinfo=UTC))
    assert cast.ines.timezone == "Europe/Paris"
    text = page(cast.ines, "history_detail", cast.checkout.pk, year=year - 1)
    assert f'datetime="{year - 1}-03-11"' in text
    assert f"10 March {year - 1}" not in text


def test_a_closed_retro_reads_as_it_was(cast: Cast) -> None:
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    play.answer_pulse(session, cast.ines, 4, (2, "only me"))
    play.reveal(session, "pulse")
    play.go_on(session, "pulse")
    play.Participant(cast.ines, session.pk).fold("It went well")
    play.Participant(cast.tom, session.pk).fold("Mine alone", only_me=True)
    play.reveal(session, "write")
    play.go_on(session, "write")
    Note.summarise(play.step_of(session, "close"), by=cast.tom, text="A good one", version=0)
    texts = {
        page(person, "session_print", session.pk).split("<main")[1].split("</main>")[0]
        for person in (cast.ines, cast.tom)
    }
    assert len(texts) == 1  # the same paper for both
    (text,) = texts
    assert text.index("A good one") < text.index("It went well")
    assert "Fair" in text
    for hidden in ("Mine alone", "Rainy"):
        assert hidden not in text


# --- the lead ---------------------------------------------------------------------------------------------------------


def test_every_opening_is_a_line_that_the_pair_reads(cast: Cast) -> None:
    client = client_of(cast.sara)
    url = reverse("history_detail", args=[cast.checkout.pk])
    for n in range(3):
        assert client.get(url).status_code == 200
        assert Look.objects.of(cast.ines).filter(what="history", person=cast.sara).count() == n + 1
    assert client_of(cast.ines).get(url).status_code == 200
    assert Look.objects.filter(what="history").count() == 3  # the two look at what is theirs
    log = page(cast.tom, "release_list", cast.checkout.pk)
    assert log.count("Sara Lind opened your history") == 3
    for person in (cast.sara, cast.ada, cast.mei, cast.priya):
        assert client_of(person).get(reverse("release_list", args=[cast.checkout.pk])).status_code == 404


def test_what_an_admin_does_to_the_dates_is_a_line_too(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    assert not Look.objects.of(cast.ines).filter(what="schedule").exists()
    one_date.move(session, by=cast.tom, start=session.wall_start + timedelta(days=1), zone="UTC")
    assert not Look.objects.of(cast.ines).filter(what="schedule").exists()
    session.refresh_from_db()
    one_date.move(session, by=cast.ada, start=session.wall_start + timedelta(days=2), zone="UTC")
    assert "Ada Osei changed the dates of your retros" in page(cast.tom, "release_list", cast.checkout.pk)


def test_the_privacy_line_says_who_reads(cast: Cast) -> None:
    for person in (cast.ines, cast.sara):
        reader = Reader.of(person, cast.checkout.pk)
        assert reader is not None
        assert reader.sees in page(person, "history_detail", cast.checkout.pk)
    assert Reader.of(cast.mei, cast.checkout.pk) is None
    assert Reader.of(cast.ada, cast.checkout.pk) is None


def test_what_is_released_stands_in_its_place(cast: Cast) -> None:
    session = past(cast.checkout, timezone.localdate() - timedelta(days=3))
    need = Need.write(lead_of(cast), by=cast.ines, text="A date", id=uuid.uuid4())
    release = Release.propose(
        lead_of(cast), "need", need, by=cast.ines, digest=words_of("need", need, lead_of(cast)).digest
    )
    release.confirm(by=cast.tom, digest=release.digest)
    Release.objects.filter(pk=release.pk).update(on=timezone.localdate() - timedelta(days=5))
    reader = Reader.of(cast.sara, cast.checkout.pk)
    assert reader is not None
    history = History(reader, kind="")
    kinds = [item.kind for item in history.items if item.on < timezone.localdate()]
    assert kinds[:2] == ["retros", "released"]
    assert session.held_on is not None
    assert [item.kind for item in History(reader, kind="released").items] == ["released"]


def test_the_pair_sees_in_its_history_what_was_shown_to_whom(cast: Cast) -> None:
    """In the very place and the very bytes that the lead reads; gone from there when it is withdrawn."""
    cast.checkout.assign_lead(cast.mei, by=cast.ada)
    leads = [lead_of(cast), Lead.objects.get(partnership=cast.checkout, person=cast.mei)]
    session = play.start(cast.checkout)
    summary = Note.summarise(play.step_of(session, "close"), by=cast.ines, text="Three quiet weeks", version=0)
    before = page(cast.sara, "history_detail", cast.checkout.pk)
    made = [
        Release.propose(lead, "summary", summary, by=cast.ines, digest=words_of("summary", summary, lead).digest)
        for lead in leads
    ]
    assert "Shown to" not in page(cast.tom, "history_detail", cast.checkout.pk)  # one alone shows nothing
    for release in made:
        release.confirm(by=cast.tom, digest=release.digest)
    article = re.compile(r"<article.*?</article>", re.DOTALL)
    (read,) = article.findall(page(cast.sara, "history_detail", cast.checkout.pk))
    for kind in ("", "retros"):
        text = page(cast.ines, "history_detail", cast.checkout.pk, kind=kind)
        assert "Shown to Sara Lind, Mei Tan" in text
        assert article.findall(text) == [read]
    told = page(cast.sara, "history_detail", cast.checkout.pk)
    assert "Mei" not in told
    assert "Shown to you by both" in told
    made[0].withdraw(by=cast.tom)
    assert "Shown to Mei Tan" in page(cast.ines, "history_detail", cast.checkout.pk)
    assert (
        len(article.findall(page(cast.sara, "history_detail", cast.checkout.pk))) == len(article.findall(before)) == 0
    )


def test_the_lead_is_told_to_read_what_they_need(cast: Cast) -> None:
    need = Need.write(lead_of(cast), by=cast.ines, text="A date", id=uuid.uuid4())
    assert "They need something from you" not in page(cast.sara, "history_detail", cast.checkout.pk)
    release = Release.propose(
        lead_of(cast), "need", need, by=cast.ines, digest=words_of("need", need, lead_of(cast)).digest
    )
    release.confirm(by=cast.tom, digest=release.digest)
    assert "They need something from you" in page(cast.sara, "history_detail", cast.checkout.pk)
    assert "They wrote what they need from you." in page(cast.sara, "lead_list")
    need.reply(by=cast.sara, text="In March", version=0)
    assert "They wrote what they need from you." not in page(cast.sara, "lead_list")


# --- the lead's own page ----------------------------------------------------------------------------------------------


def words(cast: Cast, partnership: Partnership) -> list[str]:
    rows = {row.partnership.pk: row for row in LeadOverview(cast.sara).rows}
    return [word.press for word in rows[partnership.pk].words]


def test_could_use_a_word(cast: Cast) -> None:
    today = timezone.localdate()
    long_ago = today - timedelta(days=400)
    Partnership.objects.update(since=long_ago)
    assert words(cast, cast.checkout) == []
    past(cast.checkout, today - timedelta(days=80), "missed")
    assert words(cast, cast.checkout) == []
    past(cast.checkout, today - timedelta(days=20), "missed")
    assert words(cast, cast.checkout) == ["times"]
    play.plan(cast.checkout)
    assert words(cast, cast.checkout) == []
    Partnership.objects.filter(pk=cast.search.pk).update(since=today - timedelta(days=3))
    assert words(cast, cast.search) == ["exercise"]
    dream = Agreement.begin(cast.search, by=cast.priya, kind="dream_team", title="Ours")
    assert words(cast, cast.search) == ["exercise"]
    version = dream.propose([Wording("Together.")], by=cast.priya, reason="")
    version.sign(by=cast.daniel, digest=version.digest)
    assert words(cast, cast.search) == []


def test_who_has_a_date_is_found_once_for_all_pairs(cast: Cast) -> None:
    """PostgreSQL read all coming dates anew for each pair: half a second for 2,000."""
    asked = str(LeadOverview(cast.sara)._with_word.query)
    assert 'FROM "retros_session"' in asked
    assert not re.search(r'EXISTS\(SELECT 1 AS "a" FROM "retros_session"', asked)


def row_of(cast: Cast) -> LeadOverviewRow:
    return next(row for row in LeadOverview(cast.sara).rows if row.partnership == cast.checkout)


def test_the_overview_says_what_was_released(cast: Cast) -> None:
    """To this lead, by both, and not withdrawn: how much, and the title of the latest."""

    def show(lead: Lead, text: str) -> Release:
        need = Need.write(lead, by=cast.ines, text=text, id=uuid.uuid4())
        release = Release.propose(lead, "need", need, by=cast.ines, digest=words_of("need", need, lead).digest)
        release.confirm(by=cast.tom, digest=release.digest)
        return release

    assert "Nothing yet" in page(cast.sara, "lead_list")
    cast.checkout.assign_lead(cast.mei, by=cast.ada)
    show(Lead.objects.get(partnership=cast.checkout, person=cast.mei), "For Mei alone")
    agreed, lead = play.agree(cast.checkout, "Sketch early"), lead_of(cast)
    action = Release.propose(lead, "action", agreed, by=cast.ines, digest=words_of("action", agreed, lead).digest)
    assert row_of(cast).released == Released()  # one alone shows nothing
    action.confirm(by=cast.tom, digest=action.digest)
    need = show(lead, "A date")
    assert row_of(cast).released == Released(2, "Needs from you")
    text = page(cast.sara, "lead_list")
    assert "2 things" in text
    assert "Sketch early" not in text
    need.withdraw(by=cast.tom)
    assert row_of(cast).released == Released(1, "Action")


@pytest.mark.parametrize("is_open", [True, False])
def test_what_comes_next_stands_in_the_newest_year_alone(cast: Cast, is_open: bool) -> None:
    today = timezone.localdate()
    Partnership.objects.filter(pk=cast.checkout.pk).update(since=date(today.year - 1, 2, 1))
    session = play.plan(cast.checkout)
    if is_open:
        session.start(by=cast.tom)
    for who in (cast.ines, cast.sara):
        now, before = (page(who, "history_detail", cast.checkout.pk, year=today.year - n) for n in (0, 1))
        assert '<li class="next">' in now
        assert f">{session.start_local:%-d %B %Y}</time>" in now
        assert '<li class="next">' not in before


def test_the_history_says_to_the_two_that_a_retro_is_open_now(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    day, year = f"{session.start_local:%-d %B}", session.start_local.year
    text = page(cast.ines, "history_detail", cast.checkout.pk, year=year)
    assert re.search(rf"Next retro: \w+ {day} {year}", text)
    assert "Open now" not in text
    session.start(by=cast.tom)
    text = page(cast.ines, "history_detail", cast.checkout.pk, year=year)
    assert "A retro is open now." in text
    assert text.count("Open now") == 1  # beside its number on the timeline
    assert "Next retro:" not in text


@pytest.mark.parametrize(
    ("fates", "beats", "said"),
    [
        ([], [], "None was due"),
        (["held", "moved", "missed"], ["kept", "moved", "miss"], "2 of 3 kept"),
        (["held", "excused", "skipped"], ["kept", "miss"], "1 of 2 kept"),
        (["cancelled", "scheduled"], [], "None was due"),
    ],
)
def test_rhythm_is_said_as_kept_of_all(cast: Cast, fates: list[str], beats: list[str], said: str) -> None:
    sessions = []
    for n, fate in enumerate(fates):
        status = {"moved": "held", "excused": "skipped"}.get(fate, fate)
        day = date(2026, 1, 1) + timedelta(days=30 * n)
        fields = {"moved": fate == "moved", "excused": fate == "excused", "slot_date": day}
        sessions.append(past(cast.checkout, day, status, **fields))
    rhythm = Rhythm.of(sessions, date(2026, 12, 1))
    assert (list(rhythm.beats), rhythm.words) == (beats, said)


def test_the_shapes_count_the_same_dates_as_the_words(cast: Cast) -> None:
    """Held before its date, a retro is none of those due until the date has come (docs/rules/scheduling.md S13)."""
    today = date(2026, 11, 22)
    due = past(cast.checkout, date(2026, 10, 26), slot_date=date(2026, 10, 26))
    early = past(cast.checkout, today, slot_date=date(2026, 11, 26))
    rhythm = Rhythm.of([due, early], today)
    assert (list(rhythm.beats), rhythm.words, rhythm.spoken) == (["kept"], "1 of 1 kept", "1 kept")
    assert rhythm.last_held == today
    rhythm = Rhythm.of([due, early], date(2026, 11, 26))
    assert (list(rhythm.beats), rhythm.words, rhythm.spoken) == (["kept"] * 2, "2 of 2 kept", "2 kept")


def test_without_a_rhythm_nothing_is_kept_of_anything(cast: Cast) -> None:
    extra = past(cast.checkout, date(2026, 3, 1))
    rhythm = Rhythm.of([extra], date(2026, 12, 1))
    assert (list(rhythm.beats), rhythm.words, rhythm.last_held) == ([], "None was due", date(2026, 3, 1))
    slot = past(cast.checkout, date(2026, 4, 1), "missed", slot_date=date(2026, 4, 1))
    rhythm = Rhythm.of([extra, slot], date(2026, 12, 1))
    assert (list(rhythm.beats), rhythm.words, rhythm.last_held) == (["miss"], "0 of 1 kept", date(2026, 3, 1))


def test_extra_retros_only_say_when_one_was_held_last(cast: Cast) -> None:
    """Five of them are no rhythm: a dash and a day, for the pair and for its lead."""
    today = timezone.localdate()
    for weeks in range(1, 6):
        past(cast.checkout, today - timedelta(weeks=weeks))
    last = f"Last held on {today - timedelta(weeks=1):%-d %B %Y}"
    for person, name, args in (
        (cast.ines, "history_detail", [cast.checkout.pk]),
        (cast.sara, "history_detail", [cast.checkout.pk]),
        (cast.sara, "lead_list", []),
    ):
        text = page(person, name, *args)
        assert "5 held" not in text
        assert last in text
        assert 'class="beats" role="img"' not in text


def test_two_extra_retros_that_were_missed_are_two_in_a_row(cast: Cast) -> None:
    today = timezone.localdate()
    for days in (60, 30):
        past(cast.checkout, today - timedelta(days=days), "missed")
    assert "times" in words(cast, cast.checkout)
    past(cast.checkout, today - timedelta(days=3))
    assert "times" not in words(cast, cast.checkout)


def test_the_filters(cast: Cast) -> None:
    def shown(**query: str) -> set[str]:
        return {row.partnership.label for row in LeadOverview(cast.sara, **query).rows}

    assert shown() == {"Checkout", "Search"}
    assert shown(kind="em_pm") == {"Search"}
    assert shown(label="TOM") == {"Checkout"}
    assert shown(label="search") == {"Search"}
    assert shown(state="ended") == set()
    Partnership.objects.filter(pk=cast.search.pk).update(archived_at=timezone.now())
    assert (shown(), shown(state="ended")) == ({"Checkout"}, {"Search"})
    for wrong in ("x", "-1", "999999", "0"):
        assert shown(state=wrong, kind=wrong, period=wrong, page=wrong) == {"Checkout"}


def test_the_list_reads_the_retros_of_the_pairs_that_it_shows(cast: Cast) -> None:
    Partnership.objects.update(since=date(2020, 1, 1))
    for pair in (cast.checkout, cast.search):
        past(pair, timezone.localdate() - timedelta(days=30))
    read = set()

    def note(instance: Session, **_: object) -> None:
        read.add(instance.partnership_id)

    post_init.connect(note, sender=Session)
    try:
        assert [row.partnership for row in LeadOverview(cast.sara, label="search").rows] == [cast.search]
    finally:
        post_init.disconnect(note, sender=Session)
    assert read == {cast.search.pk}


def test_a_lead_finds_nobody_by_their_address(cast: Cast) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(email="another@example.net")
    assert LeadOverview(cast.sara, label="example.net").rows == []


def test_more_than_six_that_could_use_a_word_are_counted(cast: Cast) -> None:
    pairs = Partnership.objects.bulk_create(Partnership(kind="other", label=f"New {n}") for n in range(7))
    Lead.objects.bulk_create(Lead(partnership=pair, person=cast.sara) for pair in pairs)
    Partnership.objects.filter(pk__in=[cast.checkout.pk, cast.search.pk]).update(since=date(2020, 1, 1))
    led = LeadOverview(cast.sara)
    assert [row.partnership.label for row in led.could_use_a_word] == [f"New {n}" for n in range(6)]
    assert (led.count_with_word, led.heading) == (7, "9 pairs. 7 could use a word from you.")
    assert "All 7" in page(cast.sara, "lead_list")
    assert len(LeadOverview(cast.sara, state="word").rows) == 7


def test_nothing_is_ranked_or_counted_out_of_a_hundred(cast: Cast) -> None:
    for text in (page(cast.sara, "lead_list"), page(cast.sara, "history_detail", cast.checkout.pk)):
        assert "%" not in text.split("<main")[1]
        assert "sort" not in text.split("<main")[1]


def test_whoever_leads_nothing_has_an_empty_page(cast: Cast) -> None:
    assert "An admin can make you the lead" in page(cast.mei, "lead_list")


# --- how much it takes ------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_the_overview_of_five_hundred_takes_few_queries(cast: Cast) -> None:
    people = [PersonFactory.build(name=f"P {n}", email=f"p{n}@example.org") for n in range(20)]
    people = Person.objects.bulk_create(people)
    pairs = Partnership.objects.bulk_create(
        Partnership(kind="other", label=f"Pair {n:03}", since=date(2026, 9, 1)) for n in range(498)
    )
    Membership.objects.bulk_create(
        Membership(partnership=pair, person=people[(n + seat) % 20], seat="ab"[seat])
        for n, pair in enumerate(pairs)
        for seat in (0, 1)
    )
    few = queries(cast.sara, reverse("lead_list"))
    Lead.objects.bulk_create(Lead(partnership=pair, person=cast.sara) for pair in pairs)
    day = timezone.localdate()
    for pair in pairs[:40]:
        past(pair, day - timedelta(days=30))
    for lead in Lead.objects.filter(partnership__in=pairs[:40]):
        need = Need.objects.create(partnership=lead.partnership, lead=lead, written_by=cast.ines, text="A date")
        Release.objects.create(
            lead=lead, kind="need", need=need, title="Needs from you", text=need.text, on=day, digest="0",
            proposed_by=cast.ines, confirmed_by=cast.tom, confirmed_at=timezone.now(),
        )  # fmt: skip
    many = queries(cast.sara, reverse("lead_list"))
    assert many == few <= QUERIES
    assert len(LeadOverview(cast.sara).rows) == 50
    assert LeadOverview(cast.sara, page="10").after == 0


@pytest.mark.parametrize(
    ("days", "said"), [(0, "today"), (1, "1 day ago"), (20, "2 weeks ago"), (100, "3 months ago"), (800, "2 years ago")]
)
def test_an_agreement_says_how_old_it_is(days: int, said: str) -> None:
    today = date(2026, 11, 21)
    standing = Standing("Relaunch", 2, today - timedelta(days=days), today, False, today)
    assert standing.age.replace("\xa0", " ") == said
    assert standing.is_due


@pytest.mark.parametrize("who", ["ines", "sara"])
def test_ten_years_of_history_take_few_queries(cast: Cast, who: str) -> None:
    person = getattr(cast, who)
    url = reverse("history_detail", args=[cast.checkout.pk])
    play.hold(cast.checkout)
    play.hold(cast.checkout)
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    first = agreement.propose([Wording("One.")], by=cast.ines, reason="")
    first.sign(by=cast.tom, digest=first.digest)
    action = play.agree(cast.checkout, "One")
    action.finish(by=cast.ines)
    few = queries(person, url)
    today = timezone.localdate()
    Partnership.objects.filter(pk=cast.checkout.pk).update(since=today - timedelta(days=3650))
    for n in range(60):
        session = past(cast.checkout, today - timedelta(days=60 * n + 1), number=100 + n)
        Action.objects.create(
            partnership=cast.checkout, session=session, owner=cast.ines, text="x", due=today, closed_as="done",
            closed_on=today - timedelta(days=60 * n),
        )  # fmt: skip
    many = queries(person, url)
    assert many == few <= QUERIES


def test_of_one_day_what_ended_last_stands_first(cast: Cast) -> None:
    day = timezone.localdate() - timedelta(days=2)
    noon = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
    sitting = past(cast.checkout, day, closed_at=noon, kind="dream_team")
    retro = past(cast.checkout, day, closed_at=noon + timedelta(hours=1))
    Session.objects.filter(pk=retro.pk).update(start_utc=noon - timedelta(hours=5))
    reader = Reader.of(cast.ines, cast.checkout.pk)
    assert reader is not None
    found = [item.url for item in History(reader).items]
    urls = [reverse("session_detail", args=[each.pk]) for each in (retro, sitting)]
    assert [url for url in found if url in urls] == urls


def test_what_both_took_ends_in_one_line(cast: Cast) -> None:
    play.agree(cast.checkout, "Agree a freeze date", owners="ab")
    for action in Action.objects.all():
        action.finish(by=cast.ines)
    text = page(cast.ines, "history_detail", cast.checkout.pk)
    assert text.count("Agree a freeze date") == 1
    assert "An action ended" in text
    assert "Ines. Done; Tom. Done" in text


# --- what both took is one ------------------------------------------------------------------------------------------


def test_an_action_of_both_counts_once_for_the_two_and_their_lead(cast: Cast) -> None:
    session = play.hold(cast.checkout)
    both = play.agree(cast.checkout, "Sketch early", owners="ab", session=None)
    Action.objects.filter(partnership=cast.checkout).update(session=session)
    PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.ines)  # so that home lists several
    assert "1 open action" in unescape(page(cast.ines, "home"))
    lead = LeadOverview(cast.sara, label="checkout")
    for person in (cast.ines, cast.sara):
        assert "0 of 1 done" in page(person, "history_detail", cast.checkout.pk)
    assert lead.rows[0].counts.words == "0 of 1 done"
    assert "1 action, 0 done" in page(cast.ines, "history_detail", cast.checkout.pk)
    both.finish(by=cast.ines)  # Tom's is open still
    assert "0 of 1 done" in page(cast.sara, "history_detail", cast.checkout.pk)
    Action.objects.exclude(pk=both.pk).get().finish(by=cast.tom, closed_as=Action.Closed.DROPPED)
    assert "1 of 1 done" in page(cast.sara, "history_detail", cast.checkout.pk)
    assert LeadOverview(cast.sara, label="checkout").rows[0].counts.words == "1 of 1 done"


def test_what_became_of_an_action_of_both_is_one_line_on_paper(cast: Cast) -> None:
    both = play.agree(cast.checkout, "Sketch early", owners="ab")
    session = play.start(cast.checkout)
    both.review(session, by=cast.ines, verdict="done", helped="helped")
    Action.objects.exclude(pk=both.pk).get().review(session, by=cast.ines, verdict="going")
    text = unescape(page(cast.ines, "session_print", session.pk))
    assert text.count("Sketch early") == 1
    for words in ("Ines Okafor", "Done", "It helped", "Tom Lindqvist", "Still going"):
        assert words in text.partition("Sketch early")[2], words


# --- a lead who is here for the first time ----------------------------------------------------------------------------


def test_a_date_that_has_gone_by_is_not_the_next_retro(cast: Cast) -> None:
    yesterday = timezone.localdate() - timedelta(days=2)
    past(cast.checkout, yesterday, "scheduled")
    assert LeadOverview(cast.sara, label="checkout").rows[0].next == ""
    assert "Next retro: Not planned" in page(cast.sara, "history_detail", cast.checkout.pk)
    planned = past(cast.checkout, timezone.localdate() + timedelta(days=9), "scheduled")
    assert str(planned.day.day) in LeadOverview(cast.sara, label="checkout").rows[0].next
    assert "Not planned" not in page(cast.sara, "history_detail", cast.checkout.pk)


def test_of_an_open_retro_history_says_so_in_a_sentence(cast: Cast) -> None:
    play.start(cast.checkout)
    text = page(cast.ines, "history_detail", cast.checkout.pk)
    assert "A retro is open now." in text
    assert "Next retro:" not in text


def test_what_they_need_stands_before_all_else_and_every_page_names_the_two(cast: Cast) -> None:
    lead = lead_of(cast)
    need = Need.write(lead, by=cast.ines, text="A date", id=uuid.uuid4())
    release = Release.propose(lead, "need", need, by=cast.ines, digest=words_of("need", need, lead).digest)
    release.confirm(by=cast.tom, digest=release.digest)
    text = page(cast.sara, "history_detail", cast.checkout.pk)
    assert text.index("Read and answer") < text.index('class="timeline"')
    for name, subject in (("need_answer", need), ("offer_create", cast.checkout)):
        assert "Ines and Tom" in page(cast.sara, name, subject.pk)
    assert 'class="timeline"' not in page(cast.sara, "history_detail", cast.search.pk, kind="released")
