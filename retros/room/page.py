"""What one person sees of a session, prepared for the templates. Reads only, and only through what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID, uuid4, uuid5

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.models import Version
from retros.agreements.due import DueAgreement, DueAgreements
from retros.agreements.page import Adopted, adopted
from retros.models import Action, ClauseOrigin, Draft, Entry, Note, Prompt, Review, Session, Step
from retros.models.entry import NOT_HELD
from retros.models.expiry import gone
from retros.room.board import Card, CardRow, Column, Stamp, row_of, short
from retros.room.decisions import settled
from retros.room.dock import Dock, Side
from retros.room.questions import Answer, Places, Question, blocks_of, questions_of, surprises_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_stubs_ext import StrOrPromise

    from partnerships.models import Person


ON_A_BOARD = ("prompt", "author", "client_id", "is_card", "text", "only_me", "version", "talk")  # read of each card
WRITING = timedelta(seconds=8)  # this long after their last word came, somebody counts as writing


@dataclass
class PathStep:
    step: Step
    url: str
    state: str  # done, now, todo
    is_shown: bool


class Room:
    """The room at one step, as `person` sees it now."""

    def __init__(self, session: Session, person: Person, position: int | None = None) -> None:
        self.session = session
        self.person = person
        self.now: datetime = timezone.now()
        self.step: Step = session.steps[session.position if position is None else position]
        self.step.session = session
        self.dock = Dock(self.step, person, self.now)
        self.seat, self.phase = self.dock.seat, self.dock.phase
        self.sides, self.you, self.partner = self.dock.sides, self.dock.you, self.dock.partner

    # --- where we are -------------------------------------------------------------------------------------------

    @cached_property
    def gone(self) -> str:
        """That the words of this retro were removed."""
        return gone(self.session, self.person)

    @property
    def key(self) -> str:
        """What is drawn: changes when the page must be drawn anew, and not only its lists, tray and dock.

        The last part is the shared step, while the viewer stands on it.
        """
        rows = len(self.step.prompts) if self.names_decisions else ""
        middle = self.on_table.entry.pk if self.on_table else rows
        return f"{self.phase}.{self.session.status}.{middle}.{self.session.position if self.step.is_current else ''}"

    @property
    def stamp(self) -> Stamp:
        """What a browser shows that has drawn all of this."""
        return Stamp(self.key, self.version, self.rest, {column.prompt.key: column.mark for column in self.columns})

    @property
    def rest(self) -> str:
        """What stands around the cards of an open board, in short; empty where it is drawn every time."""
        if self.step.kind != Step.Kind.WRITE or self.phase != "revealed" or not self.session.is_running:
            return ""
        if self.on_table:  # with its note and its actions
            return ""
        notes = [(note.pk, note.version) for note in self._notes]
        return short((self.session.position, self.session.paused_at, self.can_write, notes, self.dock.facts))

    def changes(self, stamp: Stamp) -> list[tuple[Column, list[CardRow], bool]]:
        """The columns that differ from what a browser shows, each with the cards to draw.

        True: these come below the ones that are there.
        """
        changed = []
        for column in self.columns:
            more = column.since(stamp.columns.get(column.prompt.key))
            if more is None:
                changed.append((column, column.rows, False))
            elif more:
                changed.append((column, more, True))
        return changed

    @property
    def version(self) -> int:
        """The viewer's version that this view shows at least."""
        return self.session.version_for(self.seat)

    def has_moved_on(self, key: str) -> bool:
        """Whether the browser that drew `key` stood on the shared step, and the two have left it since."""
        followed = key.rpartition(".")[2] == str(self.step.position)
        return followed and not self.step.is_current

    @property
    def can_write(self) -> bool:
        return self.session.is_open and not self.session.partnership.is_archived

    @property
    def can_discard(self) -> bool:
        return not self.session.is_opened

    @property
    def lede(self) -> str:
        if self.step.kind == Step.Kind.PULSE:
            if self.phase == "revealed":
                return _("Read first, then talk. Start with whoever had the rougher weather.")
            if self.phase == "opened":
                return _("Your side is open. %(name)s’s opens when %(name)s is ready.") % {"name": self.partner.name}
            return _("Answer for yourself. %(name)s sees it when you have both answered, not before.") % {
                "name": self.partner.name
            }
        return self.step.lede

    @property
    def has_weather(self) -> bool:
        """Whether the scales of this step are weathers; others are words on a line."""
        return self.step.kind == Step.Kind.PULSE

    @property
    def answered(self) -> int:
        """How many questions the viewer has answered; guesses are not counted."""
        return sum(not question.yours.is_empty for question in self.asked)

    @property
    def asked(self) -> list[Question]:
        return [question for question in self.questions if not question.prompt.is_guess]

    @property
    def agreement_version(self) -> Version | None:
        """What this session put into its agreement, once it did."""
        origin = ClauseOrigin.objects.filter(session=self.session, line=None).select_related("version").first()
        return origin.version if origin else None

    @property
    def heading(self) -> str:
        if self.step.kind == Step.Kind.PULSE and self.phase == "revealed":
            return _("Here’s how you both are")
        return self.step.heading

    @property
    def sees(self) -> str:
        """The privacy line: who sees what is written here."""
        if self.phase == "write":
            if not self.session.is_open:
                return _("Only you can read this")
            if self.step.kind == Step.Kind.WRITE:
                return _("Only you can read your cards until you both reveal")
            return _("Only you can read this until you both reveal")
        if self.phase == "opened":
            return _("You two see your side. %(name)s’s side is still folded") % {"name": self.partner.name}
        return _("You two see this. Nobody else does")

    @cached_property
    def path(self) -> list[PathStep]:
        steps = []
        for step in self.session.steps:
            done = step.position < self.session.position or self.session.is_closed
            now = step.position == self.session.position and not done
            steps.append(
                PathStep(
                    step=step,
                    url=reverse("step_detail", args=[self.session.pk, step.position]),
                    state="done" if done else "now" if now else "todo",
                    is_shown=step.position == self.step.position,
                )
            )
        return steps

    @cached_property
    def digest(self) -> str:
        """What the viewer's Ready would open, as this page shows it."""
        cards = [e for e in self._entries if e.is_card and not e.only_me and e.author_id == self.person.pk]
        return Step.hash_rows((e.pk, e.version) for e in cards)

    # --- what is written ----------------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> list[Entry]:
        entries = Entry.objects.visible_to(self.person).in_step(self.step).with_picks(self.person)
        return list(entries.only(*ON_A_BOARD) if self.step.kind == Step.Kind.WRITE else entries)

    # The boxes of this step, each with its draft. Keys are `Draft.Box`; the verb that takes a text over drops it.

    @property
    def table_key(self) -> str:
        return Draft.Box.ACTION.key(self.on_table.entry.pk) if self.on_table else ""

    @property
    def learn_key(self) -> str:
        return Draft.Box.LEARN.key(self.step.pk)

    @property
    def try_key(self) -> str:
        return Draft.Box.TRY.key(self.session.pk)

    @property
    def action_key(self) -> str:
        return Draft.Box.ACTION.key(self.session.partnership_id)

    @cached_property
    def _drafts(self) -> dict[str, Draft]:
        return Draft.of(self.person, self._boxes) if self._boxes and self.can_write else {}

    @cached_property
    def left_over(self) -> list[tuple[Entry, Prompt, UUID]]:
        """Cards that the viewer wrote or began to write for retros that did not take place, each with its column
        here, and the id that it would have here: taken along twice, it is one card.
        """
        if not (self.step.kind == Step.Kind.WRITE and self.phase == "write" and self.can_write):
            return []
        here = {entry.client_id for entry in self._entries}
        columns = {prompt.key: prompt for prompt in self.step.prompts if prompt.takes_cards}
        cards = Entry.objects.visible_to(self.person).left_over(self.session.partnership, self.person)
        found = [(card, card.pk) for card in cards.select_related("prompt")]
        found += [(Entry(prompt=prompt, text=text), prompt.pk) for prompt, text in self._begun]
        offered = [(card, uuid5(origin, str(self.session.pk))) for card, origin in found]
        return [
            (card, columns.get(card.prompt.key) or next(iter(columns.values())), key)
            for card, key in offered
            if key not in here and columns
        ]

    @property
    def _begun(self) -> list[tuple[Prompt, str]]:
        """The cards that the viewer was still typing for retros that did not take place, with their columns there."""
        drafts = Draft.cards_of(self.person)
        of_pair = {"step__session__partnership": self.session.partnership_id, "step__session__kind": "retro"}
        prompts = Prompt.objects.filter(pk__in=drafts, **of_pair, step__session__status__in=NOT_HELD)
        columns = prompts.in_bulk() if drafts else {}
        return [(columns[pk], draft.text) for pk, draft in drafts.items() if pk in columns]

    @property
    def _boxes(self) -> list[str]:
        """The keys of the drafts of this step."""
        keys = [Draft.Box.CARD.key(p.pk) for p in self.step.prompts if p.takes_cards]
        if self.on_table:
            keys.append(self.table_key)
        if self.step.kind in {Step.Kind.CONCLUDE, Step.Kind.AGREE}:
            keys += [self.learn_key, self.try_key, self.action_key]
        if self.step.kind == Step.Kind.QUESTIONS:
            keys += [self.decision_key, *(Draft.Box.SURPRISE.key(entry.pk) for entry in self._entries)]
        return keys

    @cached_property
    def left_behind(self) -> list[Draft]:
        """What the viewer was still typing here when the session ended."""
        here = [key for key in self._boxes if key != self.action_key]  # an action between retros has its own page
        return list(Draft.of(self.person, here).values()) if here and not self.session.is_open else []

    @property
    def table_draft(self) -> Draft | None:
        return self._drafts.get(self.table_key)

    @property
    def learn_draft(self) -> Draft | None:
        return self._drafts.get(self.learn_key)

    @property
    def try_draft(self) -> Draft | None:
        return self._drafts.get(self.try_key)

    @property
    def action_draft(self) -> Draft | None:
        return self._drafts.get(self.action_key)

    @property
    def client_id(self) -> UUID:
        """A fresh one for each form."""
        return uuid4()

    def side_of(self, entry: Entry) -> Side:
        return self.you if entry.author_id == self.person.pk else self.partner

    @cached_property
    def cards(self) -> list[Card]:
        return [
            Card(e, self.side_of(e), e.picked_by_you, e.picked_by_partner)  # type: ignore[attr-defined]
            for e in self._entries
            if e.is_card
        ]

    @cached_property
    def columns(self) -> list[Column]:
        rows: dict[UUID, list[CardRow]] = {}
        for card in self.cards:
            rows.setdefault(card.entry.prompt_id, []).append(self._row(card))
        asked = (prompt for prompt in self.step.prompts if prompt.takes_cards)
        return [Column(prompt, rows.get(prompt.pk, []), lambda: self._drafts) for prompt in asked]

    def _row(self, card: Card) -> CardRow:
        picks = ("none", "theirs", "yours", "both")[2 * card.picked_by_you + card.picked_by_partner]
        return row_of(
            card.entry, seat=card.side.seat, name=card.side.name, yours=card.side.is_you,
            revealed=self.phase == "revealed", can_write=self.can_write, pick=picks,
        )  # fmt: skip

    @cached_property
    def on_table(self) -> Card | None:
        return next((card for card in self.cards if card.entry.talk == Entry.Talk.ON_TABLE), None)

    @property
    def next_on_list(self) -> list[Card]:
        """Picked and not talked about yet; what both picked comes first."""
        waiting = [c for c in self.cards if c.pick_rank and not c.entry.talk]
        return sorted(waiting, key=lambda card: -card.pick_rank)

    @property
    def parked(self) -> list[Card]:
        return [card for card in self.cards if card.entry.talk == Entry.Talk.PARKED]

    def column_of(self, entry: Entry) -> Prompt:
        return next(prompt for prompt in self.step.prompts if prompt.pk == entry.prompt_id)

    @property
    def table_column(self) -> Prompt | None:
        return self.column_of(self.on_table.entry) if self.on_table else None

    @cached_property
    def folded(self) -> int:
        """How many folded cards the partner has here: the one number that is told before the reveal."""
        return 0 if self.phase in {"revealed", "shared"} else self.step.folded_cards(self.partner.person)

    @property
    def folded_shown(self) -> range:
        return range(min(self.folded, 8))

    @property
    def folded_label(self) -> str:
        return ngettext("%(count)d folded card from %(name)s", "%(count)d folded cards from %(name)s", self.folded) % {
            "count": self.folded,
            "name": self.partner.name,
        }

    @property
    def reveal_announcement(self) -> str:
        yours = sum(card.side.is_you for card in self.cards)
        return ngettext(
            "%(all)d card: %(yours)d from you, %(theirs)d from %(name)s",
            "%(all)d cards: %(yours)d from you, %(theirs)d from %(name)s",
            len(self.cards),
        ) % {"all": len(self.cards), "yours": yours, "theirs": len(self.cards) - yours, "name": self.partner.name}

    @cached_property
    def questions(self) -> list[Question]:
        questions = questions_of(self.step.prompts, self._entries, self.sides)
        if self.step.kind == Step.Kind.QUESTIONS and self.partner_side_open:
            for question in questions:
                question.surprises = surprises_of(question, self._notes)
                question.draft = self._drafts.get(question.surprise_key)
        return questions

    @property
    def blocks(self) -> list[Question | Places]:
        """The questions with the answers of both, once something is open: what shares a line stands in one table."""
        decisions = [prompt for prompt in self.step.prompts if prompt.kind == Prompt.Kind.PLACE]
        sentences = settled(decisions, self.person) if decisions and self.step.is_revealed else {}
        return blocks_of(self.questions, revealed=self.partner_side_open, sentences=sentences)

    @property
    def names_decisions(self) -> bool:
        """Whether this step has a table of decisions to which both may still add."""
        return self.phase == "write" and any(p.kind == Prompt.Kind.PLACE for p in self.step.prompts)

    @property
    def decision_key(self) -> str:
        return Draft.Box.DECISION.key(self.step.pk)

    @property
    def decision_draft(self) -> Draft | None:
        return self._drafts.get(self.decision_key)

    @property
    def partner_side_open(self) -> bool:
        return self.step.side_open(self.partner.seat)

    @property
    def has_weathers(self) -> bool:
        return any(prompt.kind == Prompt.Kind.SCALE for prompt in self.step.prompts)

    @property
    def answers_by_side(self) -> list[tuple[Side, list[Answer]]]:
        """Both sides of the fold: A left, B right."""
        return [(side, [q.in_seat_order[n] for q in self.questions]) for n, side in enumerate(self.sides)]

    # --- what is written together -------------------------------------------------------------------------------

    @cached_property
    def _notes(self) -> list[Note]:
        return list(Note.objects.visible_to(self.person).filter(step=self.step))

    @property
    def partner_writes(self) -> bool:
        """Whether the other one is at a shared note of this step at this moment."""
        return any(n.written_by_id == self.partner.person.pk and self.now - n.written_at < WRITING for n in self._notes)

    @property
    def table_note(self) -> Note | None:
        on_table = self.on_table
        return next((n for n in self._notes if on_table and n.entry_id == on_table.entry.pk), None)

    @property
    def step_note(self) -> Note | None:
        return next((n for n in self._notes if n.kind == Note.Kind.CAME_UP and n.entry_id is None), None)

    @property
    def summary(self) -> Note | None:
        return next((n for n in self._notes if n.kind == Note.Kind.SUMMARY), None)

    @property
    def spoken_notes(self) -> list[tuple[Card, Note]]:
        """What came up on the cards that no longer lie on the table."""
        notes = {n.entry_id: n for n in self._notes if n.entry_id and n.text}
        return [(c, notes[c.entry.pk]) for c in self.cards if c.entry.pk in notes and c is not self.on_table]

    @property
    def learnings(self) -> list[Note]:
        return [note for note in self._notes if note.kind == Note.Kind.LEARNED]

    @cached_property
    def actions(self) -> list[Action]:
        """Agreed in this session."""
        return list(Action.objects.visible_to(self.person).filter(session=self.session).with_owners())

    @property
    def table_actions(self) -> list[Action]:
        table = self.on_table
        return [a for a in self.actions if a.from_entry_id == table.entry.pk] if table else []

    @property
    def experiments(self) -> list[Action]:
        return [action for action in self.actions if action.is_experiment]

    @property
    def plain_actions(self) -> list[Action]:
        return [action for action in self.actions if not action.is_experiment]

    @cached_property
    def reviews(self) -> list[tuple[Action, Review | None]]:
        """Every action that was open when this session came, with what was said of it here; experiments first."""
        return Review.for_session(self.session, self.person)

    @property
    def adopted(self) -> list[Adopted]:
        """The experiments that helped, which may become clauses."""
        return adopted([action for action, _review in self.reviews], self.person) if self.can_write else []

    @cached_property
    def looks(self) -> list[DueAgreement]:
        """The agreements to look at before the two part."""
        if not self.session.is_running or not self.can_write:
            return []
        today = self.now.astimezone(self.person.tz).date()
        return DueAgreements(self.session.partnership, self.person, today).at_wrap_up

    @property
    def verdicts(self) -> Sequence[tuple[str, StrOrPromise]]:
        return Review.Verdict.choices

    @property
    def helped_choices(self) -> Sequence[tuple[str, StrOrPromise]]:
        return Action.Helped.choices

    @property
    def default_due(self) -> str:
        """The date of the next planned retro, else eight weeks on (ISO, for a date field)."""
        return (self.session.next_local or self.now.astimezone(self.person.tz) + timedelta(weeks=8)).date().isoformat()

    @cached_property
    def next_planned(self) -> Session | None:
        return Session.objects.upcoming_after(self.session).select_related("rule_version").first()

    @property
    def rhythm_words(self) -> str:
        """The rhythm that the next date belongs to."""
        rule = self.next_planned.rule_version if self.next_planned else None
        return rule.rule.words if rule else ""

    @property
    def next_planned_words(self) -> str:
        start = self.next_planned.start_utc.astimezone(self.person.tz) if self.next_planned else self.now
        return date_format(start, "l j F, H:i")

    @property
    def proposed(self) -> list[tuple[str, str]]:
        """(value of a wall time in the session's zone, words by the reader's clock) of the dates the wrap-up offers."""
        dates = self.session.proposed_dates(self.now)
        here = [d.replace(tzinfo=self.session.zone).astimezone(self.person.tz) for d in dates]
        return [(f"{d:%Y-%m-%dT%H:%M}", date_format(h, "l j F, H:i")) for d, h in zip(dates, here, strict=True)]
