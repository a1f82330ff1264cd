"""The board of cards."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID, uuid5

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.compiled import CompiledQuery
from partnerships.models import Person
from retros.agreements.page import Proposed
from retros.models import Action, Draft, Entry, Jot, Note, Prompt, Session, Step
from retros.models.action import ActionLine
from retros.models.draft import Begun, card_of
from retros.models.entry import NOT_HELD
from retros.room.board import Card, CardShown, Column, OnTable
from retros.room.frame import Frame
from retros.room.regions import Region, Rows, drawn, region

# Read of each card.
ON_A_BOARD = (
    "prompt", "author", "client_id", "is_card", "text", "only_me", "in_person", "version", "talk", "opened_at",
)  # fmt: skip

_cards = CompiledQuery(
    lambda person, step: Entry.objects.visible_to(person).in_step(step).with_picks(person).only(*ON_A_BOARD),
    Person,
    Step,
)


class Board(Frame):
    """The good, the bad, the discussion: cards in columns, written alone, revealed together, one on the table."""

    template = "retros/room/_write.html"

    @property
    def middle(self) -> object:
        return self.on_table.entry.pk if self.on_table else ""

    @cached_property
    def inside(self) -> Mapping[str, Region | Rows]:
        partner, is_open = self.partner.name, self.phase == "revealed"
        names = region("retros/room/_names.html", partner=partner, is_open=is_open, can_write=self.can_write)
        found: dict[str, Region | Rows] = {"tray": self.tray(), "names": names}
        for column in self.columns:
            found |= {f"count-{column.prompt.key}": column.count, f"cards-{column.prompt.key}": column.cards}
        if self.phase == "revealed":
            nothing = region("retros/room/_not_added.html")  # the same words without a row
            found["not_added"] = drawn("retros/room/_not_added.html", room=self) if self.not_added else nothing
            found["table_state"] = drawn("retros/room/_table_state.html", room=self)
            if self.on_table:
                found["added"] = drawn("retros/room/_added.html", room=self)
        return found

    @property
    def sees_while_writing(self) -> str:
        return _("Only you can read your cards until you both reveal")

    @property
    def boxes(self) -> list[str]:
        keys = [Draft.Box.CARD.key(prompt.pk) for prompt in self.step.columns]
        return [*keys, *(Draft.Box.ACTION.key(card.entry.pk) for card in self.cards if not card.entry.is_folded)]

    # --- cards --------------------------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> list[Entry]:
        return _cards(self.person, self.step)

    @cached_property
    def left_over(self) -> list[tuple[Entry, Prompt, UUID]]:
        """Cards that the viewer wrote or began to write for retros that did not take place, each with its column
        here, and the id that it would have here: taken along twice, it is one card.
        """
        columns = {prompt.key: prompt for prompt in self.step.columns}
        if not (self.writes_alone and columns):
            return []
        here = {entry.client_id for entry in self._entries}
        cards = Entry.objects.visible_to(self.person).left_over(self.session.partnership, self.person)
        found = [(card, card.pk) for card in cards.filter(is_card=True).select_related("prompt")]
        found += [(Entry(prompt=prompt, text=text), prompt.pk) for prompt, text in self._cards_begun]
        offered = [(card, uuid5(origin, str(self.session.pk))) for card, origin in found]
        return [
            (card, columns.get(card.prompt.key) or next(iter(columns.values())), key)
            for card, key in offered
            if key not in here
        ]

    @cached_property
    def jots(self) -> list[tuple[Jot, Prompt]]:
        """What the viewer jotted down since, each with its column here; used, it becomes a card under its own id."""
        asked = self.step.columns
        if not (self.writes_alone and asked and self.session.kind == Session.Kind.RETRO):
            return []
        columns = {prompt.column: prompt for prompt in reversed(asked)}
        jots = Jot.objects.kept(self.person).filter(partnership=self.session.partnership_id)
        return [(jot, columns.get(jot.column) or asked[-1]) for jot in jots]

    @property
    def _cards_begun(self) -> list[tuple[Prompt, str]]:
        """The cards that the viewer was still typing for retros that did not take place, with their columns there."""
        drafts = {pk: draft for key, draft in self.begun.items() if (pk := card_of(key))}
        of_pair = {"step__session__partnership": self.session.partnership_id, "step__session__kind": "retro"}
        prompts = Prompt.objects.filter(pk__in=drafts, **of_pair, step__session__status__in=NOT_HELD)
        columns = prompts.in_bulk() if drafts else {}
        return [(columns[pk], draft.text) for pk, draft in drafts.items() if pk in columns]

    @cached_property
    def cards(self) -> list[Card]:
        cards = [(e, self.you if e.author_id == self.person.pk else self.partner) for e in self._entries if e.is_card]
        return [Card(e, side, e.picked_by_you, e.picked_by_partner) for e, side in cards]  # type: ignore[attr-defined]

    @cached_property
    def columns(self) -> list[Column]:
        cards: dict[UUID, list[CardShown]] = {}
        for card in self.cards:
            cards.setdefault(card.entry.prompt_id, []).append(self._shown(card))
        return [
            Column(self, number, prompt, cards.get(prompt.pk, []))
            for number, prompt in enumerate(self.step.columns, start=1)
        ]

    def _shown(self, card: Card) -> CardShown:
        entry, side, revealed = card.entry, card.side, self.phase == "revealed"
        shared = revealed and not entry.only_me and self.can_write
        picks = ("none", "theirs", "yours", "both")[2 * card.picked_by_you + card.picked_by_partner]
        return CardShown(
            id=str(entry.pk), column=self.column_of(entry).key, seat=side.seat.value, text=entry.text,
            who=_("You") if side.is_you and not revealed else side.name, talk=entry.talk,
            only_me=entry.only_me, in_person=entry.in_person,
            pick=picks if shared and not entry.talk and not entry.in_person else "",
            can_table=shared and entry.talk != Entry.Talk.ON_TABLE and not entry.in_person,
            can_tick=shared and entry.in_person, can_edit=side.is_you and self.can_write,
            can_move=side.is_you and self.can_write and not revealed, your_seat=self.seat.value,
            partner_seat=self.partner.seat.value, partner_name=self.partner.name,
            actions=tuple(line.action.text for line in self._agreed_from.get(entry.pk, ())),
            difference_url=self.difference_url(entry) if self.session.is_closed and not entry.is_folded else "",
        )  # fmt: skip

    def difference_url(self, entry: Entry) -> str:
        """Where the two look at it as X versus Y, while they work together."""
        if self.session.partnership.is_archived:
            return ""
        return f"{reverse('exercise_detail', args=[self.session.partnership_id, 'difference'])}?card={entry.pk}"

    @property
    def spoken(self) -> list[Entry | Note | Action]:
        return [*self._entries, *(self.actions if self.phase == "revealed" else [])]

    @property
    def has_unsent(self) -> bool:
        return self.phase == "revealed" and bool(self.not_added)

    @property
    def reveal_words(self) -> str:
        """Of the cards that the reveal opened: what comes later has sentences of its own."""
        when = max(filter(None, (self.step.opened_a_at, self.step.opened_b_at)), default=self.now)
        opened = [card for card in self.cards if card.entry.opened_at and card.entry.opened_at <= when]
        yours = sum(card.side.is_you for card in opened)
        return ngettext(
            "%(all)d card: %(yours)d from you, %(theirs)d from %(name)s",
            "%(all)d cards: %(yours)d from you, %(theirs)d from %(name)s",
            len(opened),
        ) % {"all": len(opened), "yours": yours, "theirs": len(opened) - yours, "name": self.partner.name}

    # --- the table ----------------------------------------------------------------------------------------------

    @cached_property
    def on_table(self) -> Card | None:
        return next((card for card in self.cards if card.entry.talk == Entry.Talk.ON_TABLE), None)

    @cached_property
    def table(self) -> OnTable | None:
        if self.on_table is None:
            return None
        entry = self.on_table.entry
        return OnTable(
            column=self.column_of(entry), box=self.box(Draft.Box.ACTION.key(entry.pk)),
            note=next((note for note in self._notes if note.entry_id == entry.pk), None),
            actions=self._agreed_from.get(entry.pk, []), difference_url=self.difference_url(entry),
            clauses=[each for each in self.clauses if each.entry_id == entry.pk],
        )  # fmt: skip

    @property
    def next_on_list(self) -> list[Card]:
        """Picked and not talked about yet; what both picked comes first."""
        waiting = [c for c in self.cards if c.pick_rank and not c.entry.talk]
        return sorted(waiting, key=lambda card: -card.pick_rank)

    @property
    def parked(self) -> list[Card]:
        return [card for card in self.cards if card.entry.talk == Entry.Talk.PARKED]

    @cached_property
    def _prompts(self) -> dict[UUID, Prompt]:
        return {prompt.pk: prompt for prompt in self.step.prompts}

    def column_of(self, entry: Entry) -> Prompt:
        return self._prompts[entry.prompt_id]

    @property
    def came_up(self) -> list[tuple[Card, Note | None, list[ActionLine]]]:
        """What came of the cards that no longer lie on the table: their notes and actions."""
        notes = {n.entry_id: n for n in self._notes if n.entry_id and n.text}
        cards = [(card, card.entry.pk) for card in self.cards if card is not self.on_table]
        found = [(card, notes.get(pk), self._agreed_from.get(pk, [])) for card, pk in cards]
        return [(card, note, actions) for card, note, actions in found if note or actions]

    @property
    def other_clauses(self) -> list[Proposed]:
        """Those that did not come from the card on the table."""
        return [each for each in self.clauses if not (self.table and each in self.table.clauses)]

    @cached_property
    def _agreed_from(self) -> dict[UUID, list[ActionLine]]:
        """The actions by the card that they were made from."""
        found: dict[UUID, list[ActionLine]] = {}
        for line in self.agreed if self.phase == "revealed" else []:
            if line.action.from_entry_id:
                found.setdefault(line.action.from_entry_id, []).append(line)
        return found

    @cached_property
    def not_added(self) -> list[tuple[Card, Begun]]:
        """What the viewer typed as an action on the table and did not add, of cards that lie there no more."""
        cards = [card for card in self.cards if card is not self.on_table] if self.begun else []
        begun = [(card, self.box(Draft.Box.ACTION.key(card.entry.pk))) for card in cards]
        return [(card, box) for card, box in begun if box.text]
