"""An experiment that helped becomes a clause with one press; agreements are looked at before the two part."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Clause, Version
from partnerships.refusals import NotAllowed, Refusal
from partnerships.wording import Wording
from retros.agreements.verbs import adopt
from retros.models import Action, ClauseOrigin, Session
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.agreements.adopted import ONE, close_of, in_force
from tests.world import HTMX

pytestmark = pytest.mark.one_database


@pytest.fixture
def tried(cast: Cast) -> Action:
    return play.agree(cast.checkout, "two weeks without the review", is_experiment=True, because="it is a habit")


@pytest.fixture
def session(cast: Cast, tried: Action) -> Session:
    Action.objects.update(created_at=timezone.now() - timedelta(days=60))
    return play.start(cast.checkout)


def contract_of(cast: Cast, title: str = "Relaunch") -> Agreement:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title=title)
    in_force(agreement, cast, ONE)
    return agreement


def test_one_press_makes_a_clause_with_its_outcome(cast: Cast, tried: Action, session: Session) -> None:
    contract = contract_of(cast)
    tom = client_of(cast.tom)
    url = reverse("step_detail", args=[session.pk, 0])
    offer = "It helped. Keep it as a clause?"
    assert offer not in tom.get(url).text
    review = reverse("review_update", args=[session.pk, tried.pk])
    said = {"verdict": "done", "helped": "helped", "remark": "Nobody missed it.", "version": 0}
    assert offer in tom.post(review, said, headers=HTMX).text
    press = reverse("review_clause", args=[session.pk, tried.pk])
    for _twice in range(2):
        answer = tom.post(press, {"agreement": contract.pk}, headers=HTMX)
    assert "Proposed for “Relaunch”" in answer.text
    contract.reread()
    (version,) = contract.proposals
    assert [w.text for w in version.wordings] == [ONE.text, "We keep to what we tried: two weeks without the review"]
    assert version.reason == "We tried it, and it helped.\nWe believed: it is a habit\nIt showed: Nobody missed it."
    assert version.signed_by(cast.tom)
    (origin,) = ClauseOrigin.objects.all()
    assert (origin.action, origin.session) == (tried, session)
    version.sign(by=cast.ines, digest=version.digest)
    assert adopt(tried, contract, by=cast.ines) == version  # in force: once more is no more
    page = tom.get(reverse("agreement_detail", args=[contract.pk])).text
    assert "two weeks without the review</p>" in page  # where it came from
    assert Version.objects.count() == 2


def test_action_clause(cast: Cast, tried: Action, session: Session) -> None:
    tried.review(session, by=cast.ines, verdict="done", helped="helped")
    ines = client_of(cast.ines)
    page = reverse("action_update", args=[tried.pk])
    assert "You have no agreement yet." in ines.get(page).text
    first, second = contract_of(cast), contract_of(cast, "Other")
    assert "Put it in “Relaunch”" in ines.get(page).text
    answer = ines.post(reverse("action_clause", args=[tried.pk]), {"agreement": second.pk})
    assert answer["Location"] == reverse("agreement_detail", args=[second.pk])
    text = ines.get(page).text
    assert "Proposed for “Other”" in text
    assert "Put it in “Other”" not in text
    assert "Put it in “Relaunch”" in text
    first.reread()
    assert first.proposals == []


def test_taken_back_it_can_be_proposed_anew(cast: Cast, tried: Action, session: Session) -> None:
    tried.review(session, by=cast.ines, verdict="done", helped="helped")
    contract = contract_of(cast)
    adopt(tried, contract, by=cast.tom).withdraw(by=cast.tom)
    contract.reread()
    again = adopt(tried, contract, by=cast.ines)
    assert again.is_waiting
    other_words = again.counter([ONE, Wording("No review.", line=again.line or uuid.uuid4())], by=cast.tom, reason="Q")
    contract.reread()
    assert adopt(tried, contract, by=cast.ines) == other_words


@pytest.mark.parametrize("said", [("done", "worse"), ("dropped", "helped"), ("going", "helped")])
def test_what_did_not_help_stays_an_action(cast: Cast, tried: Action, session: Session, said: tuple[str, str]) -> None:
    tried.review(session, by=cast.ines, verdict=said[0], helped=said[1])
    with pytest.raises(Refusal):
        adopt(tried, contract_of(cast), by=cast.ines)


def test_an_agreement_of_others_takes_none(cast: Cast, tried: Action, session: Session) -> None:
    tried.review(session, by=cast.ines, verdict="done", helped="helped")
    foreign = Agreement.begin(cast.search, by=cast.priya, kind="contract", title="Theirs")
    with pytest.raises(NotAllowed):
        adopt(tried, foreign, by=cast.ines)
    with pytest.raises(NotAllowed):
        adopt(tried, contract_of(cast), by=cast.mei)
    assert not ClauseOrigin.objects.exists()


# --- wrap-up ----------------------------------------------------------------------------------------------------------


def test_what_needs_a_look_stands_at_wrap_up(cast: Cast) -> None:
    contract = contract_of(cast)
    contract.still_true(by=cast.ines, until=timezone.localdate() + timedelta(days=3), line=ONE.line)
    later = contract.propose([ONE, Wording("No mail at night.")], by=cast.tom, reason="R", base=contract.in_force)
    later.defer(by=cast.ines)
    session = close_of(cast)
    tom = client_of(cast.tom)
    url = reverse("step_detail", args=[session.pk, 4])
    page = tom.get(url).text
    for words in ("Agreements that need a look", "You wanted to talk about it in the retro.", ONE.text):
        assert words in page
    look = reverse("look_create", args=[session.pk, contract.pk])
    before = session.version_for(session.seat_of(cast.ines))
    answer = tom.post(look, {"line": str(ONE.line)}, headers=HTMX)
    assert "Still right: Tom answers" not in answer.text.replace('<span class="vh">', "")
    assert "You wanted to look at it by" not in answer.text
    session.refresh_from_db()
    assert session.version_for(session.seat_of(cast.ines)) > before  # her page follows
    assert (Clause.objects.get(line=ONE.line, version__number=1).review_on or timezone.localdate()) > (
        timezone.localdate() + timedelta(days=60)
    )
    later.withdraw(by=cast.tom)
    assert "Agreements that need a look" not in tom.get(url).text


def test_the_room_of_one_pair_keeps_no_agreement_of_another(cast: Cast) -> None:
    session = close_of(cast)
    cast.search.memberships.filter(person=cast.priya).update(person=cast.ines)
    foreign = Agreement.begin(cast.search, by=cast.ines, kind="contract", title="Other pair")
    ines = client_of(cast.ines)
    assert ines.post(reverse("look_create", args=[session.pk, foreign.pk])).status_code == 403


def test_a_held_retro_asks_for_no_look(cast: Cast) -> None:
    session = close_of(cast)
    contract = contract_of(cast)
    contract.still_true(by=cast.ines, until=timezone.localdate() + timedelta(days=3))
    play.reveal(session, "close")
    play.go_on(session, "close")
    tom = client_of(cast.tom)
    assert "Agreements that need a look" not in tom.get(reverse("step_detail", args=[session.pk, 4])).text
    assert tom.post(reverse("look_create", args=[session.pk, contract.pk])).status_code == 409
