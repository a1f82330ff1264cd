"""The room in every state that a person can meet, one partnership each: what the tests of its pages visit."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from partnerships.models import Partnership, Person
from retros.models import Action, Draft, Entry, Note, Ready, Session
from tests.factories import PartnershipFactory
from tests.retros import play

CARDS = (
    "You pulled me into the research calls early. It changed what I drew.",
    "Scope moved on a Tuesday and I heard it on a Thursday.",
    "Do we still need the Wednesday review?\nI come out of it with nothing new.",
)
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


class Rooms:
    """Makes a room in the state asked for, and says where it is."""

    def __init__(self, a: Person, b: Person) -> None:
        self.a, self.b = a, b

    def pair(self) -> Partnership:
        return PartnershipFactory.create(label="Checkout", a=self.a, b=self.b, role_a="Designer", role_b="PM")

    def at(self, kind: str) -> Session:
        """A running retro whose shared step is the first of that kind, everything before it opened."""
        session = play.start(self.pair())
        for before in ("look_back", "pulse", "write", "conclude"):
            if before == kind:
                break
            if before in {"pulse", "write"}:
                play.reveal(session, before)
            play.go_on(session, before)
        return session

    def cards(self, session: Session, each: int, *, text: str = "") -> list[Entry]:
        """So many cards of both together, half of them each, over the columns in turn."""
        hands = [play.Participant(person, session.pk) for person in (self.a, self.b)]
        return [hands[n % 2].fold(text or f"{CARDS[n % 3]} {n}", play.COLUMNS[n // 2 % 3]) for n in range(each)]

    def where(self, session: Session, kind: str) -> str:
        return f"/sessions/{session.pk}/steps/{play.step_of(session, kind).position}/"

    # --- before, first step ---------------------------------------------------------------------------------------

    def scheduled(self) -> str:
        session = play.plan(self.pair())
        play.Participant(self.a, session.pk).fold(CARDS[0])
        return self.where(session, "write")

    def scheduled_pulse(self) -> str:
        session = play.plan(self.pair())
        play.answer_pulse(session, self.a, 4)
        return self.where(session, "pulse")

    def look_back_first(self) -> str:
        return self.where(self.at("look_back"), "look_back")

    def look_back(self) -> str:
        pair = self.pair()
        play.agree(pair, "Book a sketch hour on Thursdays", owners="ab")
        tried = play.agree(
            pair,
            "two weeks without the review",
            is_experiment=True,
            because="it is a habit",
            seen_by="nobody missing it",
        )
        carried = play.agree(pair, "Post scope changes the same day", owners="b", cue="the scope moves")
        Action.objects.filter(pk=carried.pk).update(carried=2)
        Action.objects.update(created_at=timezone.now() - timedelta(days=60))
        session = play.start(pair)
        tried.review(session, by=self.b, verdict="going", helped="helped", remark="One of us did miss it")
        return self.where(session, "look_back")

    # --- pulse ----------------------------------------------------------------------------------------------------

    def _pulse(self) -> Session:
        session = self.at("pulse")
        play.answer_pulse(session, self.a, 4, 2)
        play.answer_pulse(session, self.b, (3, "only me"), 5)
        for person, text in ((self.a, "Moving flat in January.\nShort on sleep."), (self.b, "A new boss")):
            for key in ("life_career", "changed"):
                prompt = next(p for p in play.step_of(session, "pulse").prompts if p.key == key)
                Entry.answer(prompt, by=person, version=0, text=text, only_me=key == "life_career")
        return session

    def pulse(self) -> str:
        session = self._pulse()
        play.Participant(self.b, session.pk).ready(play.PULSE)
        return self.where(session, "pulse")

    def pulse_opened(self) -> str:
        session = self._pulse()
        play.Participant(self.a, session.pk).open_side(play.PULSE)
        return self.where(session, "pulse")

    def pulse_revealed(self) -> str:
        session = self._pulse()
        play.reveal(session, "pulse")
        Note.came_up(play.step_of(session, "pulse"), by=self.b, text="We slow down in January", version=0)
        return self.where(session, "pulse")

    # --- the board ------------------------------------------------------------------------------------------------

    def write_first(self) -> str:
        return self.where(self.at("write"), "write")

    def write(self) -> str:
        session = self.at("write")
        self.cards(session, 20)
        play.Participant(self.a, session.pk).fold("Mine alone", only_me=True)
        prompt = play.step_of(session, "write").prompts[0]
        Draft.keep(f"card:{prompt.pk}", by=self.a, text="Half a thought", version=0)
        return self.where(session, "write")

    def write_ready(self) -> str:
        session = self.at("write")
        self.cards(session, 6)
        play.Participant(self.a, session.pk).ready(play.WRITE)
        Ready.objects.update(at=timezone.now() - timedelta(minutes=6))
        return self.where(session, "write")

    def write_opened(self) -> str:
        session = self.at("write")
        self.cards(session, 6)
        play.Participant(self.a, session.pk).open_side(play.WRITE)
        return self.where(session, "write")

    def _board(self, cards: int = 12) -> tuple[Session, list[Entry]]:
        session = self.at("write")
        entries = self.cards(session, cards)
        play.reveal(session, "write")
        for entry in entries:
            entry.refresh_from_db()
        return session, entries

    def board(self) -> str:
        session, _entries = self._board()
        return self.where(session, "write")

    def table(self) -> str:
        session, entries = self._board()
        step = play.step_of(session, "write")
        for entry, by in [(entries[1], self.a), (entries[1], self.b), (entries[2], self.b), (entries[3], self.a)]:
            entry.pick(by=by)
        entries[4].set_talk("parked", by=self.b)
        entries[5].put_on_table(by=self.a)
        Note.came_up(step, by=self.b, text="It was never said aloud.", version=0, entry=entries[5])
        entries[0].put_on_table(by=self.a)
        Note.came_up(step, by=self.b, text="He thought stand-up covered it.", version=0, entry=entries[0])
        Action.agree(
            session.partnership, by=self.a, id=uuid.uuid4(), owners=["b"], text="Post scope changes the same day",
            due=timezone.localdate() + timedelta(days=9), session=session, entry=entries[0],
        )  # fmt: skip
        return self.where(session, "write")

    def full_board(self, cards: int = 40) -> str:
        session, _entries = self._board(cards)
        return self.where(session, "write")

    def long_words(self) -> str:
        """What nobody means to write, and somebody does."""
        session = self.at("write")
        self.cards(session, 2, text=LONG_WORD * 2)
        play.Participant(self.a, session.pk).fold("word " * 2_000)
        play.reveal(session, "write")
        entry = Entry.unrestricted.filter(step__session=session, text__startswith=LONG_WORD).first()
        assert entry is not None
        entry.put_on_table(by=self.a)
        return self.where(session, "write")

    # --- the end --------------------------------------------------------------------------------------------------

    def conclude_first(self) -> str:
        return self.where(self.at("conclude"), "conclude")

    def _concluded(self) -> Session:
        session = self.at("conclude")
        step = play.step_of(session, "conclude")
        Note.learn(step, by=self.a, text="Silence reads as a decision", id=uuid.uuid4())
        for owners, text in (
            ("a", "Book the sketch hour"),
            ("ab", "Say no on the same day"),
            ("b", "Ask about research"),
        ):
            play.agree(session.partnership, text, owners=owners, session=session)
        play.agree(
            session.partnership, "two weeks without the review", owners="a", session=session, is_experiment=True,
            because="it is a habit", seen_by="nobody missing it",
        )  # fmt: skip
        return session

    def conclude(self) -> str:
        return self.where(self._concluded(), "conclude")

    def _closing(self) -> Session:
        session = self._concluded()
        play.go_on(session, "conclude")
        for person, text in ((self.a, "You said no and were right."), (self.b, "Your review comments.")):
            prompt = play.step_of(session, "close").prompts[0]
            Entry.answer(prompt, by=person, version=0, text=text)
        return session

    def close(self) -> str:
        return self.where(self._closing(), "close")

    def close_revealed(self) -> str:
        session = self._closing()
        play.reveal(session, "close")
        play.plan(session.partnership, days=40)
        return self.where(session, "close")

    def _closed(self) -> Session:
        session = self._closing()
        play.reveal(session, "close")
        play.go_on(session, "close")
        return session

    def closed(self) -> str:
        return self.where(self._closed(), "close")

    def closed_board(self) -> str:
        session, entries = self._board()
        entries[0].put_on_table(by=self.a)
        Note.came_up(play.step_of(session, "write"), by=self.b, text="Never said.", version=0, entry=entries[0])
        entries[0].set_talk("talked", by=self.a)
        for kind in ("write", "conclude"):
            play.go_on(session, kind)
        play.reveal(session, "close")
        play.go_on(session, "close")
        return self.where(session, "write")

    # --- beside the way -------------------------------------------------------------------------------------------

    def paused(self) -> str:
        session = self.at("conclude")
        session.pause(by=self.b)
        return self.where(session, "conclude")

    def between_us(self) -> str:
        session, _entries = self._board()
        session.pause(by=self.b, reason=Session.PauseReason.BETWEEN_US)
        return self.where(session, "write")

    def discarded(self) -> str:
        session = self.at("pulse")
        self.cards(session, 4)
        session.discard(by=self.b)
        return self.where(session, "write")

    def looking_back(self) -> str:
        """At a step behind the shared one."""
        return self.where(self.at("conclude"), "pulse")

    def every(self) -> dict[str, Callable[[], str]]:
        names = (
            "scheduled", "scheduled_pulse", "look_back_first", "look_back", "pulse", "pulse_opened", "pulse_revealed",
            "write_first", "write", "write_ready", "write_opened", "board", "table", "long_words", "conclude_first",
            "conclude", "close", "close_revealed", "closed", "closed_board", "paused", "between_us", "discarded",
            "looking_back",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}
