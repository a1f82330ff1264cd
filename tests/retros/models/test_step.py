"""A step: ready, the reveal, one side alone, the next step, the clock."""

from __future__ import annotations

import pytest

from partnerships.refusals import NotAllowed, Refusal, Stale
from retros.models import Entry, Presence, Ready, Session
from tests.clock import Clock
from tests.retros.play import (
    CLOSE,
    CONCLUDE,
    LAST,
    LOOK_BACK,
    PULSE,
    WRITE,
    Pair,
    Participant,
    Participants,
    at,
    make_pair,
    reveal,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hands(pair: Pair, clock: Clock) -> tuple[Participant, Participant]:
    """Ines and Tom in a running retro, at the step of the cards."""
    session = pair.started()
    at(session, WRITE)
    return pair.hands(session)


# --- ready and reveal ------------------------------------------------------------------------------------------------


def test_the_second_ready_is_the_reveal(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("From Ines")
    tom.fold("From Tom", "bad")
    assert not ines.ready()
    assert (ines.sees(), tom.sees()) == ({"From Ines"}, {"From Tom"})
    assert tom.ready()
    assert ines.sees() == tom.sees() == {"From Ines", "From Tom"}
    assert ines.step(WRITE).is_revealed
    assert set(Entry.unrestricted.values_list("opened_version", flat=True)) == {1}


def test_ready_twice_is_ready_once(hands: Participants) -> None:
    ines, tom = hands
    ines.ready()
    before = tom.version()
    assert not ines.ready()
    assert Ready.objects.count() == 1
    assert tom.version() == before, "The second press showed Tom something."


def test_ready_with_nothing_written_is_allowed(hands: Participants) -> None:
    ines, tom = hands
    tom.fold("The only one")
    reveal(ines.session)
    assert ines.sees() == {"The only one"}


def test_ready_after_the_reveal_says_that_it_is_revealed(hands: Participants) -> None:
    ines, _tom = hands
    reveal(ines.session)
    assert ines.ready(digest="of an old page")


@pytest.mark.parametrize("change", ["fold", "edit", "move", "delete", "restore"])
@pytest.mark.parametrize("press", ["ready", "open_side"])
def test_ready_on_old_text_is_refused(hands: Participants, change: str, press: str) -> None:
    ines, tom = hands
    card = ines.fold("First words")
    if change == "restore":
        ines.entry(card.pk).soft_delete(by=ines.person)
    tom.ready()
    page = ines.digest()
    match change:
        case "fold":
            ines.fold("In another tab")
        case "edit":
            ines.entry(card.pk).edit(by=ines.person, text="Other words", version=1)
        case "move":
            ines.entry(card.pk).move(ines.prompt("bad"), by=ines.person)
        case "delete":
            ines.entry(card.pk).soft_delete(by=ines.person)
        case "restore":
            ines.entry(card.pk, deleted=True).restore(by=ines.person)
    with pytest.raises(Stale, match="Your text changed"):
        getattr(ines, press)(digest=page)
    assert tom.sees() == set()
    assert not ines.step(WRITE).side_open(ines.session.seat_of(ines.person))


def test_the_digest_is_of_the_pressers_own_cards_alone(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("Mine")
    page = ines.digest()
    tom.fold("His")
    ines.fold("Only me", only_me=True)
    assert ines.digest() == page
    assert not ines.ready(digest=page)


@pytest.mark.parametrize("change", ["fold", "edit", "move", "delete", "restore", "answer"])
def test_folded_work_takes_back_ones_own_ready(hands: Participants, change: str) -> None:
    ines, tom = hands
    card = ines.fold("First words")
    if change == "restore":
        ines.entry(card.pk).soft_delete(by=ines.person)
    position = PULSE if change == "answer" else WRITE
    ines.ready(position)
    before = tom.version()
    match change:
        case "fold":
            ines.fold("One more")
        case "edit":
            ines.entry(card.pk).edit(by=ines.person, text="Other words", version=1)
        case "move":
            ines.entry(card.pk).move(ines.prompt("bad"), by=ines.person)
        case "delete":
            ines.entry(card.pk).soft_delete(by=ines.person)
        case "restore":
            ines.entry(card.pk, deleted=True).restore(by=ines.person)
        case "answer":
            ines.answer("changed", "A new desk")
    assert not Ready.objects.exists()
    assert tom.version() == before + 1
    tom.ready(position)
    assert tom.sees() == set()


def test_the_partners_ready_stays(hands: Participants) -> None:
    ines, tom = hands
    tom.ready()
    ines.fold("One more")
    assert [mark.person for mark in Ready.objects.all()] == [tom.person]


def test_private_work_takes_back_nothing_and_is_seen_by_nobody(hands: Participants) -> None:
    ines, tom = hands
    own = ines.fold("Mine", only_me=True)
    answer = ines.answer("changed", "Mine too", only_me=True)
    ines.ready()
    ines.ready(PULSE)
    before = tom.version()
    ines.fold("Another", "bad", only_me=True)
    ines.entry(own.pk).edit(by=ines.person, text="Still mine", version=1)
    ines.entry(own.pk).move(ines.prompt("talk"), by=ines.person)
    ines.entry(own.pk).soft_delete(by=ines.person)
    ines.entry(own.pk, deleted=True).restore(by=ines.person)
    ines.answer("changed", "Mine and longer", version=answer.version, only_me=True)
    ines.answer("impacted", "New and mine", only_me=True)
    assert Ready.objects.count() == 2
    assert tom.version() == before
    assert ines.step(WRITE).folded_cards(ines.person) == 0
    tom.ready()
    tom.ready(PULSE)
    assert tom.sees() == set()
    assert ines.sees() == {"Still mine", "Another", "Mine and longer", "New and mine"}


@pytest.mark.parametrize("verb", ["edit", "move", "answer"])
def test_a_change_that_changes_nothing_takes_back_no_ready(hands: Participants, verb: str) -> None:
    """A retry that arrives after the Ready is no new text."""
    ines, tom = hands
    card = ines.fold("The words")
    answer = ines.answer("changed", "A new desk")
    ines.ready()
    ines.ready(PULSE)
    before = tom.version()
    match verb:
        case "edit":
            ines.entry(card.pk).edit(by=ines.person, text="The words", version=1)
        case "move":
            ines.entry(card.pk).move(ines.prompt("good"), by=ines.person)
        case "answer":
            ines.answer("changed", "A new desk", version=answer.version)
    assert Ready.objects.count() == 2
    assert tom.version() == before


def test_the_ready_can_be_taken_back_until_the_reveal(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("Mine")
    ines.ready()
    ines.unready()
    ines.unready()
    assert not tom.ready()
    assert tom.sees() == set()
    ines.ready()
    with pytest.raises(Refusal, match="stays open"):
        ines.unready()
    assert tom.sees() == {"Mine"}


def test_ready_seals_answers_and_unready_makes_them_drafts_again(hands: Participants) -> None:
    ines, tom = hands
    ines.answer("changed", "A new desk")
    tom.answer("changed", "Nothing")
    sealed = Entry.unrestricted.filter(sealed_at__isnull=False).values_list("text", flat=True)
    assert set(sealed.all()) == set()
    ines.ready(PULSE)
    assert set(sealed.all()) == {"A new desk"}
    ines.unready(PULSE)
    assert set(sealed.all()) == set()
    tom.ready(PULSE)
    ines.ready(PULSE)
    assert set(sealed.all()) == {"A new desk", "Nothing"}
    assert ines.sees() == tom.sees() == {"A new desk", "Nothing"}


def test_nothing_is_revealed_before_the_retro_has_started(pair: Pair) -> None:
    ines, tom = pair.hands(pair.planned())
    ines.fold("Written ahead")
    for verb in (ines.ready, ines.unready, ines.open_side, tom.next):
        with pytest.raises(Refusal, match="not started"):
            verb()
    assert tom.sees() == set()


@pytest.mark.parametrize("position", [LOOK_BACK, CONCLUDE])
def test_a_shared_step_is_never_folded(hands: Participants, position: int) -> None:
    ines, _tom = hands
    for verb in (ines.ready, ines.unready, ines.open_side):
        with pytest.raises(Refusal, match="open from the start"):
            verb(position)


def test_somebody_elses_ready_counts_for_nothing(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("Mine")
    ines.ready()
    mei = make_pair().ines
    step = ines.step(WRITE)
    for verb in (
        lambda: step.ready(by=mei, digest=step.digest(mei)),
        lambda: step.open_side(by=mei, digest=step.digest(mei)),
        lambda: step.unready(by=mei),
        lambda: step.ready_for_next(by=mei, alone=True),
        lambda: step.stay(by=mei),
        lambda: step.extend(5, by=mei, known=step.minutes),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert tom.sees() == set()
    assert [mark.person for mark in Ready.objects.all()] == [ines.person]


# --- one side alone --------------------------------------------------------------------------------------------------


def test_opening_my_side_opens_mine_alone(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("From Ines")
    ines.fold("Mine for ever", only_me=True)
    tom.fold("From Tom")
    ines.open_side()
    ines.open_side(digest="of an old page")
    assert tom.sees() == {"From Ines", "From Tom"}
    assert ines.sees() == {"From Ines", "Mine for ever"}
    with pytest.raises(Refusal, match="stays open"):
        ines.unready()
    assert tom.ready()
    assert ines.sees() == {"From Ines", "Mine for ever", "From Tom"}


def test_a_card_joins_an_open_side_open_and_takes_nothing_back(hands: Participants) -> None:
    ines, tom = hands
    ines.open_side()
    before = tom.version()
    late = ines.fold("Late")
    assert tom.version() == before + 1
    assert tom.sees() == {"Late"}
    assert late.opened_version == 1
    assert ines.step(WRITE).marked(Ready.Purpose.REVEAL, ines.person)
    tom.fold("Still folded")
    assert ines.sees() == {"Late"}


def test_opening_my_side_after_the_partners_ready_reveals_both(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("From Ines")
    ines.ready()
    tom.fold("From Tom")
    tom.open_side()
    assert ines.sees() == tom.sees() == {"From Ines", "From Tom"}


# --- the next step ---------------------------------------------------------------------------------------------------


def test_the_next_step_takes_both(hands: Participants, clock: Clock) -> None:
    ines, tom = hands
    reveal(ines.session)
    clock.pass_minutes(3)
    assert not ines.next()
    assert not ines.next()
    assert ines.session.position == WRITE
    assert tom.next()
    assert tom.session.position == CONCLUDE
    assert tom.step(CONCLUDE).started_at == clock.now


def test_a_late_press_moves_nobody_again(hands: Participants) -> None:
    ines, tom = hands
    reveal(ines.session)
    ines.next()
    tom.next()
    assert ines.next(WRITE)
    assert tom.next(WRITE)
    assert ines.session.position == CONCLUDE
    assert not Ready.objects.filter(step=ines.step(CONCLUDE)).exists()


def test_staying_takes_the_press_back(hands: Participants) -> None:
    ines, tom = hands
    reveal(ines.session)
    ines.next()
    ines.step(WRITE).stay(by=ines.person)
    ines.step(WRITE).stay(by=ines.person)
    assert not tom.next()
    assert tom.session.position == WRITE


def test_a_step_written_alone_is_left_together_only_after_the_reveal(hands: Participants) -> None:
    ines, tom = hands
    for person in (ines, tom):
        with pytest.raises(Refusal, match="Open this step first"):
            person.next()
    assert not Ready.objects.exists()


def test_a_step_that_was_left_folded_can_be_revealed_later(hands: Participants) -> None:
    ines, tom = hands
    ines.fold("Left behind")
    at(ines.session, CONCLUDE)
    reveal(ines.session, WRITE)
    assert tom.sees() == {"Left behind"}


def test_going_on_alone_after_five_minutes_never_opens_the_other_side(hands: Participants, clock: Clock) -> None:
    ines, tom = hands
    Presence.objects.update(seen_at=clock.now)
    ines.fold("From Ines")
    tom.fold("From Tom")
    ines.ready()
    clock.pass_minutes(4.9)
    Presence.objects.update(seen_at=clock.now)
    with pytest.raises(Refusal, match="a few minutes more"):
        ines.next(alone=True)
    clock.pass_minutes(0.1)
    Presence.objects.update(seen_at=clock.now)
    assert ines.next(alone=True)
    assert ines.session.position == CONCLUDE
    assert (ines.sees(), tom.sees()) == ({"From Ines"}, {"From Tom"})


def test_one_may_go_on_when_the_other_has_been_away_for_five_minutes(hands: Participants, clock: Clock) -> None:
    ines, _tom = hands
    Presence.objects.update(seen_at=clock.now)
    clock.pass_minutes(4.9)
    with pytest.raises(Refusal):
        ines.next(alone=True)
    clock.pass_minutes(0.1)
    assert ines.next(alone=True)


def test_the_wait_counts_from_the_ready_for_the_next_step_and_not_from_the_reveal(
    hands: Participants, clock: Clock
) -> None:
    """Twenty minutes into the talk nobody is carried off while the other still talks."""
    ines, tom = hands
    reveal(ines.session)
    clock.pass_minutes(20)
    Presence.objects.update(seen_at=clock.now)
    with pytest.raises(Refusal, match="a few minutes more"):
        ines.next(alone=True)
    assert not ines.next()
    clock.pass_minutes(5)
    Presence.objects.update(seen_at=clock.now)
    assert ines.next(alone=True)
    assert tom.session.position == CONCLUDE


def test_closing_alone_needs_the_same_wait(hands: Participants, clock: Clock) -> None:
    ines, tom = hands
    at(ines.session, LAST)
    Presence.objects.update(seen_at=clock.now)
    tom.answer("appreciation", "Kept to himself")
    with pytest.raises(Refusal):
        ines.next(LAST, alone=True)
    clock.pass_minutes(5)
    assert ines.next(LAST, alone=True)
    assert ines.session.is_closed
    assert ines.sees() == set()


# --- the clock -------------------------------------------------------------------------------------------------------


def test_the_clock_counts_whole_minutes_and_does_nothing_at_zero(hands: Participants, clock: Clock) -> None:
    ines, _tom = hands
    step = ines.step(WRITE)
    assert step.minutes_left(clock.now) == 25
    step.begin(clock.now)
    began = clock.now
    for minutes, left in ((0.5, 25), (1, 24), (24.5, 1), (25, 0), (25.5, 0), (27, -2)):
        clock.now = began
        clock.pass_minutes(minutes)
        assert ines.step(WRITE).minutes_left(clock.now) == left, minutes
    assert ines.session.is_running


def test_more_time_pressed_by_both_counts_once(hands: Participants) -> None:
    _ines, tom = hands
    known = tom.step(WRITE).minutes
    for one in hands:
        one.step(WRITE).extend(5, by=one.person, known=known)
    assert tom.step(WRITE).minutes == known + 5


def test_more_time_is_for_both_and_has_an_end(hands: Participants) -> None:
    ines, tom = hands
    before = tom.version()
    ines.step(WRITE).extend(5, by=ines.person, known=ines.step(WRITE).minutes)
    assert tom.step(WRITE).minutes == 30
    assert tom.version() == before + 1
    for _ in range(60):
        ines.step(WRITE).extend(5, by=ines.person, known=ines.step(WRITE).minutes)
    assert tom.step(WRITE).minutes == 240


def test_the_clock_starts_once(hands: Participants, clock: Clock) -> None:
    ines, _tom = hands
    step = ines.step(CLOSE)
    step.begin(clock.now)
    began = clock.now
    clock.pass_minutes(3)
    step.begin(clock.now)
    assert ines.step(CLOSE).started_at == began


# --- what an instance says after a verb ------------------------------------------------------------------------------


def test_the_same_instance_tells_the_truth_after_a_verb(hands: Participants) -> None:
    """Whoever renders the step that the verb was called on must not draw the state before it."""
    ines, _tom = hands
    step = ines.step(WRITE)
    assert step.marked(Ready.Purpose.REVEAL, ines.person) is None
    step.ready(by=ines.person, digest=step.digest(ines.person))
    assert step.marked(Ready.Purpose.REVEAL, ines.person)
    step.unready(by=ines.person)
    assert step.marked(Ready.Purpose.REVEAL, ines.person) is None
    at(ines.session, CONCLUDE)
    step = ines.step(CONCLUDE)
    assert step.marks == []
    step.ready_for_next(by=ines.person)
    assert step.marked(Ready.Purpose.NEXT, ines.person)
    step.stay(by=ines.person)
    assert step.marks == []
    assert Session.objects.get().position == CONCLUDE
