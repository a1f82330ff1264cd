"""The notice of a Dream Team or a contract that was begun, or that waits for one of the two."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Delivery, Person, Preference
from retros.models import Entry, Session, creation
from retros.notifications.wording import notices_for
from retros.worker import tick
from tests.cast import Cast, client_of
from tests.retros.home.home_page import page
from tests.retros.play import Participant

pytestmark = pytest.mark.django_db


class Begun(NamedTuple):
    """Ines has begun a Dream Team, and stands in its room."""

    cast: Cast
    session: Session

    def ready(self, person: Person) -> None:
        Participant(person, self.session.pk).ready(0)

    def told(self, person: Person) -> list[str]:
        """Everything that this person was told of it, after the worker's round, with the channel."""
        Person.objects.update(working_days="1234567", quiet_from="00:00", quiet_to="00:00")
        tick(timezone.now() + timedelta(minutes=1))
        sent = Delivery.objects.filter(person=person, kind="sitting", status="sent")
        return sorted(sent.values_list("channel", flat=True))


@pytest.fixture
def begun(cast: Cast) -> Begun:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="dream_team", title="Us")
    session = creation.begin(agreement, by=cast.ines, short=True)
    session.see(cast.ines)
    Entry.answer(session.steps[0].prompts[0], by=cast.ines, version=0, text="INESBEST alone")
    return Begun(cast, session)


def test_who_was_not_in_the_room_hears_of_it_once_by_each_channel(begun: Begun) -> None:
    assert begun.told(begun.cast.tom) == ["email", "in_app"]
    assert begun.told(begun.cast.ines) == []
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("Ines has begun your Dream Team", [begun.cast.tom.email])
    assert "INESBEST" not in message.body
    assert reverse("session_detail", args=[begun.session.pk]) in message.body
    begun.ready(begun.cast.ines)
    assert begun.told(begun.cast.tom) == ["email", "in_app"]
    assert len(mail.outbox) == 1


def test_what_it_says_is_what_is_so_when_it_is_read(begun: Begun) -> None:
    begun.told(begun.cast.tom)

    def said() -> list[str]:
        return [notice.subject for _delivery, notice in notices_for(begun.cast.tom, timezone.now())]

    assert said() == ["Ines has begun your Dream Team"]
    begun.ready(begun.cast.ines)
    assert said() == ["Ines has answered. It opens when you have, too"]
    begun.ready(begun.cast.tom)
    assert said() == []


def test_whoever_began_it_hears_that_the_other_one_has_answered(begun: Begun) -> None:
    begun.session.see(begun.cast.tom)
    assert begun.told(begun.cast.tom) == []
    begun.ready(begun.cast.tom)
    assert begun.told(begun.cast.ines) == ["email", "in_app"]
    assert mail.outbox[0].subject == "Tom has answered. It opens when you have, too"


def test_nobody_is_told_who_came_or_answered_in_time(begun: Begun) -> None:
    begun.session.see(begun.cast.tom)
    for person in (begun.cast.ines, begun.cast.tom):
        begun.ready(person)
    assert begun.told(begun.cast.tom) == begun.told(begun.cast.ines) == []


def test_a_channel_can_be_switched_off(begun: Begun) -> None:
    Preference.keep({("sitting", "email"): False}, by=begun.cast.tom)
    assert begun.told(begun.cast.tom) == ["in_app"]
    assert not mail.outbox


def test_at_home_it_stands_once(begun: Begun) -> None:
    begun.told(begun.cast.tom)
    text = page(begun.cast.tom, begun.cast.checkout)
    assert "Ines has begun your Dream Team" not in text
    assert text.index("3 questions, each alone") < text.index("Your first retro")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("health-check", "Ines has begun a health check with you"),
        ("difference", "Ines has begun questions for you both"),
    ],
)
def test_it_says_what_was_begun_and_no_word_of_the_two(cast: Cast, template: str, said: str) -> None:
    session = creation.start_now(cast.checkout, by=cast.ines, template_key=template, topic="TOPICZ")
    session.see(cast.ines)
    assert Begun(cast, session).told(cast.tom) == ["email", "in_app"]
    assert mail.outbox[0].subject == said
    assert "TOPICZ" not in mail.outbox[0].body


@pytest.mark.parametrize("state", ["failed", "pending"])
def test_an_admin_does_not_learn_who_was_waited_for(begun: Begun, state: str) -> None:
    begun.told(begun.cast.tom)
    Delivery.objects.filter(kind="sitting").update(status=state)
    text = client_of(begun.cast.ada).get(reverse("mail_list"), {"state": state}).text
    assert begun.cast.tom.full_name not in text
