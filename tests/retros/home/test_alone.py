"""Before the partner is here: what one begins alone, and to whom it opens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from html import unescape
from typing import Any, NamedTuple

import pytest
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Delivery, Invitation, Partnership, Person
from partnerships.refusals import Refusal, Stale
from retros.models import Entry, Presence, Session, creation
from retros.notifications.wording import About
from tests.cast import Cast, client_of
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros import play
from tests.retros.home.home_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SECRET = "MEIBEST before nine"


class Alone(NamedTuple):
    """Mei, who invited leo@example.org and has begun the quick Dream Team."""

    mei: Person
    pair: Partnership
    invitation: Invitation
    sitting: Session

    def ready(self, person: Person) -> bool:
        return play.Participant(person, self.sitting.pk).ready(0)

    def accept(self, address: str, invitation: Invitation | None = None) -> Person:
        person = PersonFactory.create(name="Leo Brandt", email=address)
        (invitation or self.invitation).accept(by=person)
        return person

    def room(self, person: Person) -> str:
        return unescape(client_of(person).get(reverse("step_detail", args=[self.sitting.pk, 0])).text)


@pytest.fixture
def alone(cast: Cast) -> Alone:
    pair = PartnershipFactory.create(label="Wallet", a=cast.mei)
    invitation, _token = Invitation.for_seat(pair, email="leo@example.org", by=cast.mei)
    client_of(cast.mei).post(reverse("dream_team_create", args=[pair.pk]), {"short": "1"})
    sitting = Session.objects.get(partnership=pair)
    Entry.answer(sitting.steps[0].prompts[0], by=cast.mei, version=0, text=SECRET)
    return Alone(cast.mei, pair, invitation, sitting)


def test_the_dream_team_waits_for_the_address_that_was_invited(alone: Alone) -> None:
    assert SECRET in alone.room(alone.mei)
    assert "leo@example.org" in alone.room(alone.mei)
    assert not alone.ready(alone.mei)
    assert "You have answered. It opens when leo@example.org has, too" in page(alone.mei, alone.pair)
    assert "Open only my side" not in alone.room(alone.mei)


def test_whoever_accepts_finds_it_first_and_opens_it_with_their_own(alone: Alone) -> None:
    alone.ready(alone.mei)
    leo = alone.accept("leo@example.org")
    home = page(leo, alone.pair)
    assert "Mei has answered. It opens when you have, too" in home
    assert home.index("Mei has answered") < home.index("Your first retro")
    assert SECRET not in home
    assert SECRET not in alone.room(leo)
    assert Presence.objects.filter(session=alone.sitting).count() == 2
    assert alone.ready(leo)
    assert SECRET in alone.room(leo)


def test_her_page_follows_when_the_partner_comes(
    alone: Alone, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    shown = Session.objects.get(pk=alone.sitting.pk).version_a
    with django_capture_on_commit_callbacks(execute=True):
        alone.accept("leo@example.org")
    assert Session.objects.get(pk=alone.sitting.pk).version_a > shown
    assert "Leo" in alone.room(alone.mei)


def test_an_answer_that_was_given_for_another_address_does_not_open(alone: Alone) -> None:
    alone.ready(alone.mei)
    other, _token = Invitation.for_seat(alone.pair, email="mal@example.org", by=alone.mei)
    mal = alone.accept("mal@example.org", other)
    assert not alone.ready(mal)
    assert SECRET not in alone.room(mal)
    assert "has answered" not in page(mal, alone.pair)
    assert alone.ready(alone.mei)


def test_the_same_address_with_a_new_link_is_the_same_person(alone: Alone) -> None:
    alone.ready(alone.mei)
    renewed, _token = alone.invitation.renew(by=alone.mei)
    assert alone.ready(alone.accept("leo@example.org", renewed))


def test_ready_is_for_whom_the_page_named(alone: Alone) -> None:
    step = Session.objects.get(pk=alone.sitting.pk).steps[0]
    shown = step.digest(alone.mei)
    Invitation.for_seat(alone.pair, email="mal@example.org", by=alone.mei)
    with pytest.raises(Stale):
        Session.objects.get(pk=alone.sitting.pk).steps[0].ready(by=alone.mei, digest=shown)


def test_nobody_goes_on_opens_or_starts_alone_while_the_seat_is_free(alone: Alone) -> None:
    step = alone.sitting.steps[0]
    with pytest.raises(Refusal, match="still free"):
        step.open_side(by=alone.mei, digest=step.digest(alone.mei))
    with pytest.raises(Refusal, match="a few minutes more"):
        step.ready_for_next(by=alone.mei, alone=True)
    with pytest.raises(Refusal, match="A retro needs two"):
        creation.start_now(alone.pair, by=alone.mei)
    with pytest.raises(Refusal, match="A retro needs two"):
        planned(alone).start(by=alone.mei)
    contract = Agreement.begin(alone.pair, by=alone.mei, kind="contract", title="Relaunch")
    with pytest.raises(Refusal, match="This needs two"):
        creation.begin(contract, by=alone.mei)


def planned(alone: Alone) -> Session:
    return play.plan(alone.pair, by=alone.mei)


def test_a_date_and_a_card_ahead_are_there_for_both_when_the_partner_comes(alone: Alone) -> None:
    retro = planned(alone)
    play.Participant(alone.mei, retro.pk).fold("MEIGOOD the long walk")
    assert "1 note folded away. Nobody reads it before the retro." in page(alone.mei, alone.pair)
    write = reverse("step_detail", args=[retro.pk, play.step_of(retro, "write").position])
    assert client_of(alone.mei).get(write).status_code == 200
    leo = alone.accept("leo@example.org")
    home = page(leo, alone.pair)
    assert "1 note folded away. You read it when you both open." in home
    shown = client_of(leo).get(write).text
    assert "MEIGOOD" not in shown
    assert "Mei has folded 1 card." in unescape(shown)
    retro.start(by=leo)
    assert retro.is_running


def test_a_stranger_sees_nothing_of_it(alone: Alone, cast: Cast) -> None:
    for person in (cast.ada, cast.sara, cast.ines):
        for url in (
            reverse("step_detail", args=[alone.sitting.pk, 0]),
            reverse("together", args=[alone.pair.pk]),
            reverse("partnership_detail", args=[alone.pair.pk]),
        ):
            assert client_of(person).get(url).status_code == 404


def test_every_page_works_for_one_alone(alone: Alone) -> None:
    retro = planned(alone)
    pages = [reverse("step_detail", args=[retro.pk, step.position]) for step in retro.steps]
    pages += [reverse("step_detail", args=[alone.sitting.pk, step.position]) for step in alone.sitting.steps]
    pages += [reverse(name, args=[retro.pk]) for name in ("session_calendar", "session_move", "session_skip")]
    pages += [
        reverse(name, args=[alone.pair.pk])
        for name in (
            *("history_detail", "action_list", "agreement_list", "partnership_end", "session_create"),
            *("jot_list", "exercise_list"),
        )
    ]
    for url in pages:
        assert client_of(alone.mei).get(url).status_code == 200, url


def test_admins_and_leads_see_the_frame_of_a_pair_of_one(alone: Alone, cast: Cast) -> None:
    planned(alone)
    alone.ready(alone.mei)
    alone.pair.assign_lead(cast.sara, by=cast.ada)
    pages = [reverse(name) for name in ("schedule", "schedule_month", "schedule_load", "schedule_checks")]
    pages += [reverse(name, args=[alone.pair.pk]) for name in ("admin_partnership_dates", "admin_partnership_detail")]
    for url in pages:
        text = client_of(cast.ada).get(url).text
        assert SECRET not in text, url
    for url in (reverse("lead_list"), reverse("history_detail", args=[alone.pair.pk])):
        answer = client_of(cast.sara).get(url)
        assert (answer.status_code, SECRET in answer.text) == (200, False)


# --- what is next ------------------------------------------------------------------------------------------------


def test_the_one_address_of_a_pair_leads_to_what_is_next(alone: Alone) -> None:
    def leads(person: Person) -> str:
        answer = client_of(person).get(reverse("together", args=[alone.pair.pk]))
        assert answer.status_code == 302
        return answer["Location"]

    home, sitting = (
        reverse("partnership_detail", args=[alone.pair.pk]),
        reverse("session_detail", args=[alone.sitting.pk]),
    )
    assert leads(alone.mei) == sitting
    alone.ready(alone.mei)
    assert leads(alone.mei) == home
    leo = alone.accept("leo@example.org")
    assert leads(leo) == sitting
    retro = creation.start_now(alone.pair, by=leo, id=uuid.uuid4())
    assert leads(leo) == leads(alone.mei) == reverse("session_detail", args=[retro.pk])


def test_several_partnerships_say_whom_they_wait_for_and_what_is_open(alone: Alone, cast: Cast) -> None:
    PartnershipFactory.create(label="Search", a=alone.mei, b=cast.ines)
    text = unescape(client_of(alone.mei).get("/").text)
    assert "Waiting for leo@example.org." in text
    alone.accept("leo@example.org")
    assert "Dream Team is open now" in unescape(client_of(alone.mei).get("/").text)


def test_its_address_stands_on_home(alone: Alone) -> None:
    assert reverse("together", args=[alone.pair.pk]) in page(alone.mei, alone.pair)


def test_a_second_partnership_begins_from_any_page_of_the_first(cast: Cast) -> None:
    for name in ("partnership_detail", "action_list", "history_detail"):
        text = client_of(cast.ines).get(reverse(name, args=[cast.checkout.pk])).text
        assert f'href="{reverse("partnership_create")}"' in text


def test_a_mail_names_who_was_invited_while_the_seat_is_free(alone: Alone) -> None:
    def partner() -> str:
        own = Delivery(person=alone.mei)
        return About(own, timezone.now(), [alone.mei], session=alone.sitting).partner

    assert partner() == "leo@example.org"
    Invitation.objects.update(revoked_at=timezone.now())
    assert partner() == "your partner"
