"""A mark in every text of a pair, everybody looks everywhere; no mark where docs/rules/visibility.md V2 has none."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.logs import JsonLines
from partnerships import limits
from partnerships.models import Agreement, Invitation, Membership, Partnership, Person
from retros.actions.helped import OUTCOMES
from retros.lifecycle.take_along import Form
from retros.models import Entry, Session
from retros.worker import tick
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.retros.play import WRITE
from tests.retros.regions import shown_in
from tests.retros.streams import Answer, cookie_of, live
from tests.routes import PHASES, TABLE
from tests.rows import checksum
from tests.world import AUTOSAVE, HTMX, MARK, World, leave, make_world, parameters, routes

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]

INSIDE = ("ines", "tom", "sara")
OUTSIDE = ("priya", "former_lead", "mei", "ada", "lena", "nobody")
# What outsiders are told does not hang on the phase; the first and the last are enough.
CRAWLS = [pytest.param(phase, INSIDE, id=phase) for phase in PHASES]
CRAWLS += [pytest.param(phase, OUTSIDE, id=f"{phase}-outside") for phase in ("folded", "archived")]
CHANGING = ("now", "next")  # the other sessions are the same in each phase, until the partnership ends
WRITTEN = {"text", "remark", "version"}  # the fields of a form that can be stale, or no text at all


class Lines(logging.Handler):
    """What an operator finds in the log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    for name in ("WRITES_PER_MINUTE", "DRAFT_SAVES_PER_MINUTE", "INVITATIONS_PER_HOUR"):
        monkeypatch.setattr(limits, name, 10**6)
    lines = Lines()
    root = logging.getLogger()
    others, root.handlers = root.handlers, [lines]  # a crawl writes thousands of lines
    yield lines
    root.handlers = others


class Crawl:
    """One person, everywhere; collects which marks they were shown, and where first."""

    def __init__(self, world: World, who: str, client: Client | None = None) -> None:
        self.world, self.who = world, who
        self.client = client or world.client(who)
        self.client.raise_request_exception = False
        self.seen: dict[str, str] = {}
        self.statuses: dict[str, int] = {}  # what each route that has a page answered

    def look(self, where: str, answer: Any) -> Any:
        for mark in self.world.marks(answer):
            self.seen.setdefault(mark, where)
        return answer

    def get(self, url: str, **headers: str) -> Any:
        return self.look(f"GET {url}", self.client.get(url, headers=headers))

    def post(self, url: str, data: dict[str, Any], headers: dict[str, str]) -> Any:
        cookies = self.client.cookies.output()
        with transaction.atomic():
            answer = self.look(f"POST {url} {sorted(data)}", self.client.post(url, data, headers=headers))
            transaction.set_rollback(True)
        self.client.cookies.load(cookies.replace("Set-Cookie: ", ""))
        return answer

    def pages(self, *, sessions: Iterable[str] = ()) -> None:
        """Every page and fragment: the routes that are not only pressed, then the rooms (or these)."""
        for name in (name for name in routes() if TABLE[name].get != "405"):
            self.statuses[name] = self.get(self.world.url(name, self.who)).status_code
        self.remembered()
        self.rooms(sessions)

    def remembered(self) -> None:
        """What has helped, by each outcome; and all pages of a search for whatever begins as a mark does."""
        for outcome in OUTCOMES:
            self.get(f"{self.world.url('helped_list')}?outcome={outcome}")
        pages = count(1)
        while b"<mark>" in self.get(f"{self.world.url('search')}?q=zq&page={next(pages)}").content:
            pass

    def rooms(self, sessions: Iterable[str] = ()) -> None:
        """Each step of each session (or of these), whatever the browser may claim to show; each card by its id."""
        world = self.world
        chosen = [world.sessions[name] for name in sessions or world.sessions]
        for session in chosen:
            for position in range(len(session.steps)):
                page = self.get(reverse("step_detail", args=[session.pk, position]))
                for shown in {"", shown_in(page.content.decode())}:
                    live_url = reverse("session_live", args=[session.pk])
                    self.get(f"{live_url}?step={position}&shown={shown}", **HTMX)
            self.get(reverse("session_version", args=[session.pk]))
            self.get(reverse("session_move", args=[session.pk]))
        entries = [e.pk for s in chosen for e in Entry.unrestricted.filter(step__session=s)]
        for pk in entries:  # those of everybody, put away and “only me” too
            self.get(reverse("entry_update", args=[world.session.pk, pk]), **HTMX)

    def presses(self) -> None:
        """Every form with good fields, with stale ones, with broken ones and with none. As a plain form, with good
        ones: `test_the_table`.
        """
        world, who = self.world, self.who
        for name in (name for name in routes() if TABLE[name].post != "405"):
            good = world.data(name, who)
            for owner in ("ines", "tom") if "entry_id" in parameters(name) else (who,):
                url = world.url(name, owner)
                self.post(url, good, HTMX)
                self.post(url, {}, AUTOSAVE)
            if good.keys() & WRITTEN:
                self.post(world.url(name, who), {**good, "version": 0, "text": "zzzother", "remark": "zzzother"}, {})
                self.post(world.url(name, who), {**good, "text": "\x00", "version": "x"}, HTMX)

    def others_things(self) -> None:
        """What is hidden, by its id, wherever a card's id can go: one of each make."""
        world = self.world
        hidden = {
            (e.author_id, e.prompt_id, e.only_me, e.opened_at is None, e.deleted_at is None): e
            for e in Entry.unrestricted.filter(step__session=world.session)
            if self.who not in world.words.get(e.text, ()) or e.deleted_at
        }
        assert hidden
        for entry in hidden.values():
            for name in (name for name in routes() if "entry_id" in parameters(name)):
                url = reverse(name, args=[world.session.pk, entry.pk])
                if entry.author_id != getattr(world.people.get(self.who), "pk", None):
                    self.post(url, {"text": "zzz", "version": 1, "talk": "parked"}, HTMX)
            again = {"text": "zzz", "client_id": entry.client_id}
            self.post(world.url("entry_create"), again, HTMX)
            self.post(
                world.url("room_action_create"), {**again, "entry": entry.pk, "owner": "a", "due": "2030-01-01"}, {}
            )
            self.post(world.url("learning_create"), {"text": "zzz", "client_id": entry.pk}, {})

    def leaks(self) -> list[str]:
        words = self.world.words
        return [
            f"{self.who} read {mark} at {where}" for mark, where in self.seen.items() if self.who not in words[mark]
        ]


@pytest.mark.django_db
@pytest.mark.parametrize(("phase", "crowd"), CRAWLS)
def test_nobody_reads_what_is_not_theirs(phase: str, crowd: tuple[str, ...], log: Lines) -> None:
    world = make_world(phase)
    found: list[str] = []
    for who in crowd:
        crawl = Crawl(world, who)
        if crowd is OUTSIDE:
            crawl.rooms()  # what the routes show them, in every phase: test_the_table
        else:
            before = checksum()
            crawl.pages(sessions=() if phase in {"folded", "archived"} else CHANGING)
            assert checksum() == before, f"A look by {who} changed something."
            promised = {name: TABLE[name].expected(who, "GET", phase) for name in crawl.statuses}
            assert crawl.statuses == promised
        if who == "tom" or (who, phase) in {("ines", "revealed"), ("sara", "folded"), ("ada", "archived")}:
            crawl.presses()
            crawl.others_things()
        found += crawl.leaks()
        if who == "sara":  # all that was released to her, and nothing else
            assert {mark for mark, readers in world.words.items() if who in readers} == set(crawl.seen)
        if who in {"ines", "tom"}:  # the marks work: both come across most of what is theirs to read
            theirs = {mark for mark, readers in world.words.items() if who in readers}
            assert len(crawl.seen) > 0.6 * len(theirs), sorted(theirs - set(crawl.seen))
            assert any("card" in mark for mark in crawl.seen)
            assert any("/history/search/" in where for where in crawl.seen.values())
    Client().post(reverse("account_reset_password"), {"email": world.cast.tom.email})
    for moment in (timezone.now(), world.sessions["next"].start_utc - timedelta(minutes=9)):
        tick(moment)  # every mail and notice that comes by itself
    assert found == []
    assert log.lines
    assert not [line for line in log.lines if "zq" in line]
    assert not [line for line in log.lines if '"status": 5' in line]
    assert mail.outbox
    both = {world.cast.ines.email, world.cast.tom.email}
    # The rhythm's own title and link are made to stand in the calendars of the two; nothing else leaves by mail.
    calendar = ("zqtitle", "zqlink")
    for message in mail.outbox:
        said = f"{message.subject}{message.body}{message.extra_headers}{getattr(message, 'alternatives', '')}"
        marks = world.words.keys() & MARK.findall(said)
        assert not marks or (both.issuperset(message.to) and all(mark.startswith(calendar) for mark in marks))


@pytest.mark.django_db
def test_an_export_holds_nothing_folded() -> None:
    """The files, for which the password is asked once more; with clauses from cards, and answers still folded."""
    world = make_world("folded")
    for who in ("ines", "tom"):
        crawl = Crawl(world, who)
        crawl.client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        for agreement in Agreement.objects.filter(partnership=world.cast.checkout):
            assert crawl.post(reverse("agreement_export", args=[agreement.pk]), {}, {}).status_code == 200
        for form in Form.values:
            assert crawl.post(reverse("partnership_export", args=[world.cast.checkout.pk]), {"form": form}, {})
        assert crawl.leaks() == []
        assert any(mark.startswith("zqproposed") for mark in crawl.seen)
        assert any(mark.startswith("zqhandover") for mark in crawl.seen)


@pytest.mark.django_db
def test_the_partner_is_shown_a_card_with_the_reveal_and_not_before() -> None:
    """The same marks, through the press that opens them: nothing in Tom's answers until his own Ready is the second."""
    world = make_world("folded")
    tom = Crawl(world, "tom")
    ines = world.client("ines")
    for name in ("step_ready_create", "step_ready_delete", "step_ready_create"):
        ines.post(world.url(name, "ines"), world.data(name, "ines"), headers=HTMX)
        tom.pages(sessions=["now"])
        assert tom.leaks() == []
    opened = {text for text in world.words if text.startswith("zqcard")}
    answer = tom.client.post(
        world.url("step_ready_create", "tom"), world.data("step_ready_create", "tom"), headers=HTMX
    )
    assert all(mark in answer.text for mark in opened)
    world.words |= dict.fromkeys(opened, frozenset({"ines", "tom"}))
    tom.look("the reveal", answer)
    tom.pages(sessions=["now"])
    assert tom.leaks() == []


@pytest.mark.django_db
def test_who_left_was_suspended_or_signed_out_reads_nothing() -> None:
    world = make_world("revealed")
    world.words = dict.fromkeys(world.words, frozenset())
    for end in ("left", "suspended", "another partnership"):
        with transaction.atomic():
            client = world.client("tom")
            client.get("/")
            if end == "suspended":
                Person.objects.filter(pk=world.cast.tom.pk).update(is_active=False)
            else:
                leave(world.cast.checkout, world.cast.tom)
            if end == "another partnership":
                leave(world.cast.search, world.cast.daniel)
                world.cast.search.take_seat(world.cast.tom, "b")
            crawl = Crawl(world, "tom", client)
            crawl.pages()
            if end == "suspended":
                crawl.presses()
            assert crawl.leaks() == [], end
            transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_new_partner_starts_with_nothing() -> None:
    """A seat that somebody left stays empty, and an ended partnership takes nobody in, by no link."""
    world = make_world("revealed")
    pair = world.cast.checkout
    leave(pair, world.cast.tom)
    _old, token = Invitation.for_seat(pair, email="mei@example.org", by=world.cast.ines)
    Partnership.objects.filter(pk=pair.pk).update(archived_at=timezone.now())
    ines, mei = world.client("ines"), world.client("mei")
    assert ines.post(world.url("partnership_invite"), {"email": "mei@example.org"}).status_code == 409
    assert mei.post(reverse("invitation_accept", args=[token])).status_code == 409
    Partnership.objects.filter(pk=pair.pk).update(archived_at=None)
    Invitation.objects.filter(partnership=pair).update(accepted_at=timezone.now(), accepted_by=world.cast.tom)
    assert ines.post(world.url("partnership_invite"), {"email": "mei@example.org"}).status_code == 409
    assert not Membership.objects.filter(partnership=pair, person=world.cast.mei).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["tom", "sara", "nobody"])
def test_an_error_of_ours_says_nothing(who: str, log: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page, the fragment and the log line of a fault that happens with a text in hand."""
    world = make_world("folded")
    canary = world.mark("fault", set())

    def broken(*args: Any, **kwargs: Any) -> Any:
        text = canary
        raise RuntimeError(f"no room for {text}")

    for place in (
        "retros.room.views.course.room_at",
        "retros.room.answers.room_at",
        "retros.home.views.Home",
        "retros.actions.views.Pair",
    ):
        monkeypatch.setattr(place, broken)
    crawl = Crawl(world, who)
    for headers in ({}, HTMX):
        for url in (world.url("step_detail"), world.url("partnership_detail"), world.url("action_create")):
            crawl.get(url, **headers)
        crawl.post(world.url("entry_create"), {"text": canary, "client_id": uuid.uuid4()}, headers)
        crawl.post(world.url("action_create"), {"text": canary}, headers)
    kept = {"tom": set(), "sara": {"POST"}, "nobody": {"POST"}}[who]  # the words go back to whoever typed them
    assert {where.split()[0] for where in crawl.seen.values()} <= kept
    assert not [line for line in log.lines if "zq" in line]
    if who == "tom":
        assert any('"error": "RuntimeError"' in line for line in log.lines)


def test_a_stream_says_what_its_person_may_read_and_nothing_else(live_server: LiveServer) -> None:
    """Tom's stream while Ines writes, folds and answers, as he stands at the step of the cards: his own words, and what
    both know; a stranger's: nothing at all.
    """
    world = make_world("folded")
    session = world.session
    Session.objects.filter(pk=session.pk).update(start_utc=timezone.now() - timedelta(days=1))
    streams = {
        who: Answer(live_server, f"{live(session.pk)}?step={WRITE}", cookie_of(world.people[who]))
        for who in ("ines", "tom", "priya", "sara", "ada", "lena")
    }
    try:
        statuses = {who: stream.status for who, stream in streams.items()}
        assert statuses == {"ines": 200, "tom": 200, "priya": 204, "sara": 204, "ada": 204, "lena": 204}
        heard = [streams["tom"].heard()]
        ines = world.client("ines")
        for name in ("entry_create", "draft_update", "answer_update", "entry_update", "entry_delete", "note_update"):
            answer = ines.post(world.url(name, "ines"), world.data(name, "ines"), headers=HTMX)
            assert answer.status_code == 200, name
        until = time.monotonic() + 10
        while len(heard) < 2 and time.monotonic() < until:
            heard.append(streams["tom"].heard())
    finally:
        for stream in streams.values():
            stream.close()
    assert heard[0].name == "regions"
    told = "".join(event.data for event in heard) + streams["tom"]._buffer.decode()
    marks = set(MARK.findall(told))
    assert marks  # his own folded cards are there
    assert [mark for mark in marks if "tom" not in world.words[mark]] == []
    for who in ("priya", "sara", "ada", "lena"):
        assert "zq" not in str(streams[who].headers) + streams[who]._buffer.decode()
