"""A partnership ends: for both at once, told to the other, read by its two for as long as it is kept."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Audit, Invitation, Look, Membership, Partnership
from partnerships.refusals import NotAllowed, Refusal, Stale
from retros.lifecycle import ending
from retros.models import Handover, Series, Session
from tests.cast import Cast, client_of, send_mails
from tests.factories import PartnershipFactory, PersonFactory
from tests.presses import at_once
from tests.retros import play

pytestmark = pytest.mark.django_db


def client(person: Any) -> Client:
    return client_of(person)


def test_either_ends_it_and_the_other_is_told(cast: Cast) -> None:
    url = reverse("partnership_end", args=[cast.checkout.pk])
    assert client(cast.tom).post(url).status_code == 302
    assert client(cast.ines).post(url).status_code == 302  # at the same moment: it is once
    send_mails()
    assert Partnership.objects.get(pk=cast.checkout.pk).is_archived
    assert [(m.to, m.subject) for m in mail.outbox] == [
        (["ines@example.org"], "Tom Lindqvist ended your partnership, Checkout")
    ]
    acts = Audit.objects.filter(partnership_id=cast.checkout.pk, act="archived")
    assert [line.by_id for line in acts] == [cast.tom.pk]
    assert not Look.objects.filter(what="archived").exists()  # an act of their own


def test_what_is_planned_is_cancelled_and_what_was_opened_stays_held(cast: Cast) -> None:
    Series.objects.create(partnership=cast.checkout)
    planned = play.plan(cast.checkout)
    running = play.start(cast.checkout)
    play.Participant(cast.ines, running.pk).fold("What we made")
    for kind in ("look_back",):
        play.go_on(running, kind)
    play.reveal(running, "pulse")
    ending.end(cast.checkout, by=cast.ines)
    planned.refresh_from_db()
    running.refresh_from_db()
    assert (planned.status, planned.reason, planned.excused, planned.sequence) == ("cancelled", "archived", True, 1)
    assert (running.status, running.auto_closed) == ("held", True)
    assert Series.objects.get().status == "ended"
    page = client(cast.ines).get(reverse("step_detail", args=[running.pk, 2]))
    assert "What we made" in page.text


def test_a_retro_in_which_nothing_was_opened_is_cancelled(cast: Cast) -> None:
    running = play.start(cast.checkout)
    play.go_on(running, "look_back")
    ending.end(cast.checkout, by=cast.ines)
    running.refresh_from_db()
    assert (running.status, running.number) == ("cancelled", None)
    assert (running.position, running.started_at) == (0, None)  # planned again, it begins at its beginning


def test_the_pages_of_one_that_ended_speak_of_nothing_to_come(cast: Cast) -> None:
    pages = ("partnership_detail", "action_list")
    said = ("Working together", "Starting together", "You can also add one any day", "you can also add one any day")

    def shown() -> str:
        return "".join(client(cast.ines).get(reverse(name, args=[cast.checkout.pk])).text for name in pages)

    play.agree(cast.checkout, "Sketch early").soft_delete(by=cast.ines)
    assert any(words in shown() for words in said)
    ending.end(cast.checkout, by=cast.tom)
    assert not any(words in shown() for words in said)
    assert f"Worked together until {timezone.localdate(timezone=cast.ines.tz):%B %Y}." in shown()


def test_taken_up_again_by_either_and_nothing_comes_back(cast: Cast) -> None:
    planned = play.plan(cast.checkout)
    ending.end(cast.checkout, by=cast.ines)
    assert client(cast.tom).post(reverse("partnership_resume", args=[cast.checkout.pk])).status_code == 302
    planned.refresh_from_db()
    assert planned.status == "cancelled"
    assert play.plan(cast.checkout).is_open


def test_an_admin_may_and_the_pair_reads_of_it(cast: Cast) -> None:
    ending.end(cast.checkout, by=cast.ada)
    ending.reopen(cast.checkout, by=cast.ada)
    looks = Look.objects.filter(partnership=cast.checkout, person=cast.ada, what__in=["archived", "reopened"])
    assert sorted(looks.values_list("what", flat=True)) == ["archived", "reopened"]


@pytest.mark.parametrize("who", ["sara", "priya", "mei"])
def test_nobody_else_may(cast: Cast, who: str) -> None:
    person = getattr(cast, who)
    for verb in (ending.end, ending.reopen):
        with pytest.raises(NotAllowed):
            verb(cast.checkout, by=person)
    with pytest.raises(NotAllowed):
        ending.end(cast.checkout, by=person, leaving=True)


def test_who_left_reads_and_nobody_takes_it_up_again(cast: Cast) -> None:
    session = play.hold(cast.checkout)
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    assert Audit.objects.filter(act="left").count() == 1
    for person in (cast.ines, cast.tom):
        for name, args in (("partnership_detail", [cast.checkout.pk]), ("session_detail", [session.pk])):
            assert client(person).get(reverse(name, args=args), follow=True).status_code == 200
        page = client(person).get(reverse("partnership_end", args=[cast.checkout.pk])).text
        assert "Tom Lindqvist left on" in page
        assert "Take it up again" not in page
    for person in (cast.ines, cast.tom, cast.ada):
        with pytest.raises(Refusal, match="One of you has left"):
            ending.reopen(cast.checkout, by=person)


def test_who_ended_it_may_still_leave(cast: Cast) -> None:
    ending.end(cast.checkout, by=cast.ines)
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    assert list(Membership.objects.exclude(left_at=None).values_list("person", flat=True)) == [cast.tom.pk]


def test_somebody_new_is_a_new_partnership(cast: Cast) -> None:
    ending.end(cast.checkout, by=cast.tom, leaving=True)
    with pytest.raises(Refusal):
        Invitation.for_seat(cast.checkout, email="new@example.org", by=cast.ines)
    fresh = Partnership.begin(by=cast.ines, kind="pm_designer", label="Checkout")
    assert not Session.objects.filter(partnership=fresh).exists()


# --- the last retro, and what is handed on ----------------------------------------------------------------------------


def test_the_last_retro_asks_its_three_questions_and_for_no_next_date(cast: Cast) -> None:
    client(cast.ines).post(reverse("farewell_create", args=[cast.checkout.pk]))
    session = Session.objects.get(partnership=cast.checkout)
    titles = [prompt.title for step in session.steps for prompt in step.prompts]
    assert titles[:3] == ["What we built", "What I learned from you", "For our successors"]
    play.Participant(cast.ines, session.pk).fold("A checkout that forgives", "built")
    play.Participant(cast.tom, session.pk).fold("To draw before I decide", "learned")
    play.reveal(session, "write")
    for kind in ("write", "conclude"):
        play.go_on(session, kind)
    last = client(cast.tom).get(reverse("step_detail", args=[session.pk, 2])).text
    assert "When do you meet next?" not in last
    play.reveal(session, "close")
    play.go_on(session, "close")
    assert Session.objects.get().is_closed


def test_both_write_the_handover_and_nobodys_words_are_lost(cast: Cast) -> None:
    url = reverse("handover_update", args=[cast.checkout.pk])
    first = client(cast.ines).post(url, {"text": "Ask for the data early.", "version": 0})
    assert first.status_code == 302
    late = client(cast.tom).post(url, {"text": "Draw before you plan.", "version": 0})
    assert late.status_code == 409
    assert "Ask for the data early." in late.text
    assert "Draw before you plan." in late.text
    saved = client(cast.tom).post(url, {"text": "Both.", "version": 1}, headers={"X-Requested-With": "autosave"})
    assert saved.json() == {"version": 2}
    assert Handover.objects.get().written_by == cast.tom
    assert "Both." in client(cast.ines).get(reverse("partnership_end", args=[cast.checkout.pk])).text


def test_the_handover_is_read_only_after_the_end(cast: Cast) -> None:
    Handover.write(cast.checkout, by=cast.ines, text="Kept", version=0)
    ending.end(cast.checkout, by=cast.ines)
    with pytest.raises(NotAllowed):
        Handover.write(cast.checkout, by=cast.ines, text="Later", version=1)
    page = client(cast.tom).get(reverse("partnership_end", args=[cast.checkout.pk])).text
    assert "Kept" in page
    assert "<textarea" not in page


def test_an_empty_handover_of_somebody_slow_changes_nothing(cast: Cast) -> None:
    Handover.write(cast.checkout, by=cast.ines, text="Kept", version=0)
    with pytest.raises(Stale):
        Handover.write(cast.checkout, by=cast.tom, text="", version=0)
    assert Handover.write(cast.checkout, by=cast.tom, text="Kept", version=0).version == 1
    assert Handover.objects.get().written_by == cast.ines


# --- both at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_ended_by_both_at_once_while_one_still_writes_and_starts() -> None:
    """Ended once, told once a side at most; a write is before the end or refused; nobody is left with an error."""
    for n in range(6):
        ines, tom = PersonFactory.create(name=f"Ines {n}"), PersonFactory.create(name=f"Tom {n}")
        pair = PartnershipFactory.create(a=ines, b=tom)
        planned, running = play.plan(pair), play.start(pair)
        outcomes = at_once(
            partial(ending.end, pair, by=ines),
            partial(ending.end, Partnership.objects.get(pk=pair.pk), by=tom, leaving=True),
            partial(Handover.write, Partnership.objects.get(pk=pair.pk), by=ines, text=f"Text {n}", version=0),
            partial(planned.start, by=tom),
        )
        assert sorted(outcome for outcome in outcomes[:2] if isinstance(outcome, bool)) == [False, True], outcomes
        assert all(not isinstance(o, Exception) or isinstance(o, (NotAllowed, Refusal)) for o in outcomes), outcomes
        assert Audit.objects.filter(act="archived", partnership_id=pair.pk).count() == 1
        assert not Session.objects.filter(partnership=pair).unfinished().exists()
        assert Session.objects.get(pk=running.pk).status == "cancelled"
        assert Handover.objects.filter(partnership=pair).exists() != isinstance(outcomes[2], Exception)
