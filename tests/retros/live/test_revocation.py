"""A right that ends is dark on every channel: at once in page, fragment, press, feed and mail; in a stream with the
next question whose right still holds, and there is one every four seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.mail import outbox
from partnerships.models import CalendarFeed, Delivery, Lead, Membership, Person
from retros.lifecycle.erasure import erase
from retros.live.hub import hub
from retros.models import Entry, Need, Offer, Release, Session
from retros.models.release import words_of
from retros.notifications.reminders import start_key
from retros.notifications.wording import message_for
from tests.cast import Cast, client_of
from tests.conftest import LiveServer
from tests.factories import PersonFactory
from tests.retros import play
from tests.retros.play import Pair, make_pair
from tests.retros.streams import Answer, asked_again, live
from tests.world import HTMX

ALL = ("page", "fragment", "press", "stream", "feed", "mail")


@dataclass
class Scene:
    """Tom is signed in, in a room with an open stream; his calendar asks for his dates, and a mail for him waits."""

    pair: Pair
    server: LiveServer

    def __post_init__(self) -> None:
        tom = self.pair.tom
        self.session = play.start(self.pair.partnership)
        self.ahead = play.plan(self.pair.partnership)
        self.client = Client()
        self.client.force_login(tom)
        self.feed_url = reverse("calendar_feed", args=[CalendarFeed.issue(by=tom)])
        self.cookie = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        self.stream = Answer(self.server, live(self.session.pk), self.cookie)
        assert self.stream.status == 200

    def page(self) -> bool:
        return self.client.get(reverse("step_detail", args=[self.session.pk, 0])).status_code == 200

    def fragment(self) -> bool:
        answer = self.client.get(reverse("session_live", args=[self.session.pk]), {"step": 0}, headers=HTMX)
        return answer.status_code == 200

    def press(self) -> bool:
        prompt = play.step_of(self.session, "write").prompts[0]
        url, before = reverse("entry_create", args=[self.session.pk, prompt.pk]), Entry.unrestricted.count()
        self.client.post(url, {"text": "Mine", "client_id": uuid.uuid4()}, headers=HTMX)
        return Entry.unrestricted.count() > before

    def stream_is_open(self) -> bool:
        """The end of the stream is waited for; the test below counts the questions until then."""
        return not self.stream.ended()

    def feed(self) -> bool:
        return str(self.ahead.pk) in self.client.get(self.feed_url).text

    def mail(self) -> bool:
        tom, now = self.pair.tom, timezone.now()
        Delivery.objects.all().delete()
        Delivery.new(
            person=tom, kind="day_ahead", subject_type="session", subject_id=self.ahead.pk,
            for_key=start_key(Session.objects.get(pk=self.ahead.pk)), send_at=now,
        ).save()  # fmt: skip
        mail.outbox.clear()
        outbox.send(now, message_for)
        found = [message for message in mail.outbox if tom.email in message.to and "Your retro" in message.subject]
        return bool(found)

    def reaches(self, channel: str) -> bool:
        asks: dict[str, Callable[[], bool]] = {
            "page": self.page, "fragment": self.fragment, "press": self.press, "stream": self.stream_is_open,
            "feed": self.feed, "mail": self.mail,
        }  # fmt: skip
        return asks[channel]()


def switch_off(pair: Pair) -> None:
    pair.tom.deactivate(by=PersonFactory.create(is_staff=True))


def remove(pair: Pair) -> None:
    Membership.objects.filter(person=pair.tom).delete()


def sign_out(pair: Pair) -> None:
    pair.tom.end_sessions_for(by=PersonFactory.create(is_staff=True))


def change_password(pair: Pair) -> None:
    tom = Person.objects.get(pk=pair.tom.pk)
    tom.set_password("a short walk by the lake")
    tom.save(update_fields=["password"])


# How a right ends, and where that has to be felt: whoever is only signed out keeps their mails and their calendar.
WAYS: dict[str, tuple[Callable[[Pair], None], tuple[str, ...]]] = {
    "switched off": (switch_off, ALL),
    "removed": (remove, ALL),
    "erased": (lambda pair: erase(Person.objects.get(pk=pair.tom.pk)), ALL[:5]),  # nobody is left to send a mail to
    "signed out": (sign_out, ALL[:4]),
    "another password": (change_password, ALL[:4]),
}


@pytest.fixture
def scene(live_server: LiveServer) -> Iterator[Callable[[], Scene]]:
    """Makes scenes, each in a pair of its own."""
    made: list[Scene] = []

    def make() -> Scene:
        made.append(Scene(make_pair(), live_server))
        return made[-1]

    yield make
    for each in made:
        each.stream.close()


@pytest.mark.parametrize(
    "times", [pytest.param(len(WAYS), id="each"), pytest.param(40, id="many", marks=pytest.mark.deep)]
)
def test_a_right_that_ends_is_dark_everywhere(
    scene: Callable[[], Scene], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    assert hub.RECHECK == 4
    asked = asked_again(monkeypatch)
    for name in islice(cycle(WAYS), times):
        end, channels = WAYS[name]
        here = scene()
        assert all(here.reaches(channel) for channel in ALL if channel != "stream"), name
        end(here.pair)
        before = len(asked)
        assert [channel for channel in channels if here.reaches(channel)] == [], name
        assert len([cookies for cookies in asked[before:] if here.cookie in cookies]) <= 1, name


@pytest.mark.django_db
def test_a_lead_who_ends_is_in_the_dark_with_the_next_request(cast: Cast) -> None:
    """Overview, history, offers, the need that waited for an answer; and no stream was ever theirs."""
    lead = Lead.objects.select_related("partnership").get(partnership=cast.checkout, person=cast.sara)
    need = Need.write(lead, by=cast.ines, text="A date with the board", id=uuid.uuid4())
    digest = words_of("need", need, lead).digest
    Release.propose(lead, "need", need, by=cast.ines, digest=digest).confirm(by=cast.tom, digest=digest)
    sara = client_of(cast.sara)
    history = reverse("history_detail", args=[cast.checkout.pk])
    answer, offer = reverse("need_answer", args=[need.pk]), reverse("offer_create", args=[cast.checkout.pk])
    lit = [sara.get(url).status_code for url in (history, answer, offer)]
    assert (lit, "Checkout" in sara.get(reverse("lead_list")).text) == ([200] * 3, True)
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    none = sara.get(reverse("history_detail", args=[uuid.uuid4()]))
    for url in (history, answer, offer):
        for dark in (sara.get(url), sara.post(url, {"text": "In March", "kind": "exercise"})):
            assert dark.status_code in {404, 405}
            assert "board" not in dark.text
    assert sara.get(history).status_code == none.status_code == 404
    assert "Checkout" not in sara.get(reverse("lead_list")).text
    assert Need.objects.get().answer == ""
    assert not Offer.objects.exists()
