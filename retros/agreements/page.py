"""How what came up in the room, or in between, gets into an agreement: choices, links, experiments that helped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.agreements.page import AgreementPage, Annotations, agreement_context
from partnerships.models import Agreement, Clause, Version
from retros.agreements.attention import attention
from retros.models import Action, ClauseLink, ClauseOrigin, Entry, Note, Session

if TYPE_CHECKING:
    from partnerships.models import Person


@dataclass(frozen=True)
class ChosenClause:
    agreement: Agreement
    number: int
    clause: Clause


class ClauseChoice:
    """The agreements of the pair with their clauses, the one to change (`line`), and the words that it starts from."""

    def __init__(
        self, session: Session, person: Person, position: int, *, line: str, entry: Entry | None = None,
        note: Note | None = None,
    ) -> None:  # fmt: skip
        self.line = line
        self.session = session
        self.position = position
        self.entry = entry
        self.note = note
        self.client_id: UUID = uuid4()
        self.agreements = open_agreements(session.partnership_id, person)

    @cached_property
    def chosen(self) -> ChosenClause | None:
        """None before one is chosen, and for one that is there no more."""
        for agreement in self.agreements if self.line else ():
            clauses = agreement.in_force.clauses.all() if agreement.in_force else ()
            for number, clause in enumerate(clauses, 1):
                if str(clause.line) == self.line:
                    return ChosenClause(agreement, number, clause)
        return None

    @property
    def said(self) -> str:
        """What it is about: the words of the card or of the learning."""
        return self.entry.text if self.entry else self.note.text if self.note else ""

    @property
    def held_back(self) -> bool:
        """Whether it is a card that held the pair back: that is counted, also without other words."""
        return self.entry is not None and self.entry.prompt.column == "bad"


def open_agreements(partnership_id: UUID, person: Person) -> list[Agreement]:
    return list(Agreement.objects.of(person).open().filter(partnership=partnership_id))


def clauses_context(agreement: Agreement, person: Person) -> dict[str, object]:
    """The page of an agreement, with what only the retros know: where its words came from, which ask for a look."""
    found = ClauseLink.objects.filter(agreement=agreement).with_looks(person)
    links = list(found.select_related("entry__prompt"))
    origins = ClauseOrigin.of([agreement], person)
    linked: dict[UUID, list[str]] = defaultdict(list)
    for link in sorted(links, key=lambda link: [*ClauseLink.Tag.values, ""].index(link.tag)):
        if link.tag:
            linked[link.line].append(link.get_tag_display())
    asks = {line: why for (_pk, line), why in attention(links, origins, agreement.all_versions).items()}
    beside = {line: Annotations(asks.get(line, ()), linked.get(line, ())) for line in {*asks, *linked}}
    context = agreement_context(agreement, person, beside=beside)
    return {**context, "origins": origins}


def clause_link_context(agreement: Agreement, clause: Clause, person: Person) -> dict[str, object]:
    """The page on which a clause is linked to changes."""
    chosen = set(ClauseLink.objects.filter(agreement=agreement, line=clause.line).values_list("tag", flat=True))
    page = AgreementPage(agreement, person)
    changes = [(value, label, value in chosen) for value, label in ClauseLink.Tag.choices]
    context = {"page": page, "agreement": agreement, "clause": clause, "changes": changes}
    return {**page.pair.context, **context}


@dataclass(frozen=True)
class Proposed:
    """A clause that came up in a session, and whose signature is missing."""

    version: Version
    entry_id: UUID | None
    words: str
    state: str
    waits_for_you: bool

    @property
    def url(self) -> str:
        return f"{reverse('agreement_detail', args=[self.version.agreement_id])}#proposal-{self.version.pk}"


def proposed_in(session: Session, person: Person, partner: str) -> list[Proposed]:
    """What the two proposed in this session, as one of them reads it."""
    found = []
    for origin in ClauseOrigin.proposed_in(session):
        version = origin.version
        signed = version.signed_by(person) is not None
        if version.number:
            state = _("You have both signed it.")
        elif signed:
            state = _("You have signed it. It starts when %(name)s has, too.") % {"name": partner}
        else:
            state = _("%(name)s has signed it. It starts when you have, too.") % {"name": partner}
        waits = not version.number and not signed and not session.partnership.is_archived
        found.append(Proposed(version, origin.entry_id, origin.words or "", state, waits))
    return found


@dataclass(frozen=True)
class Adopted:
    """An experiment that was done and helped: where it stands as a clause, and where it could."""

    action: Action
    kept: list[Version]
    offered: list[Agreement]


def adopted(actions: Sequence[Action], person: Person) -> list[Adopted]:
    """Those of the actions that can become clauses. Three queries at most, none when nothing helped."""
    helped = [action for action in actions if action.was_adopted]
    if not helped:
        return []
    agreements = open_agreements(helped[0].partnership_id, person)
    kept: dict[UUID | None, list[Version]] = defaultdict(list)
    known = ClauseOrigin.objects.filter(action__in=helped, version__ended_at=None, version__agreement__in=agreements)
    for origin in known.select_related("version__agreement"):
        kept[origin.action_id].append(origin.version)
    rows = []
    for action in helped:
        taken = {version.agreement_id for version in kept[action.pk]}
        rows.append(Adopted(action, kept[action.pk], [a for a in agreements if a.pk not in taken]))
    return rows
