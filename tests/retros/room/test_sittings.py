"""Guesses and surprises, the table of decisions, today beside wanted: written alone, opened together."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerships.models import Agreement, Person
from partnerships.refusals import Invalid, Refusal, Stale
from partnerships.wording import Wording
from retros import limits
from retros.agreements.verbs import sign_and_go_on, to_sign
from retros.models import Draft, Note, Presence, Prompt, Step, creation
from retros.room.decisions import name_decision, settle_decision
from retros.room.page import room_at
from retros.room.questions import PlaceRow, PlacesTable
from retros.room.steps.questions import Questions
from tests.cast import Cast, client_of
from tests.retros.play import Participant, Participants, reveal
from tests.retros.regions import regions, shown_in
from tests.world import HTMX

pytestmark = pytest.mark.one_database


@pytest.fixture
def two(cast: Cast) -> Participants:
    """The hands of Ines and Tom in a contract sitting."""
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Relaunch")
    session = creation.begin(agreement, by=cast.ines)
    return Participant(cast.ines, session.pk), Participant(cast.tom, session.pk)


def page(hands: Participant, position: int = 0) -> str:
    client = client_of(hands.person)
    return str(client.get(reverse("step_detail", args=[hands.session_id, position])).text)


def press(hands: Participant, name: str, *args: Any, **data: Any) -> Any:
    client = client_of(hands.person)
    return client.post(reverse(name, args=[hands.session_id, *args]), data, headers=HTMX)


def sign(hand: Participant, *, alone: bool = False) -> bool:
    """Press the dock of the last step, as the page shows it."""
    session = hand.session
    return sign_and_go_on(hand.step(1), by=hand.person, digest=to_sign(session, hand.person), alone=alone)


def signed(two: Participants) -> list[Wording]:
    """Both go on to the last step, sign there and are done; what is in force then."""
    for hand in two:
        hand.next(0)
    assert [sign(hand) for hand in two] == [False, True]
    in_force = agreement_of(two).in_force
    assert in_force is not None
    return in_force.wordings


# --- guesses ----------------------------------------------------------------------------------------------------------


def test_a_guess_stands_beside_what_the_other_one_wrote(two: Participants) -> None:
    ines, tom = two
    ines.answer("role_yours", "TOMSCOPE, I guess")
    tom.answer("role_mine", "TOMTESTS it is")
    tom.answer("unowned", "TOMSECRET", only_me=True)
    for hand, own, other in ((ines, "TOMSCOPE", "TOMTESTS"), (tom, "TOMTESTS", "TOMSCOPE")):
        assert own in page(hand)
        assert other not in page(hand)
    reveal(two[0].session, 0)
    for hand in two:
        shown = page(hand)
        under = shown[shown.index("TOMSCOPE") :].split("</section>")[0]
        assert "What Tom wrote" in under
        assert "TOMTESTS" in under
    assert "TOMSECRET" not in page(ines)


def test_a_guess_about_what_is_only_theirs_meets_nothing(two: Participants) -> None:
    ines, tom = two
    ines.answer("role_yours", "A guess")
    tom.answer("role_mine", "TOMSECRET", only_me=True)
    reveal(two[0].session, 0)
    assert "TOMSECRET" not in page(ines)
    assert "TOMSECRET" in page(tom)


def test_guesses_are_no_questions_of_their_own(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="dream_team", title="Us")
    hands = Participant(cast.ines, creation.begin(agreement, by=cast.ines).pk)
    assert "0 of 16 questions answered" in page(hands)
    assert Prompt.objects.filter(step__session=hands.session_id).exclude(beside="").count() == 2


def test_how_many_are_answered_is_told_anew_while_one_writes(two: Participants) -> None:
    ines, tom = two
    before = {}
    for hands in two:
        client = client_of(hands.person)
        page = client.get(reverse("step_detail", args=[hands.session_id, 0])).text
        before[hands.person.pk] = (client, {"step": "0", "shown": shown_in(page)})
    ines.answer("purpose", "Fewer refunds")
    for hands, told in ((ines, ["progress"]), (tom, [])):
        client, where = before[hands.person.pk]
        live = client.get(reverse("session_live", args=[hands.session_id]), where, headers=HTMX).text
        assert [each for each in regions(live) if each != "dock"] == told
        assert ("1 of 14 questions answered" in live) == bool(told)


def test_every_sitting_that_is_open_stands_on_the_home_page(two: Participants, cast: Cast) -> None:
    other = Agreement.begin(cast.checkout, by=cast.tom, kind="contract", title="Search")
    creation.begin(other, by=cast.tom)
    client = client_of(cast.ines)
    home = client.get(reverse("partnership_detail", args=[cast.checkout.pk])).text
    for title in ("Contract: Relaunch", "Contract: Search"):
        assert f'Answer the first question<span class="vh">: {title}' in home


# --- surprises --------------------------------------------------------------------------------------------------------


def test_a_surprise_is_a_line_for_both(two: Participants) -> None:
    ines, tom = two
    entry = tom.answer("purpose", "To learn")
    assert press(ines, "surprise_create", entry.pk, text="Oh", client_id=uuid.uuid4()).status_code == 404
    reveal(two[0].session, 0)
    assert "This surprised me" in page(ines)
    Draft.keep(f"surprise:{entry.pk}", "Half", version=0, by=ines.person)
    assert "Half</textarea>" in page(ines)
    assert "Half</textarea>" not in page(tom)
    key = uuid.uuid4()
    for _twice in range(2):
        answer = press(ines, "surprise_create", entry.pk, text="I thought money", client_id=key)
    assert "Ines was surprised" in answer.text
    assert "I thought money" in page(tom)
    (note,) = Note.objects.all()
    assert (note.kind, note.entry) == (Note.Kind.SURPRISED, entry)
    assert not Draft.objects.exclude(text="").exists()
    press(tom, "learning_update", note.pk, text="She thought money", version=note.version)
    assert "Ines was surprised" in page(tom)  # whoever wrote last
    assert press(tom, "surprise_create", entry.pk, text="Me", client_id=uuid.uuid4()).status_code == 422


def test_the_form_that_changes_a_sentence_is_called_after_it(two: Participants, cast: Cast) -> None:
    ines, tom = two
    entry, guess = tom.answer("purpose", "To learn"), tom.answer("role_yours", "Numbers")
    reveal(ines.session, 0)
    difference = creation.start_now(cast.checkout, by=cast.ines, template_key="difference", topic="Tests")

    def add(kind: str, to: Any) -> Note:
        note: Note = getattr(Note, kind)(to, by=ines.person, text=f"{kind} {to.pk}", id=uuid.uuid4())
        return note

    called = {
        add("surprise", entry): ("Edit sentence", "Ines was surprised"),
        add("surprise", guess): ("Edit sentence", "Ines corrected it"),
        add("learn", difference.steps[-1]): ("Edit decision", "What did you decide?"),
        add("learn", ines.step(1)): ("Edit sentence", "One sentence you can both keep to"),
    }
    for note, titles in called.items():
        address = reverse("learning_update", args=[note.step.session_id, note.pk])
        assert titles == tuple(re.findall(r">([^<>]+)</(?:h1|label)>", client_of(tom.person).get(address).text))
    assert "Sentence deleted" in press(tom, "learning_delete", note.pk).text


# --- decisions --------------------------------------------------------------------------------------------------------


def test_a_named_decision_is_for_both_its_place_is_not(two: Participants) -> None:
    ines, tom = two
    key = uuid.uuid4()
    for _twice in range(2):
        answer = press(ines, "decision_create", 0, text="Which features ship", client_id=key)
    assert "Which features ship" in answer.text
    ines.answer(f"decide_{key.hex}", value=1)
    assert "Which features ship" in page(tom)
    assert page(tom).count(" checked") == 0
    prompts = tom.step(0).prompts
    named = next(p for p in prompts if p.pk == key)
    assert (named.kind, named.named_by) == (Prompt.Kind.PLACE, ines.person)
    assert named.choices == next(p for p in prompts if p.key == "decide_scope").choices
    shown = page(tom)
    assert shown.index("The solution") < shown.index("Which features ship") < shown.index("who breaks the tie?")


@pytest.mark.both_databases
def test_both_name_decisions_at_once_and_neither_is_lost(two: Participants) -> None:
    stale = [hand.step(0) for hand in two]  # both loaded their pages before either pressed
    for hand, step in zip(two, stale, strict=True):
        name_decision(step, by=hand.person, title=f"By {hand.person.first_name}", id=uuid.uuid4())
    assert {"By Ines", "By Tom"} <= {p.title for p in two[0].step(0).prompts}


def test_which_decisions_cannot_be_named(two: Participants, cast: Cast) -> None:
    ines, tom = two
    for title in ("", "  ", "two\nlines", "x" * 121):
        with pytest.raises(Invalid):
            name_decision(ines.step(0), by=ines.person, title=title, id=uuid.uuid4())
    for n in range(limits.DECISIONS):
        name_decision(ines.step(0), by=ines.person, title=f"Number {n}", id=uuid.uuid4())
    with pytest.raises(Refusal):
        name_decision(tom.step(0), by=tom.person, title="One more", id=uuid.uuid4())
    with pytest.raises(Refusal):
        name_decision(ines.step(1), by=ines.person, title="Elsewhere", id=uuid.uuid4())
    taken = tom.step(0).prompts[0].pk
    assert name_decision(ines.step(0), by=ines.person, title="Twin", id=taken).title == "Purpose and success"
    ines.open_side(0)
    assert press(tom, "decision_create", 0, text="Too late", client_id=uuid.uuid4()).status_code == 409


def test_the_table_says_where_each_of_the_two_put_it(two: Participants) -> None:
    ines, tom = two
    for hand, scope, design in ((ines, 1, 3), (tom, 4, 3)):
        hand.answer("decide_scope", value=scope)
        hand.answer("decide_design", value=design)
    ines.answer("decide_date", value=2, only_me=True)
    reveal(two[0].session, 0)
    shown = page(tom)
    assert "Ines: Ines alone. Tom: Tom after asking Ines. 3 places apart." in shown
    assert "Both of you: Together." in shown
    assert "Neither of you has placed this." in shown  # what is only hers is as if it were not there
    assert "Ines: Ines after asking Tom. Tom has not placed this." in page(ines)


def test_what_is_agreed_becomes_a_sentence_and_then_a_clause(two: Participants) -> None:
    ines, tom = two
    scope = ines.prompt("decide_scope")
    assert press(ines, "decision_settle", scope.pk, value=3).status_code == 409  # before the reveal
    reveal(two[0].session, 0)
    for hand, value in ((ines, 3), (tom, 3), (tom, 2)):
        answer = press(hand, "decision_settle", scope.pk, value=value)
    assert "Scope: Ines after asking Tom." in answer.text
    (note,) = Note.objects.all()
    assert (note.text, note.kind, note.step.position) == ("Scope: Ines after asking Tom.", Note.Kind.LEARNED, 1)
    assert "Scope: Ines after asking Tom." in page(ines, 1)
    ines.note(note.pk).soft_delete(by=ines.person)
    assert settle_decision(tom.prompt("decide_scope"), by=tom.person, value=2).deleted_at is None
    assert [w.text for w in signed(two)] == ["Scope: Ines after asking Tom."]


def test_words_changed_by_hand_stay(two: Participants) -> None:
    ines, tom = two
    reveal(two[0].session, 0)
    note = settle_decision(ines.prompt("decide_scope"), by=ines.person, value=3)
    tom.note(note.pk).edit(by=tom.person, text="Scope: together, by Thursday.", version=note.version)
    assert press(ines, "decision_settle", ines.prompt("decide_scope").pk, value=1).status_code == 409
    assert Note.objects.get().text == "Scope: together, by Thursday."


@pytest.mark.parametrize(("key", "value"), [("purpose", 1), ("decide_scope", 9), ("decide_scope", "x")])
def test_only_a_place_of_a_decision_is_agreed_on(two: Participants, key: str, value: Any) -> None:
    reveal(two[0].session, 0)
    assert press(two[0], "decision_settle", two[0].prompt(key).pk, value=value).status_code == 422


def scope(hand: Participant) -> PlaceRow:
    """The first row of the table, as they see it."""
    room = room_at(hand.session, hand.person, 0)
    assert isinstance(room, Questions)
    (table,) = [block for block in room.blocks if isinstance(block, PlacesTable)]
    return table.rows[0]


@settings(max_examples=30)
@given(places=st.tuples(*[st.none() | st.integers(1, 5)] * 2), private=st.tuples(st.booleans(), st.booleans()))
def test_nobody_is_shown_a_place_that_is_not_open(
    two: Participants, places: tuple[int | None, int | None], private: tuple[bool, bool]
) -> None:
    """Whatever they choose: in the other one's table stands what was opened, and nothing before."""
    with transaction.atomic():
        for hand, value, only_me in zip(two, places, private, strict=True):
            if value:
                hand.answer("decide_scope", value=value, only_me=only_me)
        labels = dict(two[0].prompt("decide_scope").choices)
        for n, hand in enumerate(two):
            assert scope(hand).said == (f"You: {labels[str(places[n])]}." if places[n] else "Not placed by you.")
        reveal(two[0].session, 0)
        for n, hand in enumerate(two):
            shown = {str(side.seat): value for value, cell in enumerate(scope(hand).cells, 1) for side in cell}
            theirs = None if private[1 - n] else places[1 - n]
            assert [shown.get(seat) for seat in ("ab"[n], "ab"[1 - n])] == [places[n], theirs]
        transaction.set_rollback(True)


# --- today and wanted -------------------------------------------------------------------------------------------------


def test_today_stands_beside_wanted(cast: Cast) -> None:
    agreement = Agreement.begin(cast.search, by=cast.priya, kind="dream_team", title="Us")
    session = creation.begin(agreement, by=cast.priya)
    people: tuple[Person, Person] = (cast.priya, cast.daniel)
    priya, daniel = (Participant(person, session.pk) for person in people)
    priya.answer("led_today", value=1)
    priya.answer("led_wanted", value=3)
    daniel.answer("led_today", value=2)
    reveal(session, 0)
    shown = page(daniel)
    table = shown.split('<table class="places">')[1].split("</table>")[0]
    assert table.count("<tr") == 3  # the places, today, wanted
    assert "Priya: PM-led. Daniel: More PM. 1 place apart." in table
    assert "Priya: Even. Daniel has not placed this." in table
    assert "Agree on a place" not in shown
    assert shown.count('<table class="places">') == 2


# --- a sentence under each question ---------------------------------------------------------------------------------


def test_a_sentence_is_written_under_both_answers_by_either(two: Participants) -> None:
    ines, tom = two
    purpose = ines.prompt("purpose")
    assert press(ines, "sentence_update", purpose.pk, text="Early", version=0).status_code == 409  # before the reveal
    assert "One sentence you can both keep to" not in page(ines)
    reveal(two[0].session, 0)
    assert page(ines).count("One sentence you can both keep to") == page(tom).count("One sentence you can both keep to")
    Note.agree_on(purpose, by=ines.person, text="We ship on Thursdays.", version=0)
    assert "We ship on Thursdays." in page(tom)
    with pytest.raises(Stale) as both:
        Note.agree_on(tom.prompt("purpose"), by=tom.person, text="We ship on Fridays.", version=0)
    assert (both.value.mine, both.value.theirs) == ("We ship on Fridays.", "We ship on Thursdays.")
    Note.agree_on(tom.prompt("purpose"), by=tom.person, text="We ship on Fridays.", version=1)
    assert "We ship on Fridays." in page(ines, 1)
    assert [clause.text for clause in signed(two)] == ["We ship on Fridays."]


def test_a_sentence_that_was_emptied_is_none(two: Participants) -> None:
    ines, tom = two
    reveal(two[0].session, 0)
    Note.agree_on(ines.prompt("purpose"), by=ines.person, text="Early", version=0)
    Note.agree_on(tom.prompt("purpose"), by=tom.person, text="", version=1)
    assert to_sign(ines.session, ines.person) == ""
    assert "We are done here" in go_to_the_end(two)


@pytest.mark.parametrize("key", ["decide_scope", "role_yours"])
def test_a_place_and_a_guess_take_no_sentence(two: Participants, key: str) -> None:
    reveal(two[0].session, 0)
    with pytest.raises(Invalid):
        Note.agree_on(two[0].prompt(key), by=two[0].person, text="Together", version=0)


def go_to_the_end(two: Participants) -> str:
    for hand in two:
        hand.next(0)
    return page(two[0], 1)


# --- the last press signs --------------------------------------------------------------------------------------------


@pytest.fixture
def at_the_end(two: Participants) -> Participants:
    reveal(two[0].session, 0)
    Note.agree_on(two[0].prompt("purpose"), by=two[0].person, text="We ship on Thursdays.", version=0)
    go_to_the_end(two)
    return two


def agreement_of(two: Participants) -> Agreement:
    agreement = two[0].session.agreement
    assert agreement is not None
    return agreement


def test_the_dock_of_the_last_step_puts_the_sentences_into_the_agreement(at_the_end: Participants) -> None:
    ines, tom = at_the_end
    assert "Put them in our agreement, and sign" in page(ines, 1)
    digest = to_sign(ines.session, ines.person)
    assert press(ines, "step_next_create", 1, signs=digest).status_code == 200
    assert "You have signed these sentences. The agreement starts when Tom has, too." in page(ines, 1)
    assert "Ines has signed these sentences." in page(tom, 1)
    assert press(tom, "step_next_create", 1, signs=digest).status_code == 200
    assert tom.session.is_closed
    home = reverse("partnership_detail", args=[tom.session.partnership_id])
    assert f'href="{home}"> Back to your partnership' in re.sub(r">\s*", "> ", page(tom, 1).partition("<main")[2])
    assert agreement_of(at_the_end).number_in_force == 1


def test_pressed_twice_it_signs_once(at_the_end: Participants) -> None:
    ines, _tom = at_the_end
    digest = to_sign(ines.session, ines.person)
    for _twice in range(2):
        assert press(ines, "step_next_create", 1, signs=digest).status_code == 200
    assert len(agreement_of(at_the_end).all_versions) == 1
    assert not ines.session.is_closed


def test_nobody_signs_sentences_that_their_page_did_not_show(at_the_end: Participants) -> None:
    ines, tom = at_the_end
    shown = to_sign(tom.session, tom.person)
    Note.agree_on(ines.prompt("purpose"), by=ines.person, text="We ship on Fridays.", version=1)
    for digest in (shown, "", "x" * 64):
        assert press(tom, "step_next_create", 1, signs=digest).status_code == 409
    assert agreement_of(at_the_end).all_versions == []


def test_other_sentences_ask_the_first_one_again(at_the_end: Participants) -> None:
    ines, tom = at_the_end
    assert not sign(ines)
    Note.learn(tom.step(1), by=tom.person, text="And never on a Monday.", id=uuid.uuid4())
    assert not sign(tom)
    assert "Put them in our agreement, and sign" in page(ines, 1)
    assert not ines.session.is_closed
    assert sign(ines)
    in_force = agreement_of(at_the_end).in_force
    assert in_force is not None
    assert [clause.text for clause in in_force.wordings] == ["We ship on Thursdays.", "And never on a Monday."]


def test_no_signature_stands_over_words_that_changed(at_the_end: Participants) -> None:
    ines, tom = at_the_end
    assert not sign(ines)
    Note.agree_on(tom.prompt("purpose"), by=tom.person, text="We ship on Fridays.", version=1)
    assert "The words changed since you signed. They need both signatures once more." in page(ines, 1)
    assert "The words changed since Ines signed." in page(tom, 1)
    for hand in at_the_end:
        assert "signed these sentences" not in page(hand, 1)
        assert 'name="signs"' in page(hand, 1)
    assert "Waiting for Tom" not in page(ines, 1)
    assert not sign(ines)
    assert "You have signed these sentences." in page(ines, 1)
    assert sign(tom)


def test_what_is_in_force_is_not_said_of_sentences_that_changed_since(at_the_end: Participants) -> None:
    ines, tom = at_the_end
    assert not sign(ines)
    (version,) = agreement_of(at_the_end).all_versions
    assert version.sign(by=tom.person, digest=version.digest)
    assert "Your sentences are in the agreement. It is in force." in page(tom, 1)
    Note.learn(tom.step(1), by=tom.person, text="And never on a Monday.", id=uuid.uuid4())
    for hand in at_the_end:
        assert "It is in force" not in page(hand, 1)
        assert "The agreement keeps the earlier ones until you have both signed these." in page(hand, 1)


def test_going_on_alone_signs_too_and_home_says_that_it_waits(at_the_end: Participants, cast: Cast) -> None:
    ines, _tom = at_the_end
    Presence.objects.filter(session=ines.session_id).update(seen_at=timezone.now() - timedelta(hours=1))
    Step.objects.filter(session=ines.session_id).update(started_at=timezone.now() - timedelta(hours=1))
    assert sign(ines, alone=True)
    homes = {}
    for person in (cast.ines, cast.tom):
        client = client_of(person)
        homes[person] = unescape(client.get(reverse("partnership_detail", args=[cast.checkout.pk])).text)
    assert "You have signed this. It starts when you both have." in homes[cast.ines]
    assert "It waits for you." in homes[cast.tom]


def test_a_sitting_about_an_agreement_in_force_adds_its_sentences(at_the_end: Participants, cast: Cast) -> None:
    for hand in at_the_end:
        sign(hand)
    session = creation.begin(agreement_of(at_the_end), by=cast.tom)
    again = Participant(cast.ines, session.pk), Participant(cast.tom, session.pk)
    reveal(session, 0)
    Note.agree_on(again[1].prompt("purpose"), by=cast.tom, text="We say so the same day.", version=0)
    assert [clause.text for clause in signed(again)] == ["We ship on Thursdays.", "We say so the same day."]
    assert agreement_of(again).number_in_force == 2
