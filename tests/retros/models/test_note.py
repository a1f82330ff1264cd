"""What is written together: the note of a card or a step, and what the two learned."""

from __future__ import annotations

import uuid

import pytest
from django.http import Http404

from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros.models import Note
from tests.factories import PersonFactory
from tests.retros.play import CONCLUDE, LOOK_BACK, WRITE, Pair, Participant, Participants, make_pair, reveal

pytestmark = pytest.mark.django_db


def write(person: Participant, text: str, version: int, entry_id: uuid.UUID | None = None) -> Note:
    if entry_id is None:
        return Note.came_up(person.step(LOOK_BACK), by=person.person, text=text, version=version)
    entry = person.entry(entry_id)
    return Note.came_up(entry.step, entry=entry, by=person.person, text=text, version=version)


def test_both_write_the_note_of_a_step_and_both_are_told(hands: Participants) -> None:
    ines, tom = hands
    before = tom.version()
    first = write(ines, "We said", 0)
    assert tom.version() == before + 1
    second = write(tom, "We said a lot", first.version)
    note = Note.objects.get()
    assert (note.pk, note.text, note.version, note.written_by) == (first.pk, "We said a lot", 2, tom.person)
    assert second.version == 2


def test_a_lost_race_shows_both_texts(hands: Participants) -> None:
    ines, tom = hands
    write(ines, "Hers", 0)
    with pytest.raises(Stale) as stale:
        write(tom, "His", 0)
    assert (stale.value.mine, stale.value.theirs, stale.value.version) == ("His", "Hers", 1)
    write(tom, "Hers", 0)  # the same words are no conflict
    assert (Note.objects.get().text, Note.objects.get().version) == ("Hers", 1)


def test_an_empty_box_that_saves_itself_is_in_nobodys_way(hands: Participants) -> None:
    ines, tom = hands
    write(ines, "", 0)
    write(tom, "His first words", 0)
    assert Note.objects.get().text == "His first words"


def test_the_note_of_a_card_hangs_on_that_card(hands: Participants) -> None:
    ines, tom = hands
    card, other = ines.fold("A card"), ines.fold("Another")
    reveal(ines.session)
    write(tom, "On the first", 0, card.pk)
    write(tom, "On the second", 0, other.pk)
    write(ines, "On the step", 0)
    assert dict(Note.objects.values_list("entry_id", "text")) == {
        card.pk: "On the first", other.pk: "On the second", None: "On the step",
    }  # fmt: skip


@pytest.mark.parametrize("only_me", [False, True])
def test_a_card_that_is_not_open_gets_no_note(hands: Participants, only_me: bool) -> None:
    """The note would be shared, and with it the fact that the card exists."""
    ines, tom = hands
    card = ines.fold("Folded", only_me=only_me)
    if only_me:
        reveal(ines.session)
    before = tom.version()
    with pytest.raises(Refusal, match="not open"):
        write(ines, "About my folded card", 0, card.pk)
    assert not Note.objects.exists()
    assert tom.version() == before


def test_a_card_of_another_step_gets_no_note_here(hands: Participants) -> None:
    ines, _tom = hands
    card = ines.fold("A card")
    reveal(ines.session)
    with pytest.raises(Refusal):
        Note.came_up(ines.step(LOOK_BACK), entry=ines.entry(card.pk), by=ines.person, text="Here", version=0)
    assert not Note.objects.exists()


def test_what_was_learned_is_kept_once(hands: Participants) -> None:
    ines, tom = hands
    key = uuid.uuid4()
    for person in (ines, ines, tom):
        Note.learn(person.step(CONCLUDE), by=person.person, text="Talk earlier", id=key)
    assert Note.objects.count() == 1
    with pytest.raises(Stale) as stale:
        Note.learn(tom.step(CONCLUDE), by=tom.person, text="Talk later", id=key)
    assert (stale.value.mine, stale.value.theirs) == ("Talk later", "Talk earlier")


def test_the_key_of_another_pairs_learning_is_refused_and_says_no_more(hands: Participants) -> None:
    ines, _tom = hands
    other = make_pair()
    theirs, _ = other.hands(other.started())
    key = uuid.uuid4()
    Note.learn(theirs.step(CONCLUDE), by=theirs.person, text="Theirs", id=key)
    with pytest.raises(Refusal) as refusal:
        Note.learn(ines.step(CONCLUDE), by=ines.person, text="Ours", id=key)
    assert not isinstance(refusal.value, Stale)
    assert [note.text for note in Note.objects.all()] == ["Theirs"]


@pytest.mark.parametrize("text", ["", "  ", "x" * 10_001, "a\x00b"])
def test_what_is_no_text_is_not_learned(hands: Participants, text: str) -> None:
    with pytest.raises(Invalid):
        Note.learn(hands[0].step(CONCLUDE), by=hands[0].person, text=text, id=uuid.uuid4())
    assert not Note.objects.exists()


def test_either_edits_deletes_and_brings_back(hands: Participants) -> None:
    ines, tom = hands
    note = Note.learn(ines.step(CONCLUDE), by=ines.person, text="Talk earlier", id=uuid.uuid4())
    tom.note(note.pk).edit(by=tom.person, text="Talk much earlier", version=1)
    with pytest.raises(Stale):
        ines.note(note.pk).edit(by=ines.person, text="Talk at nine", version=1)
    late = ines.note(note.pk)
    tom.note(note.pk).soft_delete(by=tom.person)
    with pytest.raises(Http404):
        ines.note(note.pk)
    with pytest.raises(Refusal, match="deleted"):
        late.edit(by=ines.person, text="Too late", version=2)
    ines.note(note.pk, deleted=True).restore(by=ines.person)
    assert tom.note(note.pk).text == "Talk much earlier"


def test_writing_on_a_deleted_note_brings_it_back(hands: Participants) -> None:
    """Otherwise the new words would go into a row that nobody sees."""
    ines, tom = hands
    note = write(ines, "First", 0)
    tom.note(note.pk).soft_delete(by=tom.person)
    write(ines, "First", 1)
    assert tom.note(note.pk).text == "First"
    tom.note(note.pk).soft_delete(by=tom.person)
    write(ines, "Second", 0)
    assert tom.note(note.pk).text == "Second"


def test_nobody_else_reads_or_writes_notes(pair: Pair, hands: Participants) -> None:
    ines, _tom = hands
    note = write(ines, "Between us", 0)
    lead, mei = PersonFactory.create(is_staff=True), make_pair().ines
    pair.partnership.assign_lead(lead, by=lead)
    for person in (lead, mei):
        assert not Note.objects.visible_to(person).exists()
        assert not Note.objects.deleted_for(person).exists()
        stolen = Note.objects.get(pk=note.pk)
        for verb in (
            lambda p=person, n=stolen: n.edit(by=p, text="Mine", version=1),
            lambda p=person, n=stolen: n.soft_delete(by=p),
            lambda p=person, n=stolen: n.restore(by=p),
            lambda p=person: Note.came_up(ines.step(WRITE), by=p, text="Mine", version=0),
            lambda p=person: Note.learn(ines.step(CONCLUDE), by=p, text="Mine", id=uuid.uuid4()),
        ):
            with pytest.raises(NotAllowed):
                verb()
    assert [n.text for n in Note.objects.all()] == ["Between us"]
