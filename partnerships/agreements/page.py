"""What one person sees of an agreement of a pair, prepared for the templates. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.agreements.diff import STEPS, Budget, ClauseChange, clauses
from partnerships.header import Header
from partnerships.models import Agreement, Membership, Signature, Version
from partnerships.wording import Wording, digest_of

if TYPE_CHECKING:
    from partnerships.agreements.proposal_forms import ProposalForm
    from partnerships.models import Person


NEXT_LOOK = relativedelta(months=3)  # how far ahead the next look is proposed


@dataclass(frozen=True)
class Signer:
    """One side of the fold under a text: whose, and whether it is signed."""

    member: Membership
    signature: Signature | None
    when: str


@dataclass(frozen=True)
class Annotations:
    """What another app has to say about a clause: why it asks for a look, and what it is linked to."""

    asks: Sequence[str] = ()
    linked: Sequence[str] = ()


@dataclass
class ClauseRow:
    """One clause as it stands on the page, with what is proposed about it and after it."""

    number: int
    wording: Wording
    review: str = ""
    is_due: bool = False
    beside: Annotations = Annotations()
    proposals: list[Proposal] = field(default_factory=list)
    additions: list[Proposal] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """Clauses under one heading. The numbers go on through all sections."""

    heading: str
    rows: list[ClauseRow]


class Proposal:
    """A version that is not in force yet, as the viewer sees it."""

    def __init__(self, version: Version, page: AgreementPage) -> None:
        self.version = version
        self.page = page
        self.proposer = page.pair.by_person[version.proposed_by_id]
        self.is_mine = self.proposer == page.pair.you
        self.is_outdated = version.is_outdated
        self.signed = {s.person_id for s in version.signatures.all()}

    @cached_property
    def changes(self) -> list[ClauseChange]:
        """What it changes in the version it was written against."""
        base = self.version.base.wordings if self.version.base else []
        return [change for change in clauses(base, self.version.wordings, self.page.budget) if change.is_changed]

    @property
    def only(self) -> ClauseChange | None:
        """The one clause that it is about, if it is about one and moves none."""
        change = self.changes[0] if len(self.changes) == 1 else None
        return change if change and not change.moved else None

    @property
    def said(self) -> str:
        """Who wants what, in one line."""
        name, only = self.proposer.person.first_name, self.only
        if only is None or self.version.base is None:
            return _("%(name)s proposes") % {"name": name}
        if only.is_added:
            return _("%(name)s proposes a new clause here") % {"name": name}
        if only.is_removed:
            return _("%(name)s proposes to take this clause out") % {"name": name}
        return _("%(name)s proposes other words") % {"name": name}

    @property
    def sections(self) -> list[Section]:
        """Its whole text."""
        return in_sections(clause_rows(self.version.wordings, self.page.pair.today))

    @property
    def date(self) -> str:
        return self.page.day(self.version.proposed_at, year=False)

    @property
    def waits_for(self) -> str:
        """“Waiting for Ines”: whose signature is missing."""
        missing = [m for m in self.page.pair.members if m.person_id not in self.signed]
        if len(missing) != 1:
            return _("Waiting for you both")
        if missing[0] == self.page.pair.you:
            return _("Waiting for you")
        return _("Waiting for %(name)s") % {"name": missing[0].person.first_name}

    @property
    def can_sign(self) -> bool:
        return self.page.is_open and not self.is_outdated and self.page.person.pk not in self.signed

    @property
    def can_unsign(self) -> bool:
        return self.page.is_open and self.page.person.pk in self.signed

    @property
    def can_be_reworded(self) -> bool:
        return self.page.is_open and not self.is_outdated

    @property
    def can_be_deferred(self) -> bool:
        return self.page.is_open and self.version.deferred_at is None

    @property
    def can_be_updated(self) -> bool:
        return self.page.is_open and self.is_outdated


@dataclass(frozen=True)
class VersionRow:
    """One line of the list of versions."""

    version: Version
    label: str
    meta: str
    in_force: bool = False
    shown: bool = False  # the one on this very page


@dataclass(frozen=True)
class Ending:
    """What became of a proposal that waits no more and never came into force; `other` took its place, if one did."""

    said: str
    other: Version | None
    other_name: str


@dataclass(frozen=True)
class EndedRow:
    """One line of the list of such proposals."""

    version: Version
    label: str
    ending: Ending


class AgreementPage:
    """One agreement with everything that waits for a word of the two."""

    def __init__(
        self, agreement: Agreement, person: Person, *, shown: Iterable[Version | None] = (),
        beside: Mapping[UUID, Annotations] | None = None,
    ) -> None:  # fmt: skip
        self.beside = beside or {}
        self.pair = Header(agreement.partnership, person, place="agreement_list")
        self.agreement = agreement
        self.person = person
        self.in_force = agreement.in_force
        agreement.read_shown(*shown)
        self.proposals = [Proposal(version, self) for version in agreement.proposals]

    @property
    def budget(self) -> Budget:
        """What one comparison on this page may cost: that of a proposal, or the page's own."""
        return Budget(STEPS // (len(self.proposals) + 1))

    @property
    def is_open(self) -> bool:
        """Whether anything may still be written here."""
        return self.pair.is_open and not self.agreement.is_closed

    @property
    def kind(self) -> str:
        return str(Agreement.Kind(self.agreement.kind).label)

    def day(self, moment: datetime, *, year: bool = True) -> str:
        """“23 July 2026”, in the reader's zone; `year=False` leaves out the present one."""
        local = moment.astimezone(self.person.tz).date()
        return date_format(local, "j F Y" if year or local.year != self.pair.today.year else "j F")

    def name(self, version: Version) -> str:
        if version.number:
            return _("Version %(number)d") % {"number": version.number}
        words = {"name": version.proposed_by.first_name, "date": self.day(version.proposed_at, year=False)}
        return _("%(name)s’s proposal of %(date)s") % words

    def proposed(self, version: Version) -> str:
        words = {"name": version.proposed_by.full_name, "date": self.day(version.proposed_at)}
        return _("Proposed by %(name)s on %(date)s") % words

    def in_force_since(self, version: Version) -> str:
        words = {"number": version.number, "date": self.day(version.in_force_at or version.proposed_at)}
        if version.is_superseded:
            return _("Version %(number)d, which came into force on %(date)s") % words
        return _("Version %(number)d, in force since %(date)s") % words

    @property
    def state(self) -> str:
        """“Version 3, in force since 23 July 2026”."""
        return self.in_force_since(self.in_force) if self.in_force else _("Nothing is in force yet")

    @property
    def waiting(self) -> str:
        """“1 change proposed”."""
        count = len(self.proposals)
        return ngettext("%(count)d change proposed", "%(count)d changes proposed", count) % {"count": count}

    # --- the text and what is proposed about it ------------------------------------------------------------------

    @cached_property
    def sections(self) -> list[Section]:
        rows = clause_rows(self.in_force.wordings if self.in_force else [], self.pair.today)
        by_line = {row.wording.line: row for row in rows}
        for row in rows:
            row.beside = self.beside.get(row.wording.line, row.beside)
        for proposal in self.about_one:
            change = proposal.only
            assert change is not None  # noqa: S101 (that is what about_one means)
            if change.is_added:
                above = rows[(change.after or 1) - 2] if change.after and change.after > 1 else None
                if above:
                    above.additions.append(proposal)
            else:
                by_line[change.line].proposals.append(proposal)
        return in_sections(rows)

    @cached_property
    def about_one(self) -> list[Proposal]:
        """Those that stand at their clause; the others stand above the text."""
        return [p for p in self.proposals if p.version.base and not p.is_outdated and p.only and not _first_added(p)]

    @property
    def about_more(self) -> list[Proposal]:
        return [p for p in self.proposals if p.version.base and not p.is_outdated and p not in self.about_one]

    @property
    def outdated(self) -> list[Proposal]:
        return [p for p in self.proposals if p.is_outdated]

    @property
    def first(self) -> list[Proposal]:
        """First versions, shown as whole texts until one of them is in force."""
        return [p for p in self.proposals if not p.version.base and not p.is_outdated]

    def sides(self, version: Version) -> list[Signer]:
        return [
            Signer(member, signature, self.day(signature.at) if signature else "")
            for member in self.pair.members
            for signature in [version.signed_by(member.person)]
        ]

    @property
    def signed_by(self) -> list[Signer]:
        return self.sides(self.in_force) if self.in_force else []

    # --- versions, the next look ---------------------------------------------------------------------------------

    @property
    def rows(self) -> list[VersionRow]:
        """The versions, with the one in force as the one that stands on the page."""
        return self.versions(self.in_force)

    def versions(self, shown: Version | None = None) -> list[VersionRow]:
        drafts = [
            VersionRow(p.version, self.name(p.version), p.waits_for, shown=p.version == shown)
            for p in reversed(self.proposals)
        ]
        return drafts + [self._numbered(version, shown) for version in self.agreement.history]

    @property
    def ended(self) -> list[EndedRow]:
        """What was taken back or answered by other words."""
        rows = ((version, self.ending(version)) for version in self.agreement.ended)
        return [EndedRow(version, self.name(version), ending) for version, ending in rows if ending]

    def ending(self, version: Version) -> Ending | None:
        """How a proposal ended; None for one that waits, and for what was ever in force."""
        if version.ended_at is None:
            return None
        other = next((v for v in self.agreement.all_versions if v.answers_id == version.pk), None)
        said = _("Other words took its place on %(date)s") if other else _("Taken back on %(date)s")
        words = said % {"date": self.day(version.ended_at, year=False)}
        return Ending(words, other, self.name(other) if other else "")

    def _numbered(self, version: Version, shown: Version | None) -> VersionRow:
        return VersionRow(
            version,
            _("Version %(number)d") % {"number": version.number},
            self.day(version.in_force_at or version.proposed_at),
            in_force=version == self.in_force,
            shown=version == shown,
        )

    @property
    def is_due(self) -> bool:
        """Whether it is time to ask “still right?”."""
        review_on = self.agreement.review_on
        return self.is_open and self.in_force is not None and review_on is not None and review_on <= self.pair.today

    @property
    def review(self) -> str:
        return date_format(self.agreement.review_on, "j F Y") if self.agreement.review_on else ""

    @property
    def next_look(self) -> date:
        """The day that is proposed for the next look."""
        return next_look(self.pair.today)


def agreement_context(
    agreement: Agreement, person: Person, *, beside: Mapping[UUID, Annotations] | None = None
) -> dict[str, object]:
    """What the page of an agreement needs. Another app may add to it: `page` has the versions and the clauses.

    `beside` says more about some of the clauses, by their line.
    """
    page = AgreementPage(agreement, person, beside=beside)
    return {**page.pair.context, "page": page, "agreement": agreement}


def version_context(version: Version, person: Person, *, other: Version | None) -> dict[str, object]:
    """One version as it was written; with `other`, an older one, what changed from that one to it."""
    agreement = version.agreement
    page = AgreementPage(agreement, person, shown=[version, version.base, other])
    sections = in_sections(clause_rows(version.wordings, page.pair.today))
    return {
        **page.pair.context,
        "page": page,
        "agreement": agreement,
        "version": version,
        "name": page.name(version),
        "state": page.in_force_since(version) if version.number else page.proposed(version),
        "proposed": page.proposed(version),
        "ending": page.ending(version),
        "is_over": not (version.is_waiting and page.is_open),
        "other": other,
        "other_name": page.name(other) if other else "",
        "rows": page.versions(version),
        "changes": clauses(other.wordings, version.wordings, page.budget) if other else [],
        "sections": sections,
        "sides": page.sides(version),
        "proposal": next((p for p in page.proposals if p.version == version), None),
        "others": [row for row in page.versions() if row.version != version],
    }


def proposal_context(form: ProposalForm, person: Person) -> dict[str, object]:
    """The page on which words for a new version are written."""
    agreement = form.agreement
    page = AgreementPage(agreement, person)
    changed = []
    if form.stale and form.was and form.base:
        agreement.read_shown(form.was, form.base)
        changes = clauses(form.was.wordings, form.base.wordings, page.budget)
        changed = [change for change in changes if change.is_changed]
    return {
        **page.pair.context,
        "page": page,
        "agreement": agreement,
        "form": form,
        "answers": form.answers,
        "changed": changed,
        "copy_key": f"words:{form.answers.pk if form.answers else agreement.pk}:{form.copy_part}",
    }


def update_context(version: Version, person: Person) -> dict[str, object]:
    """A proposal put on top of the version in force now: what the presser will sign."""
    page = AgreementPage(version.agreement, person, shown=[version])
    merged = version.brought_up_to_date()
    current = page.in_force.wordings if page.in_force else []
    changes = clauses(current, merged, page.budget)
    return {
        **page.pair.context,
        "page": page,
        "agreement": version.agreement,
        "version": version,
        "proposal": Proposal(version, page),
        "digest": digest_of(version.agreement.title, merged),
        "changes": changes,
        "is_empty": not any(change.is_changed for change in changes),
    }


def next_look(today: date) -> date:
    """The day that is proposed for the next look at something that is still right."""
    return today + NEXT_LOOK


def clause_rows(wordings: Iterable[Wording], today: date) -> list[ClauseRow]:
    return [
        ClauseRow(
            number, wording, date_format(wording.review_on, "j F Y") if wording.review_on else "",
            wording.review_on is not None and wording.review_on <= today,
        )
        for number, wording in enumerate(wordings, 1)
    ]  # fmt: skip


def in_sections(rows: Iterable[ClauseRow]) -> list[Section]:
    """A heading stands above its clause and those after it, until the next heading."""
    sections: list[Section] = []
    for row in rows:
        heading = row.wording.heading
        if not sections or (heading and heading != sections[-1].heading):
            sections.append(Section(heading, []))
        sections[-1].rows.append(row)
    return sections


def _first_added(proposal: Proposal) -> bool:
    """A new clause before all others has no clause that it could stand at."""
    return proposal.only is not None and proposal.only.is_added and proposal.only.after == 1
