from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext as _

from partnerships.models import Agreement, Version, Wording
from partnerships.refusals import Refusal
from retros.models.entry import Entry
from retros.models.note import Note
from retros.models.session import Session

if TYPE_CHECKING:
    from partnerships.models import Person


class ClauseOrigin(models.Model):
    """Why a version says what it says: the card, the learning or the session that caused it.

    It stands here and not with the agreement, because only retros know cards.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    line = models.UUIDField(null=True)  # the clause; None: the whole text
    session = models.ForeignKey("retros.Session", models.CASCADE, related_name="+")
    entry = models.ForeignKey("retros.Entry", models.SET_NULL, null=True, related_name="+")
    note = models.ForeignKey("retros.Note", models.SET_NULL, null=True, related_name="+")

    card: Entry | None = None  # the entry as the viewer may see it; `of` fills it in

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version"], name="clause_origin_once_a_version"),)

    def __str__(self) -> str:
        return f"{self.version_id} from {self.session_id}"

    @classmethod
    def of(cls, agreement: Agreement, person: Person) -> list[ClauseOrigin]:
        """Where an agreement's versions and proposals came from, the newest first; cards only as the person may see."""
        origins = cls.objects.filter(version__agreement=agreement, session__in=Session.objects.of(person))
        rows: list[ClauseOrigin] = list(
            origins.select_related("version", "session__agreement", "note__step").order_by("-version__proposed_at")
        )
        cards = (
            Entry.objects.visible_to(person).select_related("step").in_bulk([o.entry_id for o in rows if o.entry_id])
        )
        for origin in rows:
            origin.card = cards.get(origin.entry_id) if origin.entry_id else None
        return rows

    @property
    def said(self) -> str:
        """The words that it came from."""
        return self.card.text if self.card else self.note.text if self.note else ""

    @property
    def position(self) -> int:
        """The step of the session where it came up."""
        if self.card is not None:
            return self.card.step.position
        return self.note.step.position if self.note is not None else self.session.position


def put_into_agreement(
    session: Session, agreement: Agreement, *, by: Person, text: str, reason: str, line: uuid.UUID | None = None,
    entry: Entry | None = None, note: Note | None = None, id: uuid.UUID | None = None,
) -> Version:  # fmt: skip
    """Propose new words for a clause (`line`), or a new clause, from what came up in a session, and sign them.

    Raises Stale or Invalid like `Agreement.propose`; Refusal for a card that is not open.
    """
    if entry is not None and (entry.is_folded or entry.only_me):
        raise Refusal(_("This card is not open."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        change.shared = True
        base = agreement.in_force
        wordings = list(base.wordings) if base else []
        if line is None:
            added = Wording(text)
            wordings, line = [*wordings, added], added.line
        elif line not in {w.line for w in wordings}:
            raise Refusal(_("This clause is not in the agreement any more."))
        else:
            wordings = [Wording(text, w.heading, w.line, w.review_on) if w.line == line else w for w in wordings]
        version = agreement.propose(wordings, by=by, reason=reason, base=base, line=line, id=id)
        ClauseOrigin.objects.get_or_create(
            version=version, defaults={"session": session, "line": line, "entry": entry, "note": note}
        )
    return version


def put_lines_into_agreement(session: Session, *, by: Person, id: uuid.UUID | None = None) -> Version:
    """Make the first (or the next) version out of the lines that the two agreed on here, and sign it."""
    agreement = session.agreement
    if agreement is None:
        raise Refusal(_("This session is about no agreement."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        change.shared = True
        step = session.steps[-1]
        lines = [note.text for note in Note.objects.visible_to(by).filter(step=step, kind=Note.Kind.LEARNED)]
        base = agreement.in_force
        wordings = [*(base.wordings if base else []), *(Wording(text) for text in lines)]
        version = agreement.propose(wordings, by=by, reason=_("From our answers"), base=base, id=id)
        ClauseOrigin.objects.get_or_create(version=version, defaults={"session": session})
    return version
