"""From the room into the agreements, over the engine and over HTTP."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.urls import reverse

from partnerships.models import Agreement, Person, Version
from partnerships.wording import Wording
from retros.agreements.verbs import put_into_agreement, to_sign
from retros.models import ClauseOrigin, Entry, Note, Session, creation
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.agreements.adopted import ONE, TWO, close_of, in_force

pytestmark = pytest.mark.one_database


def press(person: Person, name: str, *args: Any, status: int = 302, **data: Any) -> Any:
    answer = client_of(person).post(reverse(name, args=args), data)
    assert answer.status_code == status, answer.content.decode()
    return answer


@pytest.fixture
def session(cast: Cast) -> Session:
    press(cast.ines, "dream_team_create", cast.checkout.pk, short="1")
    return Session.objects.get(kind=Session.Kind.DREAM_TEAM)


def test_the_quick_dream_team_becomes_an_agreement_when_both_signed(cast: Cast, session: Session) -> None:
    assert len(session.steps[0].prompts) == 3
    prompt = session.steps[0].prompts[0]
    press(cast.ines, "answer_update", session.pk, prompt.pk, text="INESBEST in the mornings", version=0)
    page = client_of(cast.tom).get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    assert "INESBEST" not in page
    play.reveal(session, 0)
    page = client_of(cast.tom).get(reverse("step_detail", args=[session.pk, 0])).content.decode()
    assert "INESBEST" in page
    for line in ("We talk in the mornings.", "We say so the same day."):
        press(cast.tom, "learning_create", session.pk, 1, text=line, client_id=uuid.uuid4())
    for person in (cast.ines, cast.tom):
        press(person, "step_next_create", session.pk, 0)
    press(cast.tom, "step_next_create", session.pk, 1, signs=to_sign(Session.objects.get(), cast.tom))
    agreement = Agreement.objects.get()
    assert agreement.in_force is None
    (version,) = agreement.proposals
    assert [w.text for w in version.wordings] == ["We talk in the mornings.", "We say so the same day."]
    assert ClauseOrigin.objects.get().session == session
    version.sign(by=cast.ines, digest=version.digest)
    agreement.reread()
    assert agreement.in_force is not None
    assert agreement.in_force.number == 1


def test_beginning_it_twice_is_beginning_it_once(cast: Cast, session: Session) -> None:
    press(cast.tom, "dream_team_create", cast.checkout.pk)
    assert Session.objects.filter(kind=Session.Kind.DREAM_TEAM).count() == Agreement.objects.count() == 1


def test_a_card_changes_a_clause(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Payments")
    first = agreement.propose([Wording("Tom answers within a day.")], by=cast.ines, reason="")
    first.sign(by=cast.tom, digest=first.digest)
    retro = play.start(cast.checkout)
    prompt = next(p for p in retro.steps[2].prompts if p.key == "bad")
    prompt.step.session = retro
    card = Entry.fold(prompt, by=cast.ines, text="I waited three days", client_id=uuid.uuid4())
    line = first.wordings[0].line
    data: dict[str, Any] = {
        "client_id": uuid.uuid4(),
        "agreement": agreement.pk,
        "line": line,
        "text": "The same day.",
        "reason": "Waits",
    }
    press(cast.ines, "entry_clause", retro.pk, card.pk, status=409, **data)  # it is folded still
    press(cast.tom, "entry_clause", retro.pk, card.pk, status=404, **data)
    play.reveal(retro, 2)
    assert (
        "I waited three days"
        in client_of(cast.tom).get(reverse("entry_clause", args=[retro.pk, card.pk])).content.decode()
    )
    press(cast.ines, "entry_clause", retro.pk, card.pk, **data)
    press(cast.ines, "entry_clause", retro.pk, card.pk, **data)  # a retry proposes nothing twice
    agreement.reread()
    (proposal,) = agreement.proposals
    assert proposal.wordings[0].text == "The same day."
    assert proposal.line == line
    for person, state in (
        (cast.tom, "Ines has signed it. It starts when you have, too."),
        (cast.ines, "You have signed it. It starts when Tom has, too."),
    ):
        table = client_of(person).get(reverse("step_detail", args=[retro.pk, 2])).content.decode()
        assert table.index("The same day.") < table.index(state)
    home = client_of(cast.tom).get(reverse("partnership_detail", args=[cast.checkout.pk])).content.decode()
    assert "Agreements that need a look" in home
    assert "The same day." in home
    sign = reverse("proposal_sign", args=[retro.pk, 2, proposal.pk])
    for person, can_sign in ((cast.tom, True), (cast.ines, False)):
        table = client_of(person).get(reverse("step_detail", args=[retro.pk, 2])).content.decode()
        assert (f'formaction="{sign}"' in table) is can_sign
    press(cast.tom, "proposal_sign", retro.pk, 2, proposal.pk, digest="another text", status=409)
    version = Session.objects.get(pk=retro.pk).version_for(retro.seat_of(cast.ines))
    answer = press(cast.tom, "proposal_sign", retro.pk, 2, proposal.pk, digest=proposal.digest)
    assert answer["Location"] == reverse("step_detail", args=[retro.pk, 2])
    assert Session.objects.get(pk=retro.pk).version_for(retro.seat_of(cast.ines)) > version  # her page follows
    table = client_of(cast.tom).get(answer["Location"]).content.decode()
    assert "You have both signed it." in table
    assert f'formaction="{sign}"' not in table
    page = client_of(cast.tom).get(reverse("agreement_detail", args=[agreement.pk])).content.decode()
    assert "I waited three days" in page
    assert reverse("step_detail", args=[retro.pk, 2]) in page
    (origin,) = ClauseOrigin.of([agreement], cast.tom)
    assert origin.card == card
    assert ClauseOrigin.of([agreement], cast.mei) == []


def test_the_words_of_the_chosen_clause_are_there_to_go_on_from(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Payments")
    first = in_force(agreement, cast, ONE, TWO)
    retro = play.start(cast.checkout)
    card = play.Participant(cast.ines, retro.pk).fold("I waited three days")
    play.reveal(retro)
    address = reverse("entry_clause", args=[retro.pk, card.pk])

    def page(**query: str) -> str:
        return client_of(cast.ines).get(address, query).text.partition("<main")[2]

    def box(text: str) -> str:
        return text.partition('name="text"')[2].partition(">")[2].partition("</textarea>")[0].strip()

    chosen = f'href="?line={TWO.line}"'
    for nobodys in ({}, {"line": "nonsense"}, {"line": str(uuid.uuid4())}):
        assert chosen in page(**nobodys)
        assert box(page(**nobodys)) == ""
    text = page(line=str(TWO.line))
    assert box(text) == TWO.text
    assert text.index("Clause 2, in force now") < text.index(TWO.text)
    assert f'name="version" value="{first.pk}"' in text

    key = uuid.uuid4()
    data: dict[str, Any] = {"agreement": agreement.pk, "line": TWO.line, "text": "Wednesday is.", "version": first.pk}
    for signs in (True, False):  # sent again, because its answer was lost, when it is in force already
        press(cast.ines, "entry_clause", retro.pk, card.pk, client_id=key, **data)
        if signs:
            proposal = Version.objects.get(pk=key)
            assert proposal.sign(by=cast.tom, digest=proposal.digest)
    data["text"] = f"{TWO.text} And Friday."
    in_force(agreement, cast, ONE, replace(TWO, text="Friday is sketch hour."))
    refused = press(cast.ines, "entry_clause", retro.pk, card.pk, status=409, client_id=uuid.uuid4(), **data)
    assert "This clause changed in between." in refused.text
    assert f"{TWO.text} And Friday." in refused.text
    assert agreement.in_force is not None
    for line, seen in ((ONE.line, first.pk), (TWO.line, agreement.in_force.pk), ("", first.pk)):
        sent = {**data, "line": line, "version": seen, "text": f"New {line}"}
        press(cast.ines, "entry_clause", retro.pk, card.pk, client_id=uuid.uuid4(), **sent)


def test_what_is_said_of_a_proposal_holds_when_both_have_signed_it(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Payments")
    retro = close_of(cast)
    note = Note.learn(retro.steps[3], by=cast.ines, text="Silence is an answer.", id=uuid.uuid4())
    client = client_of(cast.ines)
    data = {"client_id": uuid.uuid4(), "agreement": agreement.pk, "text": "We say so."}
    place = client.post(reverse("learning_clause", args=[retro.pk, note.pk]), data)["Location"]
    assert "starts when you have both" not in client.get(place).text


def test_the_wrap_up_and_the_paper_say_what_went_into_an_agreement(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Payments")
    in_force(agreement, cast, ONE)
    retro = close_of(cast)
    assert "Nothing this time." in agreed_at(cast.tom, retro)
    version = put_into_agreement(retro, agreement, by=cast.ines, text="The same day.", reason="", line=ONE.line)
    put_into_agreement(retro, agreement, by=cast.tom, text="Taken back.", reason="").withdraw(by=cast.tom)
    for signs, state, paper in (
        (False, "Ines has signed it. It starts when you have, too.", "It waits for the signature of: Tom Lindqvist"),
        (True, "You have both signed it.", "Signed by both."),
    ):
        if signs:
            press(cast.tom, "proposal_sign", retro.pk, 4, version.pk, digest=version.digest)
            play.reveal(retro, "close")
            play.go_on(retro, "close")
        agreed = agreed_at(cast.tom, retro)
        assert agreed.index("The same day.") < agreed.index(state)
        for nothing in ("Nothing this time.", "Taken back."):
            assert nothing not in agreed
        for person in (cast.ines, cast.tom):
            printed = client_of(person).get(reverse("session_print", args=[retro.pk])).text
            assert printed.index("The same day.") < printed.index("Payments") < printed.index(paper)
            assert "Taken back." not in printed
    assert Session.objects.get(pk=retro.pk).is_closed


def agreed_at(person: Person, retro: Session) -> str:
    """What the wrap-up says that they agreed to."""
    page = client_of(person).get(reverse("step_detail", args=[retro.pk, 4])).text
    return page.partition('id="agreed"')[2].partition('id="looks"')[0]


def test_a_dream_team_sitting_leaves_the_retro_alone(cast: Cast, session: Session) -> None:
    retro = creation.start_now(cast.checkout, by=cast.tom)
    assert retro.pk != session.pk
    assert retro.title == "Retro 1"


@pytest.mark.parametrize("who", ["mei", "sara", "ada", "priya"])
def test_nobody_else_gets_there(cast: Cast, session: Session, who: str) -> None:
    person = getattr(cast, who)
    agreement = Agreement.objects.get()
    press(person, "dream_team_create", cast.checkout.pk, status=404)
    press(person, "agreement_session", agreement.pk, status=404)
    press(person, "sentence_update", session.pk, session.steps[0].prompts[0].pk, status=404)
