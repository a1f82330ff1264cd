"""The streams, over real connections to the running application, on both databases (docs/rules/reliability.md R21)."""

from __future__ import annotations

import gc
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import CoroutineType
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection, transaction
from django.utils import timezone

from partnerships.models import Membership, Partnership, Person, SignIn
from partnerships.models.sign_in import SessionStore
from retros import limits
from retros.lifecycle import ending
from retros.lifecycle.erasure import erase
from retros.live.hub import Stream, hub
from retros.models import Session
from retros.models.presence import Presence
from retros.room.regions import named
from tests.cast import client_of
from tests.conftest import LiveServer
from tests.factories import PersonFactory
from tests.headers import HEADERS, POLICY, policy
from tests.retros.play import CONCLUDE, WRITE, Pair, Participant, at, make_pair, reveal
from tests.retros.regions import regions, shown_in
from tests.retros.streams import Answer, asked_again, cookie_of, eventually, live, on_loop

POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")

Open = Callable[..., Answer]


@pytest.fixture
def open_stream(live_server: LiveServer) -> Iterator[Open]:
    """Opens a stream as somebody; `stream = open_stream(person, session_id)`. All are closed after the test."""
    opened: list[Answer] = []

    def open(person: Person | None, session_id: uuid.UUID, asks: str = "", **headers: str) -> Answer:
        cookie = headers.pop("cookie", None) or (cookie_of(person) if person else None)
        opened.append(Answer(live_server, live(session_id) + asks, cookie, **headers))
        return opened[-1]

    yield open
    for answer in opened:
        answer.close()
    assert eventually(lambda: hub.count == 0), "A stream outlived its connection."


@pytest.fixture
def pair(live_server: LiveServer) -> Pair:
    return make_pair()


@pytest.fixture
def session(pair: Pair) -> Session:
    """At the step of the cards."""
    session = pair.started()
    at(session, WRITE)
    return session


def both(pair: Pair, session: Session, open_stream: Open) -> tuple[Answer, Answer]:
    """Ines's and Tom's streams, with their first events read."""
    ines, tom = open_stream(pair.ines, session.pk), open_stream(pair.tom, session.pk)
    assert ines.version() == Participant(pair.ines, session.pk).version()
    assert tom.version() == Participant(pair.tom, session.pk).version()
    return ines, tom


@pytest.fixture(autouse=True)
def just_up(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server started a moment ago, however long the other tests took: nobody arrives in its first minute."""
    monkeypatch.setattr(hub, "_started", time.monotonic())


@pytest.fixture
def long_up(just_up: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has run for hours: who comes now was away before."""
    monkeypatch.setattr(hub, "_started", hub._started - 7200)


# --- what arrives, and what does not ------------------------------------------------------------------------------


def test_the_first_event_is_the_version(pair: Pair, session: Session, open_stream: Open) -> None:
    Session.objects.filter(pk=session.pk).update(version_a=7, version_b=90)
    stream = open_stream(pair.ines, session.pk)
    assert stream.status == 200
    assert stream.version() == 7


def test_a_stream_that_names_its_own_person_is_theirs(pair: Pair, session: Session, open_stream: Open) -> None:
    assert open_stream(pair.ines, session.pk, f"?person={pair.ines.pk}").status == 200


def test_a_card_on_a_revealed_step_points_both(pair: Pair, session: Session, open_stream: Open) -> None:
    ines, tom = pair.hands(session)
    reveal(ines.session)
    to_ines, to_tom = both(pair, session, open_stream)
    ines.fold("Open at once")
    assert to_tom.version() == tom.version()
    assert to_ines.version() == ines.version()


def test_folded_writing_never_points_the_partner(pair: Pair, session: Session, open_stream: Open) -> None:
    ines, tom = pair.hands(session)
    to_ines, to_tom = both(pair, session, open_stream)
    before = tom.version()
    card = ines.fold("Nobody else's")
    ines.entry(card.pk).edit(by=pair.ines, text="Still nobody else's", version=card.version)
    ines.entry(card.pk).soft_delete(by=pair.ines)
    ines.answer("weather_us", value=None, text="", version=0)
    while to_ines.version() != ines.version():  # the author's own other tab follows each of them
        pass
    assert tom.version() == before
    assert to_tom.is_quiet(0.3)
    ines.ready()  # the next that Tom hears of is the Ready, with the number right after the last
    assert to_tom.version() == before + 1


def test_another_session_points_nobody_here(pair: Pair, session: Session, open_stream: Open) -> None:
    other = make_pair()
    elsewhere = other.started()
    _ines, to_tom = both(pair, session, open_stream)
    Participant(other.ines, elsewhere.pk).session.pause(by=other.ines)
    assert to_tom.is_quiet(0.3)


def test_a_stream_tells_what_an_ordinary_get_would_answer(pair: Pair, session: Session, open_stream: Open) -> None:
    """To a browser that shows the same: every byte, but for the tokens of forms."""
    ines, _tom = pair.hands(session)
    reveal(ines.session)
    ines.session.pause(by=pair.ines)  # no minute passes
    client = client_of(pair.tom)
    page = client.get(f"/sessions/{session.pk}/steps/{WRITE}/").text
    shown = shown_in(page)
    stream = open_stream(pair.tom, session.pk, f"?step={WRITE}&shown={shown}")
    assert regions(json.loads(stream.event().data)["html"]) == []
    ines.fold("Open at once\nwith “two” lines")
    told = json.loads(stream.event().data)
    where = {"step": str(WRITE), "shown": shown}
    fetched = client.get(f"/sessions/{session.pk}/live/", where, headers={"HX-Request": "true"}).text
    assert told["html"] == fetched
    assert regions(fetched) == ["cards-good", "count-good", "said"]
    page = client.get(f"/sessions/{session.pk}/steps/{WRITE}/").text
    assert named(told["shown"]) < named(shown_in(page))


def test_a_page_that_was_just_loaded_is_told_nothing_until_there_is_news(
    pair: Pair, session: Session, open_stream: Open
) -> None:
    ines, tom = pair.hands(session)
    stream = open_stream(pair.tom, session.pk, f"?version={tom.version()}")
    assert stream.is_quiet(0.3)
    ines.session.pause(by=pair.ines)
    assert stream.event().name == "regions"
    assert open_stream(pair.tom, session.pk, "?version=1").event().name == "regions"
    assert open_stream(pair.tom, session.pk, "?version=%00").event().name == "regions"


def test_a_stream_that_cannot_draw_points(
    pair: Pair, session: Session, open_stream: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database does not answer, or another page is to be shown: the browser asks by itself."""
    ines, _tom = pair.hands(session)
    stream = open_stream(pair.tom, session.pk)
    stream.event()
    monkeypatch.setattr(hub, "push", lambda *_: None)
    ines.session.pause(by=pair.ines)
    assert stream.event().name == "version"
    monkeypatch.setattr(hub, "push", lambda *_: 1 / 0)
    ines.session.resume(by=pair.ines)
    assert stream.event().name == "version"


def test_a_write_that_is_rolled_back_points_nobody(pair: Pair, session: Session, open_stream: Open) -> None:
    ines, tom = pair.hands(session)
    _ines, to_tom = both(pair, session, open_stream)
    with transaction.atomic():
        ines.session.pause(by=pair.ines)
        transaction.set_rollback(True)
    assert to_tom.is_quiet(0.3)
    ines.session.pause(by=pair.ines)
    assert to_tom.version() == tom.version()


def test_a_lost_notification_heals_itself(pair: Pair, session: Session, open_stream: Open) -> None:
    stream, _tom = both(pair, session, open_stream)
    Session.objects.filter(pk=session.pk).update(version_a=500)
    assert stream.version() == 500


def test_a_heartbeat_tells_the_version_again(pair: Pair, session: Session, open_stream: Open) -> None:
    stream = open_stream(pair.ines, session.pk)
    first = stream.event()
    on_loop(hub.beat())
    assert stream.heard() == ("version", first.id, first.id)


def test_an_open_stream_keeps_nothing_of_its_request(pair: Pair, session: Session, open_stream: Open) -> None:
    stream = open_stream(pair.ines, session.pk)
    stream.version()
    gc.collect()
    assert [each for each in gc.get_objects() if type(each) is ASGIRequest] == []


def test_an_open_stream_keeps_nothing_of_what_it_sent(pair: Pair, session: Session, open_stream: Open) -> None:
    stream = open_stream(pair.ines, session.pk, f"?step={WRITE}")
    sent = json.loads(stream.event().data)["html"]
    held: list[object] = []

    async def look() -> None:
        waiting = [each.cr_frame for each in gc.get_objects() if type(each) is CoroutineType]
        held.extend(value for frame in waiting if frame for value in frame.f_locals.values())

    on_loop(look())
    assert hub.count == 1
    assert any(isinstance(each, Stream) for each in held)
    assert "data-v" in sent
    assert [each for each in held if isinstance(each, str | bytes) and len(each) >= len(sent)] == []


def test_a_resync_carries_no_id(pair: Pair, session: Session, open_stream: Open) -> None:
    stream = open_stream(pair.ines, session.pk)
    stream.version()
    on_loop(hub.resync())
    assert stream.event() == ("resync", "resync", None)


# --- who is let in ------------------------------------------------------------------------------------------------


def test_strangers_of_every_kind_get_the_same_nothing(pair: Pair, session: Session, open_stream: Open) -> None:
    lead, admin = PersonFactory.create(), PersonFactory.create(is_staff=True, is_superuser=True)
    pair.partnership.assign_lead(lead, by=admin)
    gone = PersonFactory.create()
    gone_cookie = cookie_of(gone)
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    answers = [
        open_stream(None, session.pk),
        open_stream(None, session.pk, cookie="neverwasasession"),
        open_stream(None, session.pk, cookie="never-was-a-session"),
        open_stream(None, session.pk, cookie='"\\000aaaaaaaaaa"'),  # PostgreSQL takes no NUL in a text
        open_stream(None, session.pk, cookie=gone_cookie),
        open_stream(PersonFactory.create(), session.pk),
        open_stream(lead, session.pk),
        open_stream(admin, session.pk),
        open_stream(pair.ines, uuid.uuid4()),
        open_stream(pair.ines, make_pair().started().pk),
        open_stream(pair.ines, session.pk, f"?person={pair.tom.pk}"),  # a page of his, in her browser
    ]
    assert [answer.status for answer in answers] == [204] * len(answers)
    assert all(answer.headers == answers[0].headers for answer in answers)
    assert all(answer.ended() for answer in answers)


@pytest.mark.parametrize("key", ["seen", "started"])
def test_a_sign_in_that_is_over_has_no_streams(pair: Pair, session: Session, open_stream: Open, key: str) -> None:
    """An open one tells no words any more: it points, and the page that is asked for then ends the sign-in."""
    ines, _tom = pair.hands(session)
    cookie = cookie_of(pair.tom)
    stream = open_stream(None, session.pk, cookie=cookie)
    assert stream.event().name == "regions"
    kept = SessionStore(cookie)
    kept["seen"] = kept["started"] = timezone.now().isoformat()
    kept[key] = (timezone.now() - timedelta(days=15)).isoformat()
    kept.save()
    ines.session.pause(by=pair.ines)
    assert stream.event().name == "version"
    assert open_stream(None, session.pk, cookie=cookie).status == 204


def test_an_ended_partnership_has_no_streams(pair: Pair, session: Session, open_stream: Open) -> None:
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    assert open_stream(pair.ines, session.pk).status == 204


def test_another_origin_is_refused(pair: Pair, session: Session, live_server: LiveServer, open_stream: Open) -> None:
    assert open_stream(pair.ines, session.pk, Origin=live_server.url).status == 200
    elsewhere = (
        "http://elsewhere.example.org",
        live_server.at("ines"),
        f"http://127.0.0.1:{live_server.port + 1}",
        "null",
    )
    assert [open_stream(pair.ines, session.pk, Origin=origin).status for origin in elsewhere] == [403] * 4


def test_another_host_is_refused(pair: Pair, session: Session, open_stream: Open) -> None:
    assert open_stream(pair.ines, session.pk, Host="elsewhere.example.org").status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/live/{}/", 405), ("HEAD", "/live/{}/", 405), ("GET", "/live/", 404), ("GET", "/live/..%2f{}/", 404)],
)
def test_other_methods_and_paths_are_refused(
    live_server: LiveServer, pair: Pair, session: Session, method: str, path: str, status: int
) -> None:
    answer = Answer(live_server, path.format(session.pk), cookie_of(pair.ines), method=method)
    answer.close()
    assert answer.status == status


def test_the_headers(pair: Pair, session: Session, open_stream: Open) -> None:
    """Those of the site (tests/test_site.py), but for who may keep it."""
    headers = open_stream(pair.ines, session.pk).headers
    headers.pop("connection", None)  # the server's own
    assert policy(headers.pop("content-security-policy")) == {**POLICY, "script-src": set()}
    assert "camera=()" in headers.pop("permissions-policy")
    assert headers == {name.lower(): value for name, value in HEADERS.items()} | {
        "cache-control": "private, no-store, no-transform",
        "content-type": "text/event-stream; charset=utf-8",
        "vary": "Cookie",
        "x-accel-buffering": "no",
    }


def test_four_streams_a_person(pair: Pair, session: Session, open_stream: Open) -> None:
    four = [open_stream(pair.ines, session.pk) for _ in range(4)]
    assert [stream.status for stream in four] == [200] * 4
    fifth = open_stream(pair.ines, session.pk)
    assert (fifth.status, fifth.headers["retry-after"]) == (429, "60")
    assert open_stream(pair.tom, session.pk).status == 200
    four[0].close()
    assert eventually(lambda: hub.count == 4)
    assert open_stream(pair.ines, session.pk).status == 200


def test_no_more_streams_than_the_setting(pair: Pair, session: Session, open_stream: Open, settings: Any) -> None:
    settings.STREAM_LIMIT = 1
    assert open_stream(pair.ines, session.pk).status == 200
    full = open_stream(pair.tom, session.pk)
    assert (full.status, full.headers["retry-after"]) == (503, "10")


# --- how it ends --------------------------------------------------------------------------------------------------


def test_every_loss_of_the_right_ends_the_stream(open_stream: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the next question whose right still holds."""

    def sign_out(pair: Pair, cookie: str) -> None:
        SignIn.objects.filter(session_key=cookie).delete()

    def expire(pair: Pair, cookie: str) -> None:
        SignIn.objects.filter(session_key=cookie).update(expire_date=timezone.now() - timedelta(seconds=1))

    def suspend(pair: Pair, cookie: str) -> None:
        Person.objects.filter(pk=pair.ines.pk).update(is_active=False)

    def new_password(pair: Pair, cookie: str) -> None:
        pair.ines.set_password("a short walk by the lake")
        pair.ines.save(update_fields=["password"])

    def deactivate(pair: Pair, cookie: str) -> None:
        pair.ines.deactivate(by=PersonFactory.create(is_staff=True))

    def remove(pair: Pair, cookie: str) -> None:
        Membership.objects.filter(person=pair.ines).delete()

    def leave(pair: Pair, cookie: str) -> None:
        ending.end(pair.partnership, by=pair.ines, leaving=True)

    def archive(pair: Pair, cookie: str) -> None:
        ending.end(pair.partnership, by=pair.tom)

    def erased(pair: Pair, cookie: str) -> None:
        erase(pair.ines)

    losses = [sign_out, expire, suspend, new_password, deactivate, remove, leave, archive, erased]
    pairs = [make_pair() for _ in losses]
    cookies = [cookie_of(pair.ines) for pair in pairs]
    sessions = [pair.started() for pair in pairs]
    streams = [open_stream(None, s.pk, cookie=cookie) for s, cookie in zip(sessions, cookies, strict=True)]
    stays = open_stream(pairs[0].tom, sessions[0].pk)
    assert [stream.status for stream in [*streams, stays]] == [200] * 10
    asked = asked_again(monkeypatch)
    for lose, pair, cookie in zip(losses, pairs, cookies, strict=True):
        lose(pair, cookie)
    before = len(asked)
    assert all(stream.ended() for stream in streams)
    assert [cookie for cookie in cookies if sum(cookie in of for of in asked[before:]) > 1] == []
    assert hub.count == 1
    on_loop(hub.beat())
    while stays.version() != Participant(pairs[0].tom, sessions[0].pk).version():
        pass


def test_a_stream_ends_when_its_time_is_over(
    pair: Pair, session: Session, open_stream: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retros.live.hub.LIFE", 0)
    stream = open_stream(pair.ines, session.pk)
    assert stream.status == 200
    assert stream.ended()


def test_a_closed_tab_frees_its_stream(pair: Pair, session: Session, open_stream: Open) -> None:
    stream = open_stream(pair.ines, session.pk)
    stream.version()
    assert hub.count == 1
    stream.close()
    assert eventually(lambda: hub.count == 0)


# --- presence -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("long_up")
def test_coming_into_the_room_points_the_partner_once(pair: Pair, session: Session, open_stream: Open) -> None:
    at(session, CONCLUDE)  # while they write alone nobody is pointed at: how often somebody comes to write is theirs
    _ines, tom = pair.hands(session)
    to_tom = open_stream(pair.tom, session.pk)
    assert eventually(lambda: Presence.objects.get(session=session, person=pair.tom).seen_at is not None)
    first = to_tom.version()
    to_ines = open_stream(pair.ines, session.pk)
    assert to_tom.version() == first + 1
    assert Presence.objects.get(session=session, person=pair.ines).is_here(timezone.now())
    to_ines.version()
    to_ines.close()  # a reload is no arrival, nor is a second tab
    assert eventually(lambda: hub.count == 1)
    open_stream(pair.ines, session.pk).version()
    open_stream(pair.ines, session.pk).version()
    assert to_tom.is_quiet(0.3)
    assert tom.version() == first + 1


def test_after_a_restart_nobody_arrives(pair: Pair, session: Session, open_stream: Open) -> None:
    _ines, to_tom = both(pair, session, open_stream)
    assert to_tom.is_quiet(0.3)


def test_coming_back_after_a_while_points_the_partner(
    pair: Pair, session: Session, open_stream: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(session, CONCLUDE)
    to_ines, to_tom = both(pair, session, open_stream)
    before = Participant(pair.tom, session.pk).version()
    to_ines.close()
    assert eventually(lambda: hub.count == 1)
    monkeypatch.setattr(limits, "AWAY_AFTER", timedelta(0))
    open_stream(pair.ines, session.pk).version()
    assert to_tom.version() == before + 1


def test_an_open_stream_keeps_its_person_here(pair: Pair, session: Session, open_stream: Open) -> None:
    both(pair, session, open_stream)
    long_ago = timezone.now() - timedelta(hours=1)
    Presence.objects.update(seen_at=long_ago)
    other = make_pair().started()
    Presence.objects.filter(session=other).update(seen_at=long_ago)
    on_loop(hub.refresh())
    now = timezone.now()
    assert all(row.is_here(now) for row in Presence.objects.filter(session=session))
    assert not any(row.is_here(now) for row in Presence.objects.filter(session=other))


# --- what it costs ------------------------------------------------------------------------------------------------


def handles_on_the_database() -> int:
    """How many connections of this process are in use; on SQLite how many files are open for them.

    SQLite keeps the file of a closed connection for the next one, while another connection is open.
    """
    if POSTGRESQL:
        stats = connection.pool.get_stats()  # type: ignore[attr-defined]
        return int(stats["pool_size"] - stats["pool_available"])
    name = os.path.realpath(str(connection.settings_dict["NAME"]))
    handles = [f"/proc/self/fd/{handle}" for handle in os.listdir("/proc/self/fd")]
    return sum(os.path.realpath(handle) == name for handle in handles)


def test_open_streams_hold_no_connection(open_stream: Open) -> None:
    pairs = [make_pair(), make_pair()]
    sessions = [pair.started() for pair in pairs]
    before = handles_on_the_database()
    streams = [
        open_stream(person, session.pk)
        for pair, session in zip(pairs, sessions, strict=True)
        for person in [pair.ines, pair.tom] * 4
    ]
    assert [stream.status for stream in streams] == [200] * 16
    threads_of_the_hub = 0 if POSTGRESQL else 2
    assert eventually(lambda: handles_on_the_database() <= before + threads_of_the_hub)
    assert hub.count == 16


@pytest.mark.deep
def test_a_reader_that_takes_nothing_loses_its_connection(
    pair: Pair, session: Session, live_server: LiveServer, open_stream: Open
) -> None:
    """Nothing is small enough to wait for in a kernel's buffers, so they are filled with versions."""
    open_stream(pair.ines, session.pk)
    connections = live_server._server.server_state.connections
    assert hub.count == len(connections) == 1
    until = time.monotonic() + 90
    number = 1_000
    while hub.count:
        assert time.monotonic() < until
        number += 1
        hub.receive(json.dumps([str(session.pk), number, number, ""]))
        time.sleep(0.00005)
    while connections:
        assert time.monotonic() < until
        time.sleep(0.1)


if POSTGRESQL:

    def test_what_another_process_wrote_points_too(
        pair: Pair, session: Session, open_stream: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ines, tom = pair.hands(session)
        reveal(ines.session)
        _ines, to_tom = both(pair, session, open_stream)
        monkeypatch.setattr(hub, "receive", lambda payload: None)  # that process has streams of its own, and not these
        monkeypatch.setattr(hub, "_judge", lambda *about: None)  # nor does it heal by itself, as a lost one would
        ines.fold("Written elsewhere")
        assert to_tom.version() == tom.version()

    def test_a_lost_listener_comes_back_and_lets_everybody_look(
        pair: Pair, session: Session, open_stream: Open
    ) -> None:
        stream = open_stream(pair.ines, session.pk)
        stream.version()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'twofold-live' AND datname = current_database()"
            )
            assert cursor.fetchall() == [(True,)]
        assert stream.event() == ("resync", "resync", None)
        Participant(pair.tom, session.pk).session.pause(by=pair.tom)
        while stream.version() != Participant(pair.ines, session.pk).version():
            pass

    def test_one_connection_listens(pair: Pair, session: Session, open_stream: Open) -> None:
        both(pair, session, open_stream)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE application_name = 'twofold-live' AND datname = current_database()"
            )
            assert cursor.fetchone() == (1,)
