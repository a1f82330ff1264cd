"""What mails and feeds put into calendars: docs/rules/scheduling.md S15 to S17, hostile names, and who reads a feed."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage as Parsed
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships import limits
from partnerships.models import CalendarFeed, Delivery, Partnership, Person
from retros.dates import one_date
from retros.models import Series, Session
from retros.notifications.ics import InvitationVersion, download, feed, invitation
from retros.notifications.plan import plan_deliveries
from retros.worker import tick
from tests.presses import Gate, at_once
from tests.retros import ics
from tests.retros.notifications.hostile_calendar import HOSTILE, s2
from tests.retros.planned_dates import CASES, LONG_BEFORE, moment, pair, people, session

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

NOW = moment("2027-01-08T12:00Z")
DAY = timedelta(days=1)


def parsed(message: Any) -> Parsed:
    """As it goes over the wire, read by another."""
    raw = message.message().as_bytes(linesep="\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return email.message_from_bytes(raw, policy=email.policy.default)


def calendar_part(message: Any) -> tuple[Parsed, bytes]:
    whole = parsed(message)
    assert whole.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in whole.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    part: Any = list(whole.iter_parts())[-1]
    return part, part.get_payload(decode=True)


def mails_to(person: Person, kind: str) -> list[Any]:
    known = {d.message_id for d in Delivery.objects.filter(person=person, kind=kind)}
    return [m for m in mail.outbox if m.extra_headers.get("Message-ID") in known]


def test_an_invitation() -> None:
    """ICS-01."""
    expected = CASES["ICS-01"]["expected"]
    made = s2()
    tick(NOW)
    for person in people(made.partnership):
        (message,) = mails_to(person, "invite")
        assert message.to == [person.email]
        part, document = calendar_part(message)
        assert part["Content-Type"].params == {"method": "REQUEST", "charset": "utf-8"}
        assert part["Content-Disposition"] is None
        (event,) = ics.lint(document, method=expected["METHOD"])
        assert event["SEQUENCE"] == [str(expected["SEQUENCE"])]
        assert (event["DTSTART"], event["DTEND"]) == ([expected["DTSTART"]], [expected["DTEND"]])
        assert event["STATUS"] == [expected["STATUS"]]
        assert event["ORGANIZER"] == ["mailto:twofold@127.0.0.1"]
        assert len(event["ATTENDEE"]) == expected["ATTENDEE_count"]
        assert event["UID"] == [f"{made.pk}.1@127.0.0.1"]
        assert event["DESCRIPTION"] == [f"http://127.0.0.1:8000/sessions/{made.pk}/"]
        assert b"RSVP=FALSE" in document
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "List-Unsubscribe" not in message.extra_headers
    made.refresh_from_db()
    assert made.invited_at == LONG_BEFORE


def test_an_update_after_a_move() -> None:
    """ICS-02."""
    expected = CASES["ICS-02"]["expected"]
    made = s2()
    tick(NOW)
    a, b = people(made.partnership)
    before = ics.lint(calendar_part(mails_to(a, "invite")[0])[1], method="REQUEST")[0]
    one_date.move(made, by=b, start=moment("2027-02-11T15:00Z").replace(tzinfo=None), zone="Europe/Tallinn", now=NOW)
    for _ in range(2):
        tick(moment("2027-01-10T12:00Z"))
    for person in (a, b):
        (message,) = mails_to(person, "update")
        (event,) = ics.lint(calendar_part(message)[1], method=expected["METHOD"])
        assert event["UID"] == before["UID"]
        assert event["SEQUENCE"] == [str(expected["SEQUENCE"])]
        assert event["DTSTART"] == [expected["DTSTART"]]


def test_a_time_that_comes_twice_says_which_of_the_two() -> None:
    """The second hour of 31 October 2027 comes twice in Europe: in Berlin, and at three in Tallinn."""
    made = session(pair("Europe/Berlin", "America/New_York"), "2027-10-31T02:30", "Europe/Berlin")
    tick(moment("2027-10-20T12:00Z"))
    a, b = people(made.partnership)
    (ours,), (theirs,) = mails_to(a, "invite"), mails_to(b, "invite")
    assert "Sunday 31 October, 02:30 CEST (" in ours.subject
    assert "Sunday 31 October, 02:30 CEST (" in ours.body
    assert "Saturday 30 October, 20:30 (" in theirs.subject


def test_a_cancellation_keeps_what_names_the_event() -> None:
    made = s2()
    tick(NOW)
    a, b = people(made.partnership)
    before = ics.lint(calendar_part(mails_to(a, "invite")[0])[1], method="REQUEST")[0]
    Session.objects.filter(pk=made.pk).update(status="skipped", sequence=1, ical_stamp=NOW + DAY)
    for _ in range(2):
        tick(NOW + DAY)
    for person in (a, b):
        (message,) = mails_to(person, "cancel")
        (event,) = ics.lint(calendar_part(message)[1], method="CANCEL")
        same = ("UID", "DTSTART", "ORGANIZER", "ATTENDEE")
        assert {name: event[name] for name in same} == {name: before[name] for name in same}
        assert event["SEQUENCE"] == ["1"]


def test_the_next_two_are_invited_to_and_then_the_one_after() -> None:
    ours = pair("Europe/Berlin")
    made = [session(ours, f"2027-0{month}-09T14:00") for month in range(2, 6)]
    tick(NOW)
    assert Session.objects.filter(invited_at__isnull=False).count() == 2
    assert len(mails_to(people(ours)[0], "invite")) == 2
    tick(made[0].start_utc + timedelta(minutes=1))
    assert len(mails_to(people(ours)[0], "invite")) == 3


def test_moved_before_the_invitation_left_is_one_mail() -> None:
    from retros.notifications.plan import plan_deliveries

    made = s2()
    plan_deliveries(NOW)
    a, _b = people(made.partnership)
    one_date.move(made, by=a, start=moment("2027-02-11T15:00Z").replace(tzinfo=None), zone="Europe/Tallinn", now=NOW)
    tick(NOW + DAY)
    (message,) = mails_to(a, "invite")
    assert ics.lint(calendar_part(message)[1], method="REQUEST")[0]["SEQUENCE"] == ["1"]
    assert mails_to(a, "update") == []


def test_back_after_a_cancellation_is_another_event() -> None:
    made = s2()
    tick(NOW)
    a, _b = people(made.partnership)
    Session.objects.filter(pk=made.pk).update(status="skipped", sequence=1, ical_stamp=NOW + DAY)
    tick(NOW + DAY)
    Session.objects.filter(pk=made.pk).update(
        status="scheduled", uid_generation=2, sequence=0, ical_stamp=NOW + 2 * DAY, invited_at=None
    )
    tick(NOW + 2 * DAY)
    events = [ics.lint(calendar_part(m)[1], method="REQUEST")[0] for m in mails_to(a, "invite")]
    assert [event["UID"][0].split("@")[0] for event in events] == [f"{made.pk}.1", f"{made.pk}.2"]
    assert len(mails_to(a, "cancel")) == 1


def test_skipped_and_back_between_two_rounds_calls_off_the_first() -> None:
    """Nobody was told of the skip; but the second event has another UID, and the first must not stay."""
    made = s2()
    tick(NOW)
    a, _b = people(made.partnership)
    Session.objects.filter(pk=made.pk).update(uid_generation=2, sequence=0, ical_stamp=NOW + DAY, invited_at=None)
    for _ in range(2):
        tick(NOW + DAY)
    (message,) = mails_to(a, "cancel")
    (event,) = ics.lint(calendar_part(message)[1], method="CANCEL")
    assert (event["UID"][0].split("@")[0], event["SEQUENCE"]) == (f"{made.pk}.1", ["1"])
    assert len(mails_to(a, "invite")) == 2


def test_an_ended_partnership_calls_off_what_was_announced() -> None:
    made = s2()
    session(made.partnership, "2027-03-09T14:00")
    later = session(made.partnership, "2027-09-09T14:00")  # not one of the next two: nobody was told of it
    tick(NOW)
    Partnership.objects.filter(pk=made.partnership_id).update(archived_at=NOW + DAY)
    Session.objects.filter(partnership=made.partnership_id).update(status="cancelled", reason="archived")
    tick(NOW + DAY)
    for person in people(made.partnership):
        assert len(mails_to(person, "cancel")) == 2
        assert not Delivery.objects.filter(subject_id=later.pk).exists()


def test_a_title_or_a_link_is_one_update_without_a_new_sequence() -> None:
    made = s2()
    tick(NOW)
    Series.objects.update(title="Us", meeting_url="https://meet.example.org/a?b=c,d;e")
    Session.objects.update(ical_stamp=NOW + DAY)
    for _ in range(2):
        tick(NOW + DAY)
    for person in people(made.partnership):
        (message,) = mails_to(person, "update")
        (event,) = ics.lint(calendar_part(message)[1], method="REQUEST")
        assert (event["SEQUENCE"], event["SUMMARY"]) == (["0"], ["Us"])
        assert event["LOCATION"] == ["https://meet.example.org/a?b=c\\,d\\;e"]
        assert "https://meet.example.org/a?b=c,d;e" in message.body


@pytest.mark.parametrize("mode", ["feed", "none"])
def test_who_wants_no_invitations_gets_none(mode: str) -> None:
    made = s2()
    a, b = people(made.partnership)
    Person.objects.filter(pk=a.pk).update(calendar_mode=mode)
    tick(NOW)
    assert (len(mails_to(a, "invite")), len(mails_to(b, "invite"))) == (0, 1)
    Person.objects.filter(pk=a.pk).update(calendar_mode="invites")
    tick(NOW + DAY)
    assert len(mails_to(a, "invite")) == 1


def test_what_was_mailed_stays_right_and_stands_there_once(settings: Any) -> None:
    """From invitations to the feed: the one that was mailed follows its changes by mail, the others come by feed."""
    settings.MAIL_IS_SENT = True
    ours = pair("Europe/Berlin")
    a, b = people(ours)
    first = session(ours, "2027-02-09T14:00")
    tick(NOW)
    Person.objects.filter(pk=a.pk).update(calendar_mode="feed")
    second = session(ours, "2027-03-09T14:00")
    one_date.move(first, by=b, start=moment("2027-02-10T14:00Z").replace(tzinfo=None), zone="UTC", now=NOW)
    tick(NOW + DAY)
    assert (len(mails_to(a, "update")), len(mails_to(a, "invite"))) == (1, 1)
    assert [uid.split(".")[0] for uid, *_rest in ics.read_back(feed(a, NOW))] == [str(second.pk)]


@pytest.mark.parametrize("mailed", [True, False])
def test_a_feed_has_what_no_server_mailed(settings: Any, mailed: bool) -> None:
    """Without a mail server invitations go to the log alone: the feed is all that a calendar gets."""
    settings.MAIL_IS_SENT = mailed
    made = s2()
    a, _b = people(made.partnership)
    tick(NOW)
    assert len(mails_to(a, "invite")) == 1
    assert len(ics.read_back(feed(a, NOW))) == (0 if mailed else 1)


def test_answers_go_where_the_operator_says(settings: Any) -> None:
    settings.CALENDAR_REPLY_TO = "calendar@example.org"
    made = s2()
    tick(NOW)
    (message,) = mails_to(people(made.partnership)[0], "invite")
    assert message.reply_to == ["calendar@example.org"]
    assert b"RSVP=TRUE" in calendar_part(message)[1]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_title_makes_one_clean_event(text: str) -> None:
    """ICS-04, and its like."""
    made = s2()
    Series.objects.update(title=text)
    made = Session.objects.select_related("series", "partnership").get(pk=made.pk)
    both = list(people(made.partnership))
    for document, method in (
        (invitation(made, both, edition=InvitationVersion.of(made)), "REQUEST"),
        (invitation(made, both, edition=InvitationVersion.of(made), cancel=True), "CANCEL"),
        (download(made, both), None),
    ):
        assert len(ics.lint(document, method=method)) == 1
        ((_uid, summary, _start, _end),) = ics.read_back(document)
        if text.isprintable() or text == HOSTILE[0]:
            assert summary == text


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ana;b:c,d@example.org", "ana%3Bb%3Ac%2Cd@example.org"),
        ("x%0d%0a@example.org", "x%250d%250a@example.org"),
        ("a!#$%&*/=?@example.org", "a!%23$%25%26*%2F%3D%3F@example.org"),
        ("o'neill+x_y.z-~^`{|}@example.org", "o'neill+x_y.z-~%5E%60%7B%7C%7D@example.org"),
        ("õie@jää.example", "%C3%B5ie@j%C3%A4%C3%A4.example"),
        ("ana@example.org", "ana@example.org"),
    ],
)
def test_an_address_is_written_as_a_link_writes_it(address: str, written: str) -> None:
    made = s2()
    Person.objects.filter(pk=people(made.partnership)[0].pk).update(email=address)
    both = list(people(made.partnership))
    (event,) = ics.lint(invitation(made, both, edition=InvitationVersion.of(made)), method="REQUEST")
    assert event["ATTENDEE"] == [f"mailto:{written}", f"mailto:{both[1].email}"]
    assert unquote(written) == address


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_makes_one_clean_mail(text: str) -> None:
    name = " ".join(text.split())[: limits.NAME_LENGTH]
    made = s2()
    Person.objects.filter(pk=people(made.partnership)[0].pk).update(name=name)
    tick(NOW)
    for person in people(made.partnership):
        (message,) = mails_to(person, "invite")
        _part, document = calendar_part(message)
        assert len(ics.lint(document, method="REQUEST")) == 1
        assert len(ics.read_back(document)) == 1


# --- the feed ---------------------------------------------------------------------------------------------------------


def test_the_feed() -> None:
    """ICS-03: no METHOD, nobody's name, what was held and what is planned, and 304 for who has it already."""
    expected = CASES["ICS-03"]["expected"]
    ours = pair("Europe/Berlin")
    a, _b = people(ours)
    Person.objects.filter(pk=a.pk).update(calendar_mode="feed")
    now = timezone.now()
    shown = {}
    for status, days in (
        ("held", -89),
        ("held", -91),
        ("scheduled", 5),
        ("skipped", 9),
        ("cancelled", 12),
        ("missed", -9),
    ):
        made = session(ours, (now + days * DAY).strftime("%Y-%m-%dT%H:%M"), "UTC", status=status)
        shown[status, days] = f"{made.pk}.1@127.0.0.1"
    url = reverse("calendar_feed", args=[CalendarFeed.issue(by=a)])
    answer = Client().get(url)
    assert answer.status_code == expected["http"]
    assert answer["Content-Type"] == expected["content_type"]
    assert answer["Cache-Control"] == "private, max-age=0"
    events = ics.lint(answer.content)
    assert {event["UID"][0] for event in events} == {shown["held", -89], shown["scheduled", 5]}
    assert {event["SUMMARY"][0] for event in events} == {"Retro"}
    assert not any("ATTENDEE" in event or "ORGANIZER" in event or "LOCATION" in event for event in events)
    text = answer.content.decode()
    assert f"REFRESH-INTERVAL;VALUE=DURATION:{expected['REFRESH-INTERVAL;VALUE=DURATION']}" in text
    assert f"X-PUBLISHED-TTL:{expected['X-PUBLISHED-TTL']}" in text
    assert "X-WR-CALNAME:Retros" in text
    assert not any(word in text for word in ("Ana", "Bo", "Checkout", "example.org"))
    assert len(ics.read_back(answer.content)) == 2
    again = Client().get(url, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (expected["if_none_match_http"], b"")
    assert again["ETag"] == answer["ETag"]


def test_a_feed_without_dates_is_a_calendar() -> None:
    a, _b = people(pair("Europe/Berlin"))
    assert ics.lint(feed(a, NOW)) == []


def test_only_its_address_opens_a_feed(client: Client) -> None:
    a, _b = people(pair("Europe/Berlin"))
    token = CalendarFeed.issue(by=a)
    url = reverse("calendar_feed", args=[token])
    assert client.get(reverse("calendar_feed", args=[token[:-1]])).status_code == 404
    assert client.get(url).status_code == 200
    Person.objects.filter(pk=a.pk).update(is_active=False)
    assert client.get(url).status_code == 404
    Person.objects.filter(pk=a.pk).update(is_active=True)
    CalendarFeed.issue(by=a)
    assert client.get(url).status_code == 404


def test_a_feed_is_read_sixty_times_an_hour(client: Client) -> None:
    a, _b = people(pair("Europe/Berlin"))
    url = reverse("calendar_feed", args=[CalendarFeed.issue(by=a)])
    statuses = [client.get(url).status_code for _ in range(limits.FEED_READS_PER_HOUR + 1)]
    assert statuses == [200] * 60 + [429]
    assert client.get(url)["Retry-After"] == "3600"


def test_a_session_can_be_downloaded(client: Client) -> None:
    made = s2()
    a, _b = people(made.partnership)
    client.force_login(a)
    answer = client.get(reverse("session_calendar", args=[made.pk]))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="retro.ics"'
    assert set(answer["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    (event,) = ics.lint(answer.content)
    assert event["UID"] == [f"{made.pk}.1@127.0.0.1"]
    assert "ATTENDEE" not in event


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_round_invites_to_dates_that_somebody_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both invite to the same retro: neither holds what the other one waits for."""
    ours, gate = pair("UTC"), Gate()
    a, b = people(ours)
    Person.objects.filter(pk__in=[a.pk, b.pk]).update(calendar_mode="feed")
    now = timezone.now()
    soon, later = (session(ours, f"{now + days * DAY:%Y-%m-%dT%H:%M}") for days in (20, 40))
    Person.objects.filter(pk__in=[a.pk, b.pk]).update(calendar_mode="invites")
    insert = Delivery.objects.bulk_create
    rounds: list[Any] = []

    def then_stop(*rows: Any, **how: Any) -> list[Delivery]:
        done = insert(*rows, **how)
        if not rounds:
            rounds.append(done)
            gate.stop()
        return done

    monkeypatch.setattr(Delivery.objects, "bulk_create", then_stop)
    skip = partial(one_date.skip, later, by=a, reason="leave", now=now)
    assert [type(done) for done in at_once(lambda: plan_deliveries(now), gate.then(skip))] == [list, type(None)]
    invited = Delivery.objects.filter(kind="invite", person=a)
    assert {row.subject_id for row in invited} == {soon.pk, later.pk}
