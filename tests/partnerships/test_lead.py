"""The noun: a lead. Assigned and ended by admins alone, never one of the two; the pair reads of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.utils import timezone

from partnerships.models import Lead, Look, Membership, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from tests.cast import Cast, make_cast, send_mails
from tests.factories import PartnershipFactory, PersonFactory
from tests.presses import AtOnce

pytestmark = pytest.mark.django_db


def test_an_admin_assigns_a_lead_once(cast: Cast) -> None:
    assert cast.checkout.assign_lead(cast.mei, by=cast.ada)
    assert cast.checkout.assign_lead(cast.mei, by=cast.ada) is False
    assert Lead.objects.get(person=cast.mei).assigned_by == cast.ada
    lines = Look.objects.of(cast.tom).filter(about=cast.mei)
    assert [(line.person, line.what) for line in lines] == [(cast.ada, Look.What.LEAD_ASSIGNED)]


def test_only_an_admin_assigns_and_ends(cast: Cast) -> None:
    former: Any = PersonFactory(name="Former admin", is_staff=True)
    type(former).objects.filter(pk=former.pk).update(is_active=False)
    for person in (cast.ines, cast.sara, cast.mei, former):
        with pytest.raises(NotAllowed):
            cast.checkout.assign_lead(cast.mei, by=person)
        with pytest.raises(NotAllowed):
            cast.checkout.end_lead(cast.sara, by=person)
    assert Lead.objects.filter(partnership=cast.checkout).count() == 1


def test_nobody_leads_the_own_partnership(cast: Cast) -> None:
    for person in (cast.ines, cast.tom):
        with pytest.raises(Refusal, match="members"):
            cast.checkout.assign_lead(person, by=cast.ada)


def test_an_admin_who_becomes_a_lead_is_a_lead_like_any_other(cast: Cast) -> None:
    cast.checkout.assign_lead(cast.ada, by=cast.ada)
    assert Look.objects.of(cast.ines).filter(person=cast.ada, about=cast.ada).count() == 1


@pytest.mark.parametrize("fault", ["archived", "deactivated"])
def test_nobody_new_leads_what_has_ended(cast: Cast, fault: str) -> None:
    if fault == "archived":
        Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=timezone.now())
    else:
        Person.objects.filter(pk=cast.mei.pk).update(is_active=False)  # since the request began
    with pytest.raises(Refusal):
        cast.checkout.assign_lead(cast.mei, by=cast.ada)


def test_ending_is_told_to_the_pair_and_done_once(cast: Cast) -> None:
    assert cast.checkout.end_lead(cast.sara, by=cast.ada)
    assert not cast.checkout.end_lead(cast.sara, by=cast.ada)
    assert Look.objects.of(cast.ines).filter(what=Look.What.LEAD_ENDED, about=cast.sara).count() == 1
    assert not Partnership.objects.led_by(cast.sara).filter(pk=cast.checkout.pk).exists()
    assert Partnership.objects.led_by(cast.sara).get() == cast.search


@pytest.mark.parametrize("what", [Look.What.LEAD_ASSIGNED, Look.What.LEAD_ENDED])
def test_both_members_are_told_by_mail(cast: Cast, what: str) -> None:
    """Also when the server is killed right after the commit: the mail stands beside what it tells of."""
    cast.checkout.assign_lead(cast.mei, by=cast.ada)
    if what == Look.What.LEAD_ENDED:
        send_mails()
        cast.checkout.end_lead(cast.mei, by=cast.ada)
    mail.outbox.clear()
    send_mails()
    send_mails()
    assert sorted(message.to[0] for message in mail.outbox) == [cast.ines.email, cast.tom.email]
    for message in mail.outbox:
        assert "Mei Tan" in message.subject
        assert "Checkout" in message.subject
        assert "http" in message.body


# --- looks ------------------------------------------------------------------------------------------------------------


def test_a_look_is_a_line_for_the_two_alone(cast: Cast) -> None:
    lead = Lead.objects.get(partnership=cast.checkout, person=cast.sara)
    with lead.opening() as look:
        look.shown = 2
    for person in (cast.ines, cast.tom):
        line = Look.objects.of(person)[0]
        assert (line.person, line.what, line.shown) == (cast.sara, Look.What.HISTORY, 2)
    for person in (cast.sara, cast.ada, cast.mei, cast.priya):
        assert not Look.objects.of(person).filter(partnership=cast.checkout).exists()


def test_what_cannot_be_written_down_is_not_served(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = Lead.objects.get(partnership=cast.checkout, person=cast.sara)

    def full(self: Look, *args: Any, **kwargs: Any) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr(Look, "save", full)
    served = False
    with pytest.raises(DatabaseError), transaction.atomic(), lead.opening():
        served = True  # prepared, and thrown away with the transaction
    assert served
    assert not Look.objects.filter(what=Look.What.HISTORY).exists()


def test_nothing_is_opened_by_a_lead_that_ended(cast: Cast) -> None:
    lead = Lead.objects.get(partnership=cast.checkout, person=cast.sara)
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    with pytest.raises(Lead.DoesNotExist), lead.opening():
        pass
    assert not Look.objects.filter(what=Look.What.HISTORY).exists()


# --- both at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_seat_and_a_lead_at_once() -> None:
    """One of the two wins, whichever: never is somebody the lead of the own partnership."""
    cast = make_cast()
    outcomes = set()
    with AtOnce() as at_once:
        for _round in range(15):
            pair: Partnership = PartnershipFactory.create(a=cast.ines)
            presses: list[Callable[[], Any]] = [
                partial(pair.take_seat, cast.mei, "b"), partial(pair.assign_lead, cast.mei, by=cast.ada)
            ]  # fmt: skip
            results = at_once.run(*presses)
            sits = Membership.objects.filter(partnership=pair, person=cast.mei).exists()
            leads = Lead.objects.filter(partnership=pair, person=cast.mei).exists()
            assert sits != leads
            assert [isinstance(result, Refusal) for result in results] == [not sits, not leads]
            outcomes.add(sits)
    assert outcomes
