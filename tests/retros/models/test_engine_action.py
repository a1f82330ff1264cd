"""An action: agreed, changed, finished, reviewed at a later retro."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from partnerships.models import Partnership
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros.access import get_action
from retros.models import Action, Draft, Review, creation
from tests.factories import PersonFactory
from tests.retros.play import LAST, Pair, Participant, Participants, at, make_pair, reveal

pytestmark = pytest.mark.django_db

DUE = date(2027, 2, 1)


def agree(pair: Pair, text: str = "Sketch together on Mondays", owners: tuple[str, ...] = ("a",), **fields: Any):
    fields = {"by": pair.ines, "id": uuid.uuid4(), "due": DUE, **fields}
    return Action.agree(pair.partnership, text=text, owners=list(owners), **fields)


def stored(action: Action) -> Action:
    return Action.objects.get(pk=action.pk)


def test_an_action_has_one_owner_and_a_both_becomes_two(pair: Pair) -> None:
    (one,) = agree(pair)
    assert (one.owner, one.due, one.is_open) == (pair.ines, DUE, True)
    both = agree(pair, owners=("b", "a"))
    assert [action.owner for action in both] == [pair.ines, pair.tom]
    assert len(agree(pair, owners=("a", "a"))) == 1
    assert Action.objects.count() == 4


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"text": " "}, "Say what it is"), ({"due": None}, "Pick a date"), ({"owners": ()}, "who takes it"),
     ({"owners": ("c",)}, "who takes it"), ({"text": "x" * 10_001}, "too many"), ({"because": "\x00"}, "not text")],
)  # fmt: skip
def test_without_words_an_owner_or_a_date_it_is_none(pair: Pair, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        agree(pair, **fields)
    assert not Action.objects.exists()


def test_a_retry_adds_nothing_and_another_text_is_a_conflict(pair: Pair) -> None:
    key = uuid.uuid4()
    first = agree(pair, owners=("a", "b"), id=key)
    assert agree(pair, owners=("a", "b"), id=key) == first
    with pytest.raises(Stale) as stale:
        agree(pair, "Something else", owners=("a", "b"), id=key)
    assert (stale.value.mine, stale.value.theirs) == ("Something else", "Sketch together on Mondays")
    assert Action.objects.count() == 2


def test_another_pairs_key_is_refused_and_says_no_more(pair: Pair) -> None:
    (theirs,) = agree(make_pair())
    with pytest.raises(Refusal) as refusal:
        agree(pair, id=theirs.pk)
    assert not isinstance(refusal.value, Stale)
    assert Action.objects.count() == 1


def test_an_action_from_a_card_needs_an_open_card_of_that_session(pair: Pair) -> None:
    """The action is shared at once, and says which column it came from."""
    session = pair.started()
    ines, tom = pair.hands(session)
    folded, private = ines.fold("Folded"), ines.fold("Mine", only_me=True)
    for card in (folded, private):
        with pytest.raises(Refusal, match="not open"):
            agree(pair, session=ines.session, entry=ines.entry(card.pk))
    assert not Action.objects.exists()
    reveal(ines.session)
    (action,) = agree(pair, session=tom.session, by=pair.tom, entry=tom.entry(folded.pk))
    assert stored(action).from_entry_id == folded.pk


def test_inside_the_room_both_are_told(pair: Pair) -> None:
    ines, tom = pair.hands(pair.started())
    before = tom.version()
    (action,) = agree(pair, session=ines.session)
    action.edit(by=pair.ines, version=1, text="Sketch", due=DUE, owner="b", session=ines.session)
    action.soft_delete(by=pair.ines, session=ines.session)
    action.restore(by=pair.ines, session=ines.session)
    assert tom.version() == before + 4


def test_the_room_of_another_pair_changes_nothing_here(pair: Pair) -> None:
    other = make_pair()
    other.partnership.memberships.filter(seat="b").delete()
    other.partnership.take_seat(pair.ines, "b")  # Ines has two partners, and so two rooms
    elsewhere = creation.start_now(other.partnership, by=pair.ines)
    (action,) = agree(pair)
    for verb in (
        lambda: action.review(elsewhere, by=pair.ines, verdict="done"),
        lambda: action.edit(by=pair.ines, version=1, text="x", due=DUE, owner="a", session=elsewhere),
        lambda: action.soft_delete(by=pair.ines, session=elsewhere),
        lambda: agree(pair, session=elsewhere),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert not Review.objects.exists()
    assert Action.objects.get().text == "Sketch together on Mondays"


def test_an_edit_carries_a_version(pair: Pair) -> None:
    (action,) = agree(pair)
    mine, his = stored(action), stored(action)
    mine.edit(by=pair.ines, version=1, text="Sketch on Tuesdays", due=DUE, owner="b")
    with pytest.raises(Stale) as stale:
        his.edit(by=pair.tom, version=1, text="Sketch on Fridays", due=DUE, owner="a")
    assert (stale.value.mine, stale.value.theirs, stale.value.version) == (
        "Sketch on Fridays", "Sketch on Tuesdays", 2,
    )  # fmt: skip
    his.edit(by=pair.tom, version=1, text="Sketch on Tuesdays", due=DUE, owner="b")
    assert (stored(action).version, stored(action).owner) == (2, pair.tom)


@pytest.mark.parametrize(("field", "value"), [("due", date(2027, 3, 1)), ("owner", "b"), ("cue", "If it rains")])
def test_a_change_of_date_owner_or_cue_is_no_less_a_change(pair: Pair, field: str, value: object) -> None:
    (action,) = agree(pair)
    same: dict[str, Any] = {"text": action.text, "due": DUE, "owner": "a"}
    stored(action).edit(by=pair.ines, version=1, **{**same, field: value})
    with pytest.raises(Stale):
        stored(action).edit(by=pair.tom, version=1, **{**same, "text": "Other words"})


def test_finishing_twice_is_finishing_once(pair: Pair) -> None:
    (action,) = agree(pair)
    stored(action).finish(by=pair.ines, helped="helped")
    Action.objects.update(closed_on=date(2026, 1, 1))
    stored(action).finish(by=pair.tom)
    assert (stored(action).closed_as, stored(action).helped, stored(action).closed_on) == (
        "done", "helped", date(2026, 1, 1),
    )  # fmt: skip
    stored(action).reopen(by=pair.tom)
    assert (stored(action).is_open, stored(action).helped, stored(action).closed_on) == (True, "", None)


def test_deleted_is_gone_for_both_until_one_brings_it_back(pair: Pair) -> None:
    (action,) = agree(pair)
    stored(action).soft_delete(by=pair.ines)
    for person in (pair.ines, pair.tom):
        with pytest.raises(Http404):
            get_action(person, action.pk)
    get_action(pair.tom, action.pk, deleted=True).restore(by=pair.tom)
    assert get_action(pair.ines, action.pk)


def test_nobody_else_reads_or_writes_actions(pair: Pair) -> None:
    (action,) = agree(pair)
    lead, mei = PersonFactory.create(is_staff=True), make_pair().ines
    pair.partnership.assign_lead(lead, by=lead)
    for person in (lead, mei):
        with pytest.raises(Http404):
            get_action(person, action.pk)
        with pytest.raises(Http404):
            get_action(person, action.pk, deleted=True)
        for verb in (
            lambda p=person: action.edit(by=p, version=1, text="Mine", due=DUE, owner="a"),
            lambda p=person: action.finish(by=p),
            lambda p=person: action.reopen(by=p),
            lambda p=person: action.soft_delete(by=p),
            lambda p=person: action.restore(by=p),
            lambda p=person: agree(pair, by=p),
        ):
            with pytest.raises(NotAllowed):
                verb()
    assert (stored(action).text, stored(action).is_open) == ("Sketch together on Mondays", True)
    assert Action.objects.count() == 1


def test_an_ended_partnership_reads_its_actions_and_changes_none(pair: Pair) -> None:
    (action,) = agree(pair)
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    with pytest.raises(NotAllowed):
        action.finish(by=pair.ines)
    assert get_action(pair.ines, action.pk).is_open


# --- at the next retro -----------------------------------------------------------------------------------------------


@pytest.fixture
def room(pair: Pair) -> tuple[Participant, Participant]:
    return pair.hands(pair.started())


def test_one_review_for_each_session_and_a_mind_can_change(pair: Pair, room: Participants) -> None:
    ines, tom = room
    (action,) = agree(pair)
    before = tom.version()
    stored(action).review(ines.session, by=pair.ines, verdict="done", helped="helped")
    assert tom.version() == before + 1
    assert (stored(action).closed_as, stored(action).helped) == ("done", "helped")
    stored(action).review(tom.session, by=pair.tom, verdict="going")
    assert (stored(action).is_open, stored(action).carried, stored(action).closed_on) == (True, 1, None)
    assert Review.objects.get().verdict == "going"


def test_what_is_carried_over_twice_has_outlived_itself(pair: Pair) -> None:
    (action,) = agree(pair)
    for times in (1, 2):
        session = pair.started()
        for _press in range(2):
            stored(action).review(session, by=pair.ines, verdict="going", due=date(2027, 4, times))
        assert (stored(action).carried, stored(action).outlived) == (times, times == 2)
        at(session, LAST)
    assert stored(action).due == date(2027, 4, 2)


def test_the_review_of_the_one_is_not_overwritten_by_the_other(pair: Pair, room: Participants) -> None:
    ines, tom = room
    (action,) = agree(pair)
    stored(action).review(ines.session, by=pair.ines, verdict="going", remark="No time before the launch")
    with pytest.raises(Stale) as stale:
        stored(action).review(tom.session, by=pair.tom, verdict="dropped", remark="We never wanted it")
    assert (stale.value.mine, stale.value.theirs, stale.value.version) == (
        "We never wanted it", "No time before the launch", 1,
    )  # fmt: skip
    assert stored(action).is_open
    stored(action).review(tom.session, by=pair.tom, verdict="dropped", remark="We never wanted it", version=1)
    assert (Review.objects.get().remark, stored(action).closed_as) == ("We never wanted it", "dropped")


def test_a_verdict_without_a_remark_leaves_the_remark(pair: Pair, room: Participants) -> None:
    ines, tom = room
    (action,) = agree(pair)
    stored(action).review(ines.session, by=pair.ines, verdict="going", remark="No time")
    stored(action).review(tom.session, by=pair.tom, verdict="done")
    assert (Review.objects.get().remark, Review.objects.get().verdict) == ("No time", "done")
    stale_and_empty = stored(action).review(tom.session, by=pair.tom, verdict="done", remark="", version=0)
    assert (Review.objects.get().remark, stale_and_empty) == ("No time", 0)
    stored(action).review(tom.session, by=pair.tom, verdict="done", remark="", version=2)
    assert Review.objects.get().remark == ""


def test_a_review_with_a_new_date_makes_an_older_edit_stale(pair: Pair, room: Participants) -> None:
    ines, _tom = room
    (action,) = agree(pair)
    stored(action).review(ines.session, by=pair.ines, verdict="going", due=date(2027, 5, 1))
    with pytest.raises(Stale):
        stored(action).edit(by=pair.tom, version=1, text=action.text, due=DUE, owner="b")


def test_drafts_of_an_action_go_with_it(pair: Pair) -> None:
    Draft.keep(f"action:{pair.partnership.pk}", "Sketch toge", version=0, by=pair.ines)
    agree(pair)
    assert not Draft.of(pair.ines, [f"action:{pair.partnership.pk}"])
