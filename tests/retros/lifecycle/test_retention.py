"""What is older than it is kept goes: told a month ahead, once, and nothing else with it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.mail import outbox
from partnerships.models import Agreement, Audit, Delivery, Partnership
from partnerships.wording import Wording
from retros.lifecycle import ending, retention
from retros.lifecycle.retention import expire, months_later
from retros.models import Action, Draft, Entry, Expiry, Handover, Jot, Note, Review, Session
from retros.notifications.wording import message_for, notices_for
from tests.cast import Cast, client_of, make_cast
from tests.presses import Gate, at_once
from tests.retros import play

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def send(now: datetime) -> int:
    return outbox.send(now, message_for)


def held(cast: Cast, closed: datetime) -> Session:
    """A retro with words of every kind in it, closed at that time."""
    session = play.hold(cast.checkout)
    step = play.step_of(session, "conclude")
    entry = Entry.unrestricted.create(
        step=play.step_of(session, "write"), prompt=play.step_of(session, "write").prompts[0], author=cast.ines,
        text="A card", sealed_at=closed, opened_at=closed,
    )  # fmt: skip
    Note.objects.create(step=step, kind="learned", text="A learning", written_by=cast.tom)
    Note.objects.create(step=entry.step, entry=entry, kind="came_up", text="It came up", written_by=cast.tom)
    action = play.agree(cast.checkout, "Sketch on Thursdays")
    Action.objects.filter(pk=action.pk).update(from_entry=entry, session=session)
    Review.objects.create(action=action, session=session, verdict="going", remark="A remark", by=cast.ines)
    Session.objects.filter(pk=session.pk).update(closed_at=closed)
    return session


def words(session: Session) -> tuple[int, int, int]:
    of = {"step__session": session}
    remarks = Review.objects.filter(session=session).exclude(remark="").count()
    return Entry.unrestricted.filter(**of).count(), Note.objects.filter(**of).count(), remarks


@pytest.mark.parametrize(
    ("moment", "months", "then"),
    [
        ((2026, 1, 31), 1, (2026, 2, 28)), ((2024, 2, 29), 12, (2025, 2, 28)), ((2026, 11, 21), 24, (2028, 11, 21)),
        ((2026, 3, 31), -1, (2026, 2, 28)), ((2026, 1, 1), -13, (2024, 12, 1)),
    ],
)  # fmt: skip
def test_months(moment: tuple[int, int, int], months: int, then: tuple[int, int, int]) -> None:
    assert months_later(datetime(*moment, tzinfo=UTC), months) == datetime(*then, tzinfo=UTC)


def test_told_a_month_ahead_then_gone_and_the_rest_stays(cast: Cast) -> None:
    old = held(cast, months_later(NOW, -24) + timedelta(days=30))
    young = held(cast, NOW - timedelta(days=60))
    before, kept = words(old), words(young)
    assert expire(NOW) == 0
    assert send(NOW) == 2
    assert sorted(message.to for message in mail.outbox) == [["ines@example.org"], ["tom@example.org"]]
    assert "21 December 2026" in mail.outbox[0].body
    assert "A card" not in f"{mail.outbox[0].subject} {mail.outbox[0].body}"
    assert expire(NOW + timedelta(days=29)) == 0
    assert words(old) == before
    assert expire(NOW + timedelta(days=30, minutes=1)) == 1
    assert words(old) == (0, 0, 0)
    assert words(young) == kept
    assert Session.objects.get(pk=old.pk).is_closed  # that it took place stays
    assert Action.objects.count() == 2
    assert [(line.by_id, line.about_id) for line in Audit.objects.filter(act="expired")] == [(None, old.pk)]
    page = client_of(cast.ines)
    told = "were kept as long as everything here is, and removed on 21 December 2026. That you met stays."
    for name, args in (("step_detail", [old.pk, 2]), ("session_print", [old.pk])):
        text = page.get(reverse(name, args=args)).text
        assert told in text
        assert "Nothing lies open here" not in text
    assert "removed on" not in page.get(reverse("step_detail", args=[young.pk, 2])).text
    assert "removed on" not in page.get(reverse("session_print", args=[young.pk])).text


def test_of_a_missed_retro_it_does_not_say_that_the_words_are_still_there(cast: Cast) -> None:
    old = held(cast, months_later(NOW, -25))
    Session.objects.filter(pk=old.pk).update(status="missed", held_on=None)
    page = client_of(cast.ines)
    assert "What you wrote is still here" in page.get(reverse("step_detail", args=[old.pk, 2])).text
    expire(NOW)
    send(NOW)
    expire(NOW + timedelta(days=31))
    text = page.get(reverse("step_detail", args=[old.pk, 2])).text
    assert "What was written for this retro was kept as long as everything here is, and removed on" in text
    assert "This retro did not take place. What you wrote is still here" not in text


def skipped(cast: Cast, start: datetime) -> Session:
    """A retro that did not take place, and of which Tom can read nothing: Ines kept a card to herself."""
    session = play.start(cast.checkout)
    play.Participant(cast.ines, session.pk).fold("For me", only_me=True)
    Session.objects.filter(pk=session.pk).update(status="skipped", start_utc=start, started_at=None, number=None)
    return session


def test_each_is_told_of_what_they_can_read_and_of_nothing_else(cast: Cast) -> None:
    old = skipped(cast, months_later(NOW, -25))
    before = months_later(NOW, -24) + timedelta(days=20)
    with_a_deleted_card = skipped(cast, before)
    Entry.unrestricted.filter(step__session=with_a_deleted_card).update(deleted_at=before)
    pages = {person: Client() for person in (cast.ines, cast.tom)}
    kept = reverse("partnership_end", args=[cast.checkout.pk])
    for person, page in pages.items():
        page.force_login(person)
        assert ("What you wrote in" in page.get(kept).text) == (person == cast.ines)
    expire(NOW)
    assert send(NOW) == 1
    assert [message.to for message in mail.outbox] == [["ines@example.org"]]
    outbox.show(NOW)
    assert [bool(notices_for(person, NOW)) for person in pages] == [True, False]
    assert expire(NOW + timedelta(days=31)) == 2  # also of what nobody was told of
    assert not Entry.unrestricted.filter(step__session__in=[old, with_a_deleted_card]).exists()
    gone = {person: page.get(reverse("step_detail", args=[old.pk, 2])).text for person, page in pages.items()}
    assert "removed on" in gone[cast.ines]
    assert "removed on" not in gone[cast.tom]
    assert "This retro did not take place." in gone[cast.tom]


def test_what_only_one_is_told_of_changes_nothing_for_the_other(cast: Cast) -> None:
    """Both are warned at the same moment; what goes later, or cannot be mailed, is only hers."""
    shared = held(cast, months_later(NOW, -25))
    skipped(cast, months_later(NOW, -24) + timedelta(days=29))
    expire(NOW)
    send(NOW)
    outbox.show(NOW)
    later = NOW + timedelta(days=30, minutes=1)
    Session.objects.filter(status="skipped").update(start_utc=later)  # not yet to go
    assert expire(later) == 1
    assert words(shared) == (0, 0, 0)
    assert [bool(notices_for(person, later)) for person in (cast.ines, cast.tom)] == [True, False]


def test_it_happens_once(cast: Cast) -> None:
    held(cast, months_later(NOW, -25))
    for _press in range(2):
        expire(NOW)
        send(NOW)
    assert len(mail.outbox) == 2
    later = NOW + timedelta(days=31)
    assert [expire(later), expire(later)] == [1, 0]
    assert send(later) == 0
    assert Audit.objects.filter(act="expired").count() == 1


def test_who_slept_is_warned_first_all_the_same(cast: Cast) -> None:
    """A worker that was off for years: the mail now, the removal a month later."""
    session = held(cast, months_later(NOW, -60))
    assert expire(NOW) == 0
    send(NOW)
    assert words(session)[0]
    assert expire(NOW + timedelta(days=31)) == 1


def test_a_mail_that_left_late_still_gives_a_month(cast: Cast) -> None:
    """Killed between the warning and the mail, and back weeks later: told then, with a date a month from then."""
    session = held(cast, months_later(NOW, -25))
    expire(NOW)
    late = NOW + timedelta(days=29)
    assert expire(NOW + timedelta(days=31)) == 0  # nobody knows of it
    assert send(late) == 2
    assert "19 January 2027" in mail.outbox[0].body
    assert expire(late + timedelta(days=29)) == 0
    assert words(session)[0]
    assert expire(late + timedelta(days=30)) == 1


def test_home_says_it_too_until_it_is_gone(cast: Cast) -> None:
    held(cast, months_later(NOW, -25))
    expire(NOW)
    send(NOW)
    outbox.show(NOW)
    ((_delivery, notice),) = notices_for(cast.ines, NOW)
    assert (notice.subject, notice.path) == (
        "Checkout: something you wrote is removed in a month", reverse("partnership_end", args=[cast.checkout.pk])
    )  # fmt: skip
    assert not notices_for(cast.sara, NOW)
    expire(NOW + timedelta(days=31))
    assert not notices_for(cast.ines, NOW + timedelta(days=31))


def test_what_was_put_off_in_time_is_not_announced(cast: Cast) -> None:
    Handover.write(cast.checkout, by=cast.ines, text="Ask early", version=0)
    ending.end(cast.checkout, by=cast.ines)
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=months_later(NOW, -12))
    expire(NOW)
    ending.reopen(cast.checkout, by=cast.tom)
    send(NOW)
    assert not [message for message in mail.outbox if "removed" in message.subject]


def test_killed_between_two_it_goes_on(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = [held(cast, months_later(NOW, -25)) for _n in range(3)]
    expire(NOW)
    send(NOW)
    later, real, done = NOW + timedelta(days=31), retention._remove_writing, []

    def dies(session: Session) -> None:
        real(session)
        done.append(session)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(retention, "_remove_writing", dies)
    with pytest.raises(KeyboardInterrupt):
        expire(later)
    assert [words(session)[0] > 0 for session in sessions] == [False, True, True]
    assert expire(later) == 2
    assert not any(words(session)[0] for session in sessions)


def test_what_was_agreed_goes_a_year_after_the_end(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Checkout")
    agreement.propose([Wording("We say no on the same day.")], by=cast.ines, reason="Why")
    Handover.write(cast.checkout, by=cast.ines, text="Ask early", version=0)
    play.agree(cast.checkout)
    play.agree(cast.search)
    ending.end(cast.checkout, by=cast.ines)
    Delivery.objects.all().delete()
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=months_later(NOW, -12) + timedelta(days=20))
    assert expire(NOW) == 0
    assert send(NOW) == 2
    assert expire(NOW + timedelta(days=25)) == 0
    assert expire(NOW + timedelta(days=31)) == 1
    assert not Agreement.objects.exists()
    assert not Handover.objects.exists()
    page = client_of(cast.tom)
    text = page.get(reverse("partnership_end", args=[cast.checkout.pk])).text
    assert "what you asked your leads for were removed on 22 December 2026." in text
    assert "Today" not in text
    assert [action.partnership for action in Action.objects.all()] == [cast.search]


def test_taken_up_again_in_time_it_stays(cast: Cast) -> None:
    Handover.write(cast.checkout, by=cast.ines, text="Ask early", version=0)
    ending.end(cast.checkout, by=cast.ines)
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=months_later(NOW, -12))
    expire(NOW)
    ending.reopen(cast.checkout, by=cast.tom)
    assert expire(NOW + timedelta(days=40)) == 0
    assert not Expiry.objects.exists()
    assert Handover.objects.exists()


def test_unfinished_words_go_by_their_own_age(cast: Cast) -> None:
    for key in ("old", "young"):
        Draft.keep(f"card:{key}", "Half a thought", version=0, by=cast.ines)
    Draft.objects.filter(key="card:old").update(updated_at=months_later(NOW, -24))
    for text in ("old", "young"):
        Jot.keep(cast.checkout, by=cast.ines, text=text, id=uuid.uuid4())
    Jot.objects.filter(text="old").update(created_at=months_later(NOW, -24))
    expire(NOW)
    assert [draft.key for draft in Draft.objects.exclude(text="")] == ["card:young"]
    assert [jot.text for jot in Jot.objects.all()] == ["young"]


def test_the_time_is_a_setting(cast: Cast, settings: Any) -> None:
    settings.RETENTION_MONTHS = 6
    session = held(cast, months_later(NOW, -6))
    expire(NOW)
    send(NOW)
    assert expire(NOW + timedelta(days=31)) == 1
    assert words(session) == (0, 0, 0)


def test_the_two_see_how_long_something_still_stands(cast: Cast, django_assert_max_num_queries: Any) -> None:
    soon = months_later(timezone.now(), -24) + timedelta(days=10, hours=1)
    held(cast, soon)
    client = client_of(cast.tom)
    url = reverse("partnership_end", args=[cast.checkout.pk])
    page = client.get(url).text
    assert "Cards, answers and notes are removed 24 months after their retro." in page
    assert "What you wrote in “Retro 1”" in page
    assert "In 30 days" in page  # never before a month from the warning
    expire(timezone.now() - timedelta(days=19))
    assert "In 11 days" in client.get(url).text
    with django_assert_max_num_queries(20):
        client.get(url)


def test_nothing_is_due_in_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    for _n in range(5):
        play.hold(cast.checkout)
    with django_assert_max_num_queries(6):
        assert expire(timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_words_are_removed_while_somebody_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither waits for what the other one holds: a plan takes all dates of the pair, then the pair."""
    cast, gate, now = make_cast(), Gate(), timezone.now()
    session = held(cast, months_later(now, -25))
    Expiry.objects.create(partnership=cast.checkout, session=session, warned_at=now - timedelta(days=40))
    told_late = retention._is_told_late

    def stop_first(expiry: Expiry, at: datetime) -> bool:
        gate.stop()
        return told_late(expiry, at)

    monkeypatch.setattr(retention, "_is_told_late", stop_first)
    removed, planned = at_once(lambda: expire(now), gate.then(lambda: play.plan(cast.checkout)))
    assert (removed, type(planned)) == (1, Session), repr(planned)
    assert words(session) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_what_was_agreed_on_is_due_while_the_two_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cast, gate, now = make_cast(), Gate(), timezone.now()
    action = play.agree(cast.checkout)
    ending.end(cast.checkout, by=cast.ines)
    Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=months_later(now, -13))
    Expiry.objects.create(partnership=cast.checkout, warned_at=now - timedelta(days=40))
    reopen = Partnership.reopen

    def then_stop(partnership: Partnership, **by: Any) -> bool:
        done = reopen(partnership, **by)
        gate.stop()
        return done

    monkeypatch.setattr(Partnership, "reopen", then_stop)
    pair = Partnership.objects.get(pk=cast.checkout.pk)
    assert at_once(lambda: ending.reopen(pair, by=cast.ines), gate.then(lambda: expire(now))) == [True, 0]
    assert Action.objects.filter(pk=action.pk).exists()
