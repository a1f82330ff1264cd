"""An entry: folded, edited, moved, deleted, restored; an answer; picked, put on the table."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone

from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros import limits
from retros.models import Draft, Entry, EntryRevision, Pick, Ready
from tests.factories import PersonFactory
from tests.retros.play import PULSE, WRITE, Pair, Participant, Participants, make_pair, reveal

pytestmark = pytest.mark.django_db


def row(entry: Entry) -> Entry:
    return Entry.unrestricted.get(pk=entry.pk)


# --- who may read ----------------------------------------------------------------------------------------------------


def test_nobody_reads_entries_around_the_rule() -> None:
    for read in (Entry.objects.all, Entry.objects.count, lambda: Entry.objects.filter(text="")):
        with pytest.raises(TypeError):
            read()


def test_a_lead_an_admin_and_an_outsider_read_nothing_in_any_phase(pair: Pair, hands: Participants) -> None:
    ines, _tom = hands
    lead, admin, mei = PersonFactory.create(), PersonFactory.create(is_staff=True, is_superuser=True), make_pair().ines
    pair.partnership.assign_lead(lead, by=admin)
    entry = ines.fold("Between us")
    for phase in ("folded", "revealed", "deleted"):
        if phase == "revealed":
            reveal(ines.session)
        if phase == "deleted":
            ines.entry(entry.pk).soft_delete(by=ines.person)
        for person in (lead, admin, mei):
            assert not Entry.objects.visible_to(person).exists()
            assert not Entry.objects.deleted_by(person).exists()
            with pytest.raises(Http404):
                Participant(person, ines.session_id).entry(entry.pk)


def test_only_me_is_for_ever(hands: Participants) -> None:
    ines, tom = hands
    card = ines.fold("Mine", only_me=True)
    ines.answer("changed", "Mine too", only_me=True)
    reveal(ines.session)
    reveal(ines.session, PULSE)
    ines.entry(card.pk).edit(by=ines.person, text="Still mine", version=1)
    answer = ines.answer("changed", "Shared after all?", version=1, only_me=False)
    assert tom.sees() == set()
    assert row(answer).only_me
    with pytest.raises(Http404):
        tom.entry(card.pk)


def test_the_database_holds_that_only_me_never_opens(hands: Participants) -> None:
    card = hands[0].fold("Mine", only_me=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.unrestricted.filter(pk=card.pk).update(opened_at=timezone.now())


# --- folding ---------------------------------------------------------------------------------------------------------


def test_folding_tells_the_author_and_nobody_else(hands: Participants) -> None:
    ines, tom = hands
    before = (ines.version(), tom.version())
    entry = ines.fold("  Pairing on the prototype \r\nwent well ")
    assert entry.text == "Pairing on the prototype \nwent well"
    assert (ines.version(), tom.version()) == (before[0] + 1, before[1])
    assert ines.step(WRITE).folded_cards(ines.person) == 1
    assert tom.sees() == set()


def test_the_same_card_again_is_one_card(hands: Participants) -> None:
    ines, _tom = hands
    key = uuid.uuid4()
    first = ines.fold("Once", client_id=key)
    assert ines.fold("Once", client_id=key) == first
    assert Entry.unrestricted.count() == 1


@pytest.mark.parametrize("other", [{"text": "Twice"}, {"column": "bad"}, {"only_me": True}])
def test_the_same_key_with_something_else_is_a_conflict_and_keeps_both(
    hands: Participants, other: dict[str, Any]
) -> None:
    """The last one matters most: who ticks “only me” on the second try must not get a card that will open."""
    ines, _tom = hands
    key = uuid.uuid4()
    ines.fold("Once", client_id=key)
    with pytest.raises(Stale) as stale:
        ines.fold(**{"text": "Once", "client_id": key, **other})
    assert (stale.value.mine, stale.value.theirs) == (other.get("text", "Once"), "Once")
    assert Entry.unrestricted.get().text == "Once"


def test_the_same_key_from_the_other_one_is_a_card_of_their_own(hands: Participants) -> None:
    ines, tom = hands
    key = uuid.uuid4()
    ines.fold("Hers", client_id=key)
    tom.fold("His", client_id=key)
    assert (ines.sees(), tom.sees()) == ({"Hers"}, {"His"})


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * 10_001, "a\x00b", "\x07", "\ud800"])
def test_what_is_no_text_is_refused_and_changes_nothing(hands: Participants, text: str) -> None:
    ines, tom = hands
    card = ines.fold("Good text")
    ines.ready()
    with pytest.raises(Invalid):
        ines.fold(text)
    with pytest.raises(Invalid):
        ines.entry(card.pk).edit(by=ines.person, text=text, version=1)
    assert row(card).text == "Good text"
    assert Ready.objects.count() == 1
    assert tom.sees() == set()


def test_ten_thousand_characters_fit(hands: Participants) -> None:
    assert row(hands[0].fold("ü" * 10_000)).text == "ü" * 10_000


def test_a_question_takes_no_cards_and_a_column_no_answers(hands: Participants) -> None:
    ines, _tom = hands
    with pytest.raises(Invalid):
        ines.fold("A card", "changed")
    with pytest.raises(Invalid):
        ines.answer("good", "An answer")
    assert not Entry.unrestricted.exists()


def test_there_is_room_for_so_many_and_deleted_ones_do_not_count(
    hands: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    ines, tom = hands
    monkeypatch.setattr(limits, "ENTRIES_PER_PERSON", 2)
    first = ines.fold("One")
    ines.fold("Two")
    with pytest.raises(Refusal, match="Nothing more fits"):
        ines.fold("Three")
    tom.fold("His own room")
    ines.entry(first.pk).soft_delete(by=ines.person)
    third = ines.fold("Three")
    with pytest.raises(Refusal, match="Nothing more fits"):
        ines.entry(first.pk, deleted=True).restore(by=ines.person)
    ines.entry(third.pk).soft_delete(by=ines.person)
    for _twice in range(2):
        ines.entry(first.pk, deleted=True).restore(by=ines.person)
    assert ines.sees() == {"One", "Two"}


def test_folding_takes_the_draft_over(hands: Participants) -> None:
    ines, tom = hands
    key = f"card:{ines.prompt('good').pk}"
    Draft.keep(key, "Half a", version=0, by=ines.person)
    Draft.keep(key, "His own half", version=0, by=tom.person)
    ines.fold("Half a card")
    assert Draft.of(ines.person, [key]) == {}
    assert Draft.of(tom.person, [key])[key].text == "His own half"


# --- changing --------------------------------------------------------------------------------------------------------


def test_an_edit_raises_the_version_and_keeps_what_was_open(hands: Participants) -> None:
    ines, tom = hands
    card = ines.fold("Draft words")
    ines.entry(card.pk).edit(by=ines.person, text="Folded words", version=1)
    assert not EntryRevision.objects.exists(), "What nobody has seen is not kept for anybody."
    reveal(ines.session)
    before = tom.version()
    ines.entry(card.pk).edit(by=ines.person, text="Later words", version=2)
    assert (row(card).text, row(card).version, row(card).opened_version) == ("Later words", 3, 2)
    assert [(r.version, r.text) for r in EntryRevision.objects.all()] == [(2, "Folded words")]
    assert tom.version() == before + 1
    assert tom.sees() == {"Later words"}


def test_a_stale_edit_shows_both_and_loses_neither(hands: Participants) -> None:
    ines, _tom = hands
    card = ines.fold("First")
    ines.entry(card.pk).edit(by=ines.person, text="From the laptop", version=1)
    with pytest.raises(Stale) as stale:
        ines.entry(card.pk).edit(by=ines.person, text="From the phone", version=1)
    assert (stale.value.mine, stale.value.theirs, stale.value.version) == ("From the phone", "From the laptop", 2)
    ines.entry(card.pk).edit(by=ines.person, text="From the laptop", version=1)  # a retry is no conflict
    assert row(card).version == 2


@pytest.mark.parametrize("phase", ["folded", "revealed"])
def test_only_its_author_changes_a_card(hands: Participants, phase: str) -> None:
    ines, tom = hands
    card = ines.fold("Hers")
    if phase == "revealed":
        reveal(ines.session)
    stolen = row(card)
    for verb in (
        lambda: stolen.edit(by=tom.person, text="His", version=1),
        lambda: stolen.move(tom.prompt("bad"), by=tom.person),
        lambda: stolen.soft_delete(by=tom.person),
        lambda: stolen.restore(by=tom.person),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert (row(card).text, row(card).version, row(card).deleted_at) == ("Hers", 1, None)
    if phase == "folded":
        with pytest.raises(Http404):
            tom.entry(card.pk)


def test_a_card_moves_between_the_columns_of_its_step(hands: Participants, pair: Pair) -> None:
    ines, _tom = hands
    card = ines.fold("Where does it belong", "good")
    ines.entry(card.pk).move(ines.prompt("talk"), by=ines.person)
    assert row(card).prompt.key == "talk"
    elsewhere = Participant(pair.ines, pair.planned().pk)
    for target in (ines.prompt("changed"), elsewhere.prompt("bad")):
        with pytest.raises(Invalid):
            ines.entry(card.pk).move(target, by=ines.person)
    assert row(card).prompt.key == "talk"


def test_a_deleted_card_is_gone_for_both_until_it_is_restored(hands: Participants) -> None:
    ines, tom = hands
    card = ines.fold("Gone?")
    reveal(ines.session)
    ines.entry(card.pk).soft_delete(by=ines.person)
    assert ines.sees() == tom.sees() == set()
    with pytest.raises(Http404):
        tom.entry(card.pk, deleted=True)
    ines.entry(card.pk, deleted=True).restore(by=ines.person)
    assert ines.sees() == tom.sees() == {"Gone?"}


def test_deleting_and_restoring_twice_is_once(hands: Participants) -> None:
    ines, tom = hands
    card = ines.fold("Gone?")
    first, second = ines.entry(card.pk), ines.entry(card.pk)
    first.soft_delete(by=ines.person)
    second.soft_delete(by=ines.person)
    assert row(card).version == 2
    first, second = ines.entry(card.pk, deleted=True), ines.entry(card.pk, deleted=True)
    first.restore(by=ines.person)
    ines.ready()
    before = tom.version()
    second.restore(by=ines.person)
    assert (row(card).version, row(card).deleted_at) == (3, None)
    assert Ready.objects.count() == 1
    assert tom.version() == before


def test_a_deleted_card_is_not_edited_behind_its_back(hands: Participants) -> None:
    ines, _tom = hands
    card = ines.fold("Gone")
    late = ines.entry(card.pk)
    ines.entry(card.pk).soft_delete(by=ines.person)
    with pytest.raises(Refusal, match="Bring it back"):
        late.edit(by=ines.person, text="Not seen again", version=1)
    assert row(card).text == "Gone"


def test_what_was_deleted_before_the_reveal_stays_hidden_and_comes_back_open(hands: Participants) -> None:
    ines, tom = hands
    card = ines.fold("Second thoughts")
    ines.entry(card.pk).soft_delete(by=ines.person)
    assert ines.step(WRITE).folded_cards(ines.person) == 0
    reveal(ines.session)
    assert tom.sees() == set()
    ines.entry(card.pk, deleted=True).restore(by=ines.person)
    assert tom.sees() == {"Second thoughts"}
    assert row(card).opened_version == row(card).version == 3


def test_the_verbs_of_cards_leave_answers_alone(hands: Participants) -> None:
    """A deleted answer could never be given again: its one row would take every later text and show none of it."""
    ines, tom = hands
    answer = ines.answer("changed", "A new desk")
    for verb in (
        lambda entry: entry.soft_delete(by=ines.person),
        lambda entry: entry.edit(by=ines.person, text="Another", version=1),
        lambda entry: entry.move(ines.prompt("impacted"), by=ines.person),
    ):
        with pytest.raises(Invalid):
            verb(ines.entry(answer.pk))
    reveal(ines.session, PULSE)
    for verb in (
        lambda entry: entry.pick(by=tom.person),
        lambda entry: entry.put_on_table(by=tom.person),
        lambda entry: entry.set_talk(Entry.Talk.PARKED, by=tom.person),
    ):
        with pytest.raises(Invalid):
            verb(tom.entry(answer.pk))
    assert tom.sees() == {"A new desk"}


# --- answers ---------------------------------------------------------------------------------------------------------


def test_an_answer_is_one_row_however_often_it_changes(hands: Participants) -> None:
    ines, tom = hands
    before = tom.version()
    first = ines.answer("weather_us", value=2)
    second = ines.answer("weather_us", version=first.version, value=4)
    assert (first.pk, second.version, row(first).value) == (second.pk, 2, 4)
    ines.answer("change_tags", tags=["life", "company"])
    assert Entry.unrestricted.count() == 2
    assert tom.version() == before


@pytest.mark.parametrize(
    ("key", "fields"),
    [("weather_us", {"value": 6}), ("weather_us", {"value": 0}), ("changed", {"value": 1}),
     ("change_tags", {"tags": ["pets"]}), ("changed", {"tags": ["life"]})],
)  # fmt: skip
def test_what_is_not_among_the_choices_is_refused(hands: Participants, key: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        hands[0].answer(key, **fields)
    assert not Entry.unrestricted.exists()


def test_two_tabs_of_one_person_lose_no_answer(hands: Participants) -> None:
    ines, _tom = hands
    ines.answer("changed", "From the laptop")
    with pytest.raises(Stale) as stale:
        ines.answer("changed", "From the phone", version=0)
    assert (stale.value.theirs, stale.value.version) == ("From the laptop", 1)
    ines.answer("changed", "From the phone", version=1)
    ines.answer("changed", "From the phone", version=1)
    assert (Entry.unrestricted.get().text, Entry.unrestricted.get().version) == ("From the phone", 2)


def test_an_answer_after_the_reveal_is_open_and_keeps_its_earlier_text(hands: Participants) -> None:
    ines, tom = hands
    ines.answer("changed", "A new desk")
    reveal(ines.session, PULSE)
    before = tom.version()
    ines.answer("changed", "A new desk and a new chair", version=1)
    tom.answer("impacted", "The move")
    assert tom.version() == before + 2
    assert ines.sees() == tom.sees() == {"A new desk and a new chair", "The move"}
    assert [r.text for r in EntryRevision.objects.all()] == ["A new desk"]
    assert dict(Entry.unrestricted.values_list("text", "opened_version")) == {
        "A new desk and a new chair": 1,
        "The move": 1,
    }


def test_what_lies_open_is_not_taken_back_as_only_me(hands: Participants) -> None:
    ines, tom = hands
    ines.answer("changed", "A new desk")
    reveal(ines.session, PULSE)
    before = tom.version()
    for _press in range(2):
        answer = ines.answer("changed", "A new desk", version=1, only_me=True)
    assert (answer.only_me, answer.version) == (False, 1)
    assert tom.version() == before
    assert tom.sees() == {"A new desk"}


def test_an_answer_kept_back_before_the_reveal_was_never_there(hands: Participants) -> None:
    ines, tom = hands
    ines.answer("changed", "Shared, then not")
    ines.ready(PULSE)
    ines.answer("changed", "Shared, then not", version=1, only_me=True)
    assert not Ready.objects.exists(), "What she had sealed changed."
    reveal(ines.session, PULSE)
    assert tom.sees() == set()
    assert Entry.unrestricted.get().opened_at is None


# --- picks and talk --------------------------------------------------------------------------------------------------


@pytest.fixture
def cards(hands: tuple[Participant, Participant]) -> tuple[Entry, Entry]:
    """Two open cards, Ines's and Tom's."""
    ines, tom = hands
    mine, his = ines.fold("From Ines"), tom.fold("From Tom", "talk")
    reveal(ines.session)
    return row(mine), row(his)


def test_each_picks_for_themselves_once(hands: Participants, cards: tuple[Entry, Entry]) -> None:
    ines, tom = hands
    for _press in range(2):
        ines.entry(cards[1].pk).pick(by=ines.person)
    tom.entry(cards[1].pk).pick(by=tom.person)
    assert Pick.objects.count() == 2
    for _press in range(2):
        ines.entry(cards[1].pk).unpick(by=ines.person)
    assert [pick.person for pick in Pick.objects.all()] == [tom.person]


def test_what_is_folded_is_not_talked_about(hands: Participants) -> None:
    ines, _tom = hands
    card = ines.fold("Folded")
    for verb in (
        lambda entry: entry.pick(by=ines.person),
        lambda entry: entry.put_on_table(by=ines.person),
        lambda entry: entry.set_talk(Entry.Talk.PARKED, by=ines.person),
    ):
        with pytest.raises(Refusal, match="not open"):
            verb(ines.entry(card.pk))
    assert not Pick.objects.exists()
    assert row(card).talk == ""


def test_one_card_lies_on_the_table(hands: Participants, cards: tuple[Entry, Entry]) -> None:
    from retros.models import Note

    ines, tom = hands
    mine, his = cards
    ines.entry(mine.pk).put_on_table(by=ines.person)
    tom.entry(his.pk).put_on_table(by=tom.person)
    assert (row(mine).talk, row(his).talk) == ("", "on_table")
    entry = tom.entry(his.pk)
    Note.came_up(entry.step, entry=entry, by=tom.person, text="We said", version=0)
    ines.entry(mine.pk).put_on_table(by=ines.person)
    assert (row(mine).talk, row(his).talk) == ("on_table", "talked")
    tom.entry(mine.pk).set_talk(Entry.Talk.PARKED, by=tom.person)
    assert row(mine).talk == "parked"
    ines.entry(mine.pk).soft_delete(by=ines.person)
    assert row(mine).talk == ""


@pytest.mark.parametrize("talk", ["on_table", "nonsense", "a word far longer than the column holds"])
def test_a_card_is_talked_about_parked_or_neither(hands: Participants, cards: tuple[Entry, Entry], talk: str) -> None:
    ines, tom = hands
    ines.entry(cards[0].pk).put_on_table(by=ines.person)
    with pytest.raises(Invalid):
        tom.entry(cards[1].pk).set_talk(talk, by=tom.person)
    assert (row(cards[0]).talk, row(cards[1]).talk) == ("on_table", "")


@pytest.mark.parametrize("verb", ["pick", "unpick", "put_on_table", "set_talk"])
def test_talk_without_a_change_is_told_to_nobody(hands: Participants, cards: tuple[Entry, Entry], verb: str) -> None:
    ines, tom = hands

    def press() -> None:
        arguments = ("parked",) if verb == "set_talk" else ()
        getattr(ines.entry(cards[0].pk), verb)(*arguments, by=ines.person)

    press()
    before = tom.version()
    press()
    assert tom.version() == before
