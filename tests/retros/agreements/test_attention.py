"""A clause asks for a look: after a change that it is linked to was told of, or two cards that held the pair back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Clause, Person
from partnerships.refusals import Invalid, NotAllowed, Refusal
from partnerships.wording import Wording
from retros.agreements.due import DueAgreements
from retros.agreements.verbs import mention, put_into_agreement
from retros.models import ClauseLink, Entry, Session
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.agreements.adopted import ONE, TWO, in_force

pytestmark = pytest.mark.one_database

TOLD = "Something changed in “Career”: you said so in retro 1."
TWICE = "Came up as a “held us back” card 2 times."


@pytest.fixture
def contract(cast: Cast) -> Agreement:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    in_force(agreement, cast, ONE, TWO)
    return agreement


def page(person: Person, agreement: Agreement) -> str:
    client = client_of(person)
    return str(client.get(reverse("agreement_detail", args=[agreement.pk])).text)


def looks(cast: Cast, person: Person | None = None) -> list[str]:
    """What the home page says that clauses ask for."""
    read = DueAgreements(cast.checkout, person or cast.tom, timezone.localdate())
    return [look.why for look in read.needed if look.line]


def tell(session: Session, person: Person, *tags: str, only_me: bool = False) -> Entry:
    return play.Participant(person, session.pk).answer_again("change_tags", tags=list(tags), only_me=only_me)


def bad_card(cast: Cast, session: Session, text: str = "I waited") -> Entry:
    card = play.Participant(cast.ines, session.pk).fold(text, "bad")
    play.reveal(session, "write")
    card.refresh_from_db()
    return card


def test_a_linked_clause_asks_once_the_change_lies_open(cast: Cast, contract: Agreement) -> None:
    ClauseLink.set_tags(contract, ONE.line, ["career"], by=cast.ines)
    session = play.start(cast.checkout)
    tell(session, cast.ines, "career", "life")
    for person in (cast.ines, cast.tom):
        assert looks(cast, person) == []  # neither of them, before the reveal
        assert TOLD not in page(person, contract)
    play.reveal(session, "pulse")
    for person in (cast.ines, cast.tom):
        assert looks(cast, person) == [TOLD]
        assert page(person, contract).count(TOLD) == 1
    assert looks(cast, cast.mei) == []


def test_an_answer_for_me_alone_asks_nobody(cast: Cast, contract: Agreement) -> None:
    ClauseLink.set_tags(contract, ONE.line, ["career"], by=cast.ines)
    session = play.start(cast.checkout)
    tell(session, cast.ines, "career", only_me=True)
    play.reveal(session, "pulse")
    assert looks(cast, cast.ines) == looks(cast, cast.tom) == []


def test_what_was_told_before_the_link_or_of_something_else_counts_for_nothing(cast: Cast, contract: Agreement) -> None:
    session = play.start(cast.checkout)
    tell(session, cast.ines, "career")
    play.reveal(session, "pulse")
    ClauseLink.set_tags(contract, ONE.line, ["career", "company"], by=cast.ines)
    assert looks(cast) == []


def test_a_link_outlives_new_versions_and_ends_with_its_clause(cast: Cast, contract: Agreement) -> None:
    ClauseLink.set_tags(contract, ONE.line, ["career"], by=cast.ines)
    in_force(contract, cast, TWO, Wording("Tom answers the same day.", line=ONE.line))
    session = play.start(cast.checkout)
    tell(session, cast.tom, "career")
    play.reveal(session, "pulse")
    assert looks(cast) == [TOLD]
    in_force(contract, cast, TWO)
    assert looks(cast) == []


@pytest.mark.parametrize("how", ["clause", "whole", "proposed"])
def test_a_look_answers_it(cast: Cast, contract: Agreement, how: str) -> None:
    ClauseLink.set_tags(contract, ONE.line, ["career"], by=cast.ines)
    session = play.start(cast.checkout)
    tell(session, cast.tom, "career")
    play.reveal(session, "pulse")
    until = timezone.localdate() + timedelta(days=90)
    if how == "proposed":
        words = [Wording("The same day.", line=ONE.line), TWO]
        contract.propose(words, by=cast.ines, reason="R", base=contract.in_force, line=ONE.line)
    else:
        contract.still_true(by=cast.ines, until=until, line=ONE.line if how == "clause" else None)
    assert looks(cast) == []
    assert TOLD not in page(cast.tom, contract)


def test_the_links_are_set_as_a_whole(cast: Cast, contract: Agreement) -> None:
    for tags in (["life", "career"], ["career", "company"]):
        ClauseLink.set_tags(contract, ONE.line, tags, by=cast.tom)
    assert set(ClauseLink.objects.values_list("tag", flat=True)) == {"career", "company"}
    with pytest.raises(Invalid):
        ClauseLink.set_tags(contract, ONE.line, ["mood"], by=cast.tom)
    with pytest.raises(Refusal):
        ClauseLink.set_tags(contract, uuid.uuid4(), ["life"], by=cast.tom)
    with pytest.raises(NotAllowed):
        ClauseLink.set_tags(contract, ONE.line, ["life"], by=cast.mei)


def test_clause_link_update(cast: Cast, contract: Agreement) -> None:
    client = client_of(cast.tom)
    url = reverse("clause_link_update", args=[contract.pk, ONE.line])
    assert "When does this clause ask for a look?" in client.get(url).text
    client.post(url, {"tags": ["life", "company"]})
    assert "Asks for a look when something changes in: Life and hours, Company" in page(cast.ines, contract)
    assert 'value="company" autocomplete="off" checked' in client.get(url).text
    assert client.post(url, {"tags": "mood"}).status_code == 422
    client.post(url)
    assert not ClauseLink.objects.exists()


def test_two_cards_that_held_us_back_ask_for_a_look(cast: Cast, contract: Agreement) -> None:
    """Noted, or with other words: each counts. One does not; “still right” answers both."""
    session = play.start(cast.checkout)
    first = play.Participant(cast.tom, session.pk).fold("Again", "bad")
    good = play.Participant(cast.tom, session.pk).fold("It works", "good")
    second = bad_card(cast, session)
    for card in (first, first, good):
        card.refresh_from_db()
        mention(session, contract, by=cast.tom, line=ONE.line, entry=card)
    assert looks(cast) == []
    mention(session, contract, by=cast.ines, line=ONE.line, entry=second)
    assert looks(cast) == [TWICE]
    assert TWICE in page(cast.ines, contract)
    contract.still_true(by=cast.ines, until=timezone.localdate() + timedelta(days=9), line=ONE.line)
    assert looks(cast) == [f"You wanted to look at it by {_day(9)}. Is it still right?"]
    Clause.objects.update(review_on=None)
    assert looks(cast) == []


def test_two_proposals_from_cards_count_as_much(cast: Cast, contract: Agreement) -> None:
    session = play.start(cast.checkout)
    first = play.Participant(cast.tom, session.pk).fold("Again", "bad")
    cards = [first, bad_card(cast, session)]
    for n, card in enumerate(cards):
        card.refresh_from_db()
        words: dict[str, Any] = {"text": f"The same day, {n}.", "reason": "R", "line": ONE.line, "entry": card}
        version = put_into_agreement(session, contract, by=cast.ines, **words)
        version.sign(by=cast.tom, digest=version.digest)
        contract.reread()
    assert looks(cast) == [TWICE]


def test_only_an_open_card_of_our_own_comes_up(cast: Cast, contract: Agreement) -> None:
    session = play.start(cast.checkout)
    card = play.Participant(cast.ines, session.pk).fold("Folded", "bad")
    with pytest.raises(Refusal):
        mention(session, contract, by=cast.ines, line=ONE.line, entry=card)
    play.reveal(session, "write")
    card.refresh_from_db()
    for line, kind in ((None, Invalid), (uuid.uuid4(), Refusal)):
        with pytest.raises(kind):
            mention(session, contract, by=cast.ines, line=line, entry=card)
    foreign = Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Theirs")
    with pytest.raises(NotAllowed):
        mention(session, foreign, by=cast.ines, line=ONE.line, entry=card)
    assert not ClauseLink.objects.exists()


def test_a_clause_s_own_day_stands_on_the_home_page(cast: Cast, contract: Agreement) -> None:
    contract.still_true(by=cast.ines, until=timezone.localdate() + timedelta(days=3), line=TWO.line)
    (look,) = [look for look in DueAgreements(cast.checkout, cast.tom, timezone.localdate()).needed if look.line]
    assert (look.quote, look.line) == (TWO.text, TWO.line)


def _day(ahead: int) -> str:
    day = timezone.localdate() + timedelta(days=ahead)
    return f"{day.day} {day:%B}"
